import type { Relation, SchemaDraft } from './schema-draft.ts';

/** Some rows for a table: single ones with odd values, and a series if the table accepts it. */
export function makeRows(draft: SchemaDraft): void {
  const table = draft.any('table', 'partitioned', 'partition', 'table');
  if (table) insertInto(draft, table);
}

export function insertInto(draft: SchemaDraft, table: Relation): void {
  const { random } = draft;
  const columns = table.columns.filter(({ given }) => given !== 'generated');
  if (columns.length === 0) return void draft.add(`insert into ${table.sql} default values`);
  for (let row = random.between(1, 3); row > 0; row--) {
    const chosen = columns.filter(({ given }) => given !== 'identity' || random.chance(0.3));
    if (chosen.length === 0) {
      draft.add(`insert into ${table.sql} default values`);
      continue;
    }
    const values = chosen.map(({ type }) =>
      random.chance(0.08) || type.values.length === 0
        ? random.pick(['null', 'default'])
        : random.pick(type.values),
    );
    draft.add(
      `insert into ${table.sql} (${chosen.map(({ name }) => name).join(', ')}) overriding system value values (${values.join(', ')})`,
    );
  }
  const [first] = columns;
  const names = columns.map(({ name }) => name).join(', ');
  if (first?.type.sort === 'int' && random.chance(0.4)) {
    const rest = columns
      .slice(1)
      .map(({ type }) => (type.values.length > 0 ? random.pick(type.values) : 'null'));
    draft.add(
      `insert into ${table.sql} (${names}) overriding system value select ${['g', ...rest].join(', ')} from generate_series(1, ${random.pick([5, 40])}) g`,
    );
  } else if (random.chance(0.3) && columns.length > 0) {
    const values = columns.map(({ type }) =>
      type.values.length > 0
        ? `(array[${type.values.map((value) => (value.startsWith('row(') ? value : `(${value})::text`)).join(', ')}])[1 + g % ${type.values.length}]::${type.sql}`
        : 'null',
    );
    draft.add(
      `insert into ${table.sql} (${names}) overriding system value select ${values.join(', ')} from generate_series(1, 12) g on conflict do nothing`,
    );
  }
}
