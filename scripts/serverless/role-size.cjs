/** What IAM takes of a role's own policies together, and of each managed policy, in characters without spaces. */
const OWN = 10_240;
const MANAGED = 6144;
/** How many managed policies a role may have. */
const MOST = 10;
const RESOLVED = {
  // The longest that there is.
  'AWS::Partition': 'aws-us-gov',
  'AWS::Region': 'ap-southeast-1',
  'AWS::AccountId': '1'.repeat(12),
};
/** An ARN or a name that only the deployment knows, about as long as one is. */
const UNKNOWN = 'x'.repeat(100);

const documentOf = (Statement) => ({ Version: '2012-10-17', Statement });

/** How long a policy of these statements is as IAM counts, with the longest partition. */
function lengthOf(statements) {
  const written = JSON.stringify(
    documentOf(statements),
    (_, value) => value?.['Fn::Sub'] ?? (value?.Ref || value?.['Fn::GetAtt'] ? UNKNOWN : value),
  );
  return written.replace(/\$\{([^}]*)\}/g, (_, name) => RESOLVED[name] ?? UNKNOWN).length;
}

/**
 * The statements of a role in its own policy, and those that do not fit in managed policies beside it. Refuses, while it is
 * packaged, what fits nowhere: its deployment would fail.
 */
function fitted(part, statements) {
  if (lengthOf(statements) <= OWN) return { own: statements, beside: [] };
  const own = [];
  const beside = [];
  // The longest first: they are the lists of names that a plan makes long.
  const longestFirst = statements.flatMap(inParts).sort((a, b) => lengthOf([b]) - lengthOf([a]));
  for (const statement of longestFirst) {
    const place = [own, ...beside].find(
      (each) => lengthOf([...each, statement]) <= (each === own ? OWN : MANAGED),
    );
    if (place) place.push(statement);
    else if (beside.length < MOST) beside.push([statement]);
    else
      throw new Error(
        `the role of ${part} would have ${lengthOf(statements)} characters, and IAM takes ${OWN} and ${MOST} managed policies of ${MANAGED}: understudy.yml names too much for one deployment (secrets, services, functions, hooks, cutover: rename); leave some to a hook that does it for all, or deploy a second stage`,
      );
  }
  return { own, beside };
}

/** A list of names that no managed policy holds, as several statements. */
function inParts(statement) {
  const { Resource } = statement;
  if (lengthOf([statement]) <= MANAGED || !Array.isArray(Resource)) return [statement];
  const half = Math.ceil(Resource.length / 2);
  return [Resource.slice(0, half), Resource.slice(half)].flatMap((names) =>
    inParts({ ...statement, Resource: names }),
  );
}

module.exports = { documentOf, fitted, lengthOf };
