import { Expressions } from './expressions.ts';
import { namedColumns } from './make-table.ts';
import type { Column, Relation, SchemaDraft } from './schema-draft.ts';

/** A constraint of an existing table. Foreign keys may reference any key, partitioned or not, even their own. */
export function makeConstraint(draft: SchemaDraft): void {
  const { random } = draft;
  const table = draft.any('table', 'table', 'partitioned', 'partition');
  if (!table) return;
  const name = draft.loose('k', table.taken);
  const only = table.kind === 'table' && random.chance(0.1) ? 'only ' : '';
  const add = (text: string) => draft.add(`alter table ${only}${table.sql} add constraint ${name} ${text}`);
  const expressions = new Expressions(random, namedColumns(table.columns));
  const invalid = () =>
    random.pick(['', '', ' not valid', ' no inherit', ...(draft.major >= 18 ? [' not enforced'] : [])]);
  const column = random.pick(table.columns);
  random.pick<() => void>([
    () => add(`check (${expressions.bool()} or true)${invalid()}`),
    () => add(`check (${expressions.bool()}) not valid`),
    () => add(`check (${expressions.bool(3)})${invalid()}`),
    () =>
      add(
        `unique ${random.pick(['', 'nulls not distinct '])}(${some(draft, table.columns)})${random.pick(['', ' deferrable', ' deferrable initially deferred', ` include (${column.name})`, ' with (fillfactor = 50)'])}`,
      ),
    () =>
      add(
        `exclude using ${random.pick(['btree', 'gist', 'hash'])} (${column.name} with ${random.pick(['=', '&&'])})${random.pick(['', ` where (${new Expressions(random, namedColumns(table.columns), { immutable: true }).bool()})`, ' deferrable'])}`,
      ),
    () =>
      add(
        `exclude ((${new Expressions(random, namedColumns(table.columns), { immutable: true }).text()}) with =) where (${column.name} is null)`,
      ),
    () => foreignKey(draft, table, name),
    () => foreignKey(draft, table, name),
    () => draft.add(`alter table ${table.sql} validate constraint ${name}`),
    ...(draft.major >= 18
      ? [() => add(`not null ${column.name}${random.pick(['', ' not valid', ' no inherit'])}`)]
      : []),
  ])();
  if (random.chance(0.15)) draft.add(`comment on constraint ${name} on ${table.sql} is 'why it is so'`);
  if (random.chance(0.06))
    draft.add(`alter table ${table.sql} rename constraint ${name} to ${draft.loose('renamed', table.taken)}`);
}

function foreignKey(draft: SchemaDraft, table: Relation, name: string): void {
  const { random } = draft;
  const targets = [...draft.of('table', 'partitioned', 'partition').filter(({ key }) => key !== undefined)];
  if (targets.length === 0) return;
  const target = random.chance(0.15) && table.key ? table : random.pick(targets);
  const columns = target.key!.map(({ type }) => {
    const fit = table.columns.filter((column) => column.type.sql === type.sql);
    return fit.length > 0 ? random.pick(fit).name : undefined;
  });
  // Adds the columns it needs if the table has none of the type.
  const given = columns.map((column, index) => {
    if (column) return column;
    const added = draft.loose('ref', table.taken);
    table.columns.push({ name: added, type: target.key![index]!.type });
    draft.add(`alter table ${table.sql} add column ${added} ${target.key![index]!.type.sql}`);
    return added;
  });
  const action = random.pick([
    '',
    ' on delete cascade',
    ' on update set null',
    ` on delete set null (${given[0]})`,
    ' on delete set default',
    ' match full',
    ' on update restrict on delete no action',
  ]);
  const when = random.pick([
    '',
    '',
    ' deferrable',
    ' deferrable initially deferred',
    ' not valid',
    ...(draft.major >= 18 ? [' not enforced'] : []),
  ]);
  draft.add(
    `alter table ${table.sql} add constraint ${name} foreign key (${given.join(', ')}) references ${target.sql} (${target.key!.map((column) => column.name).join(', ')})${action}${when}`,
  );
}

/** An index in one of its many shapes, and its uses. */
export function makeIndex(draft: SchemaDraft): void {
  const { random } = draft;
  const table = draft.any('table', 'partitioned', 'partition', 'materialized', 'table');
  if (!table || table.columns.length === 0) return;
  const { name } = draft.name('i', table.schema);
  const sql = `${table.schema}.${name}`;
  const immutable = new Expressions(random, namedColumns(table.columns), { immutable: true });
  const column = random.pick(table.columns);
  const keys = random.pick<() => string>([
    () => `(${some(draft, table.columns)})`,
    () =>
      `(${column.name} ${random.pick(['desc', 'asc nulls first', 'desc nulls last', 'text_pattern_ops', 'varchar_pattern_ops', 'collate "C" desc', 'jsonb_path_ops', 'int4_ops'])})`,
    () => `((${immutable.text()}))`,
    () => `((${immutable.int()}), ${column.name})`,
    () => `((${immutable.bool()}))`,
    () => `(lower((${immutable.text(1)})::text) text_pattern_ops)`,
  ])();
  const method = random.pick([
    '',
    '',
    '',
    ' using btree',
    ' using hash',
    ' using gin',
    ' using gist',
    ' using brin',
    ' using spgist',
  ]);
  const rest = [
    random.chance(0.15) ? ` include (${random.pick(table.columns).name})` : '',
    random.chance(0.08) ? ' nulls not distinct' : '',
    random.chance(0.15)
      ? ` with (${random.pick(['fillfactor = 60', 'deduplicate_items = off', 'fastupdate = off', 'pages_per_range = 16, autosummarize = on', 'buffering = on'])})`
      : '',
    random.chance(0.25) ? ` where ${immutable.bool()}` : '',
  ].join('');
  const only = table.kind === 'partitioned' && random.chance(0.2) ? 'only ' : '';
  draft.add(
    `create ${random.chance(0.2) ? 'unique ' : ''}index ${name} on ${only}${table.sql}${method} ${keys}${rest}`,
  );
  draft.things.push({ kind: 'INDEX', sql });
  if (random.chance(0.12)) draft.add(`alter index ${sql} alter column 1 set statistics 123`);
  if (random.chance(0.12)) draft.add(`alter table ${table.sql} cluster on ${name}`);
  if (random.chance(0.08)) draft.add(`alter table ${table.sql} replica identity using index ${name}`);
  if (random.chance(0.08))
    draft.add(`alter table ${table.sql} replica identity ${random.pick(['full', 'nothing'])}`);
}

/** Extended statistics, of columns and of expressions. */
export function makeStatistics(draft: SchemaDraft): void {
  const { random } = draft;
  const table = draft.any('table', 'partitioned', 'partition', 'materialized');
  if (!table) return;
  const { sql } = draft.name('st');
  const immutable = new Expressions(random, namedColumns(table.columns), { immutable: true });
  const keys = random.pick([
    some(draft, table.columns, 4),
    `(${immutable.text()}), ${some(draft, table.columns)}`,
    `(${immutable.int()})`,
    `(${immutable.bool()}), (${immutable.int()})`,
  ]);
  draft.add(
    `create statistics ${sql}${random.pick(['', ' (ndistinct)', ' (dependencies, mcv)'])} on ${keys} from ${table.sql}`,
  );
  draft.things.push({ kind: 'STATISTICS', sql });
  if (random.chance(0.2)) draft.add(`alter statistics ${sql} set statistics 17`);
}

function some(draft: SchemaDraft, columns: readonly Column[], most = 3): string {
  return draft.random
    .some(columns, draft.random.between(1, most))
    .map(({ name }) => name)
    .join(', ');
}
