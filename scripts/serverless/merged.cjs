/**
 * The same permissions in fewer statements: a role's policies end at 10,240 characters. Statements merge that differ in
 * their resources alone, then those that differ in their actions alone.
 */
const listed = (value) => (Array.isArray(value) ? value : [value]);
const once = (values) => [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];

function mergedBy(statements, differing) {
  const groups = new Map();
  for (const statement of statements) {
    const { [differing]: _, ...same } = statement;
    const key = JSON.stringify(same);
    groups.set(key, [...(groups.get(key) ?? []), statement]);
  }
  return [...groups.values()].map(([first, ...others]) => {
    const values = once([first, ...others].flatMap((each) => listed(each[differing])));
    return { ...first, [differing]: values.length === 1 ? values[0] : values };
  });
}

module.exports = (statements) => mergedBy(mergedBy(statements, 'Resource'), 'Action');
