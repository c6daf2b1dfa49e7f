import { Expressions } from './expressions.ts';
import { makeQuery } from './make-query.ts';
import { namedColumns } from './make-table.ts';
import type { Column, SchemaDraft } from './schema-draft.ts';

/** A view, plain, updatable or recursive, or a materialized one, maybe unfilled, with its dependents. */
export function makeView(draft: SchemaDraft): void {
  const { random } = draft;
  const { schema, sql } = draft.name('v');
  const made = random.chance(0.2) ? simple(draft) : makeQuery(draft);
  const columns: Column[] = made.columns.map(({ name, sort }) => ({
    name,
    type: { sql: '', sort, values: [], ordered: true },
  }));
  const materialized = random.chance(0.25);
  const names =
    random.chance(0.1) && columns.length > 0 && !made.sql.includes('*')
      ? ` (${columns.map((column, index) => (column.name = `r${index}`)).join(', ')})`
      : '';
  if (materialized) {
    draft.add(
      `create materialized view ${sql}${names}${random.chance(0.1) ? ' with (fillfactor = 50)' : ''} as ${made.sql}${random.chance(0.2) ? ' with no data' : ''}`,
    );
  } else {
    const options = random.chance(0.15)
      ? ` with (${random.pick(['security_barrier', 'security_invoker = on', 'security_barrier = false', 'security_invoker, security_barrier'])})`
      : '';
    const check =
      made.sql.startsWith('select * from') && random.chance(0.3)
        ? random.pick([' with check option', ' with local check option'])
        : '';
    draft.add(`create view ${sql}${names}${options} as ${made.sql}${check}`);
  }
  draft.relations.push({
    sql,
    schema,
    kind: materialized ? 'materialized' : 'view',
    columns,
    taken: new Set(columns.map(({ name }) => name)),
  });
  draft.things.push({ kind: materialized ? 'MATERIALIZED VIEW' : 'VIEW', sql });
  if (!materialized && columns.length > 0 && random.chance(0.15))
    draft.add(`alter view ${sql} alter ${columns[0]!.name} set default ${random.pick(['1', "'x'", 'null'])}`);
  if (random.chance(0.1) && columns.length > 0) {
    const to = draft.loose('renamed', new Set());
    draft.add(
      `alter ${materialized ? 'materialized ' : ''}view ${sql} rename column ${columns[0]!.name} to ${to}`,
    );
    columns[0]!.name = to;
  }
  if (materialized && columns.length > 0 && random.chance(0.3))
    draft.add(`alter materialized view ${sql} alter ${columns[0]!.name} set statistics 9`);
}

function simple(draft: SchemaDraft) {
  const table = draft.any('table', 'partitioned');
  if (!table) return makeQuery(draft);
  const columns = namedColumns(table.columns);
  return {
    sql: `select * from ${table.sql} where ${new Expressions(draft.random, columns).bool()}`,
    columns,
  };
}

/** A rule of a table or view. */
export function makeRule(draft: SchemaDraft): void {
  const { random } = draft;
  const target = draft.any('table', 'view');
  const other = draft.any('table');
  if (!target || !other || target.columns.length === 0) return;
  const column = random.pick(target.columns).name;
  const into = random.pick(other.columns).name;
  const name = draft.loose('r', target.taken);
  const when = random.pick([
    '',
    ` where new.${column} is null`,
    ` where old.${column} is distinct from new.${column}`,
  ]);
  const [event, action] = random.pick([
    ['insert', 'nothing'],
    ['update', `(update ${other.sql} set ${into} = default where false; notify changed, 'x')`],
    ['delete', `delete from ${other.sql} where ${into} is null and old.${column} is null`],
    ['insert', `insert into ${other.sql} (${into}) values (default) returning *`],
    [
      'update',
      `insert into ${other.sql} (${into}) select null where new.${column} is not null on conflict do nothing`,
    ],
  ] as const);
  draft.add(
    `create rule ${name} as on ${event} to ${target.sql}${when} do ${random.pick(['also', 'instead'])} ${action}`,
  );
  if (random.chance(0.2))
    draft.add(
      `alter table ${target.sql} ${random.pick(['disable', 'enable replica', 'enable always'])} rule ${name}`,
    );
  if (random.chance(0.2)) draft.add(`comment on rule ${name} on ${target.sql} is 'a rule'`);
}
