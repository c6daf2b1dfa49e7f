/** IAM counts the characters of a role's policies, without spaces, and takes no more than these. */
const LIMIT = 10_240;
const RESOLVED = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'ap-southeast-1',
  'AWS::AccountId': '1'.repeat(12),
};
/** An ARN or a name that only the deployment knows, about as long as one is. */
const UNKNOWN = 'x'.repeat(100);

/** Refuses, while it is packaged, a role that names more than fits: its deployment would fail. */
module.exports = function refuseTooLong(part, statements) {
  const written = JSON.stringify(
    statements,
    (_, value) => value?.['Fn::Sub'] ?? (value?.Ref || value?.['Fn::GetAtt'] ? UNKNOWN : value),
  );
  const { length } = written.replace(/\$\{([^}]*)\}/g, (_, name) => RESOLVED[name] ?? UNKNOWN);
  if (length <= LIMIT) return;
  throw new Error(
    `the role of ${part} would have ${length} characters, and IAM takes ${LIMIT}: understudy.yml names too much for one deployment (secrets, services, functions, hooks, cutover: rename); leave some to a hook that does it for all, or deploy a second stage`,
  );
};
