/**
 * Addresses that may contain a key are given by reference: `env:NAME`, `ssm:/name` or `secret:name#key`. The template, which
 * lies on disk, in the bucket of the deployment and in CloudFormation, has only the reference.
 */

/** A value of the template, and the parameters that it needs. CloudFormation never shows the value of a NoEcho one. */
function referred(param, written) {
  const [, kind, name] = /^(env|ssm|secret):(.+)$/.exec(written) ?? [];
  if (kind === 'env') {
    const id = param[0].toUpperCase() + param.slice(1);
    return {
      value: { Ref: id },
      Parameters: { [id]: { Type: 'String', NoEcho: true, Description: written } },
    };
  }
  if (kind === 'ssm') return { value: `{{resolve:ssm:${name}}}`, Parameters: {} };
  if (kind === 'secret') {
    const [secret, key] = name.split('#');
    return {
      value: `{{resolve:secretsmanager:${secret}:SecretString${key ? `:${key}` : ''}}}`,
      Parameters: {},
    };
  }
  return { value: written, Parameters: {} };
}

/**
 * The values of the template's parameters, from the environment, for the deployment alone. Throws the names of the
 * variables that are missing, and never a value.
 */
function valuesOf(template, environment) {
  const wanted = Object.entries(template.Parameters ?? {}).flatMap(([id, { Description = '' }]) =>
    Description.startsWith('env:') ? [{ id, name: Description.slice(4) }] : [],
  );
  const missing = wanted.filter(({ name }) => !environment[name]);
  if (missing.length > 0)
    throw new Error(
      `the deployment reads ${missing.map(({ id, name }) => `${name} (for ${id})`).join(', ')} from the environment, which is not set: export it, then deploy again`,
    );
  return wanted.map(({ id, name }) => ({ ParameterKey: id, ParameterValue: environment[name] }));
}

module.exports = { referred, valuesOf };
