import { Expressions } from './expressions.ts';
import { named } from './tables.ts';
import type { Column, Relation, World } from './world.ts';

/** A constraint of an existing table. Foreign keys may point at any key, partitioned or not, its own too. */
export function makeConstraint(world: World): void {
  const { random } = world;
  const table = world.any('table', 'table', 'partitioned', 'partition');
  if (!table) return;
  const name = world.loose('k', table.taken);
  const only = table.kind === 'table' && random.chance(0.1) ? 'only ' : '';
  const add = (text: string) => world.add(`alter table ${only}${table.sql} add constraint ${name} ${text}`);
  const expressions = new Expressions(random, named(table.columns));
  const invalid = () =>
    random.pick(['', '', ' not valid', ' no inherit', ...(world.major >= 18 ? [' not enforced'] : [])]);
  const column = random.pick(table.columns);
  random.pick<() => void>([
    () => add(`check (${expressions.bool()} or true)${invalid()}`),
    () => add(`check (${expressions.bool()}) not valid`),
    () => add(`check (${expressions.bool(3)})${invalid()}`),
    () =>
      add(
        `unique ${random.pick(['', 'nulls not distinct '])}(${some(world, table.columns)})${random.pick(['', ' deferrable', ' deferrable initially deferred', ` include (${column.name})`, ' with (fillfactor = 50)'])}`,
      ),
    () =>
      add(
        `exclude using ${random.pick(['btree', 'gist', 'hash'])} (${column.name} with ${random.pick(['=', '&&'])})${random.pick(['', ` where (${new Expressions(random, named(table.columns), { immutable: true }).bool()})`, ' deferrable'])}`,
      ),
    () =>
      add(
        `exclude ((${new Expressions(random, named(table.columns), { immutable: true }).text()}) with =) where (${column.name} is null)`,
      ),
    () => foreignKey(world, table, name),
    () => foreignKey(world, table, name),
    () => world.add(`alter table ${table.sql} validate constraint ${name}`),
    ...(world.major >= 18
      ? [() => add(`not null ${column.name}${random.pick(['', ' not valid', ' no inherit'])}`)]
      : []),
  ])();
  if (random.chance(0.15)) world.add(`comment on constraint ${name} on ${table.sql} is 'why it is so'`);
  if (random.chance(0.06))
    world.add(`alter table ${table.sql} rename constraint ${name} to ${world.loose('renamed', table.taken)}`);
}

function foreignKey(world: World, table: Relation, name: string): void {
  const { random } = world;
  const targets = [...world.of('table', 'partitioned', 'partition').filter(({ key }) => key !== undefined)];
  if (targets.length === 0) return;
  const target = random.chance(0.15) && table.key ? table : random.pick(targets);
  const columns = target.key!.map(({ type }) => {
    const fit = table.columns.filter((column) => column.type.sql === type.sql);
    return fit.length > 0 ? random.pick(fit).name : undefined;
  });
  // The columns it needs are added where the table has none of the type.
  const given = columns.map((column, index) => {
    if (column) return column;
    const added = world.loose('ref', table.taken);
    table.columns.push({ name: added, type: target.key![index]!.type });
    world.add(`alter table ${table.sql} add column ${added} ${target.key![index]!.type.sql}`);
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
    ...(world.major >= 18 ? [' not enforced'] : []),
  ]);
  world.add(
    `alter table ${table.sql} add constraint ${name} foreign key (${given.join(', ')}) references ${target.sql} (${target.key!.map((column) => column.name).join(', ')})${action}${when}`,
  );
}

/** An index in one of its many shapes, and what it may be used for. */
export function makeIndex(world: World): void {
  const { random } = world;
  const table = world.any('table', 'partitioned', 'partition', 'materialized', 'table');
  if (!table || table.columns.length === 0) return;
  const { name } = world.name('i', table.schema);
  const sql = `${table.schema}.${name}`;
  const immutable = new Expressions(random, named(table.columns), { immutable: true });
  const column = random.pick(table.columns);
  const keys = random.pick<() => string>([
    () => `(${some(world, table.columns)})`,
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
  world.add(
    `create ${random.chance(0.2) ? 'unique ' : ''}index ${name} on ${only}${table.sql}${method} ${keys}${rest}`,
  );
  world.things.push({ kind: 'INDEX', sql });
  if (random.chance(0.12)) world.add(`alter index ${sql} alter column 1 set statistics 123`);
  if (random.chance(0.12)) world.add(`alter table ${table.sql} cluster on ${name}`);
  if (random.chance(0.08)) world.add(`alter table ${table.sql} replica identity using index ${name}`);
  if (random.chance(0.08))
    world.add(`alter table ${table.sql} replica identity ${random.pick(['full', 'nothing'])}`);
}

/** Extended statistics, of columns and of expressions. */
export function makeStatistics(world: World): void {
  const { random } = world;
  const table = world.any('table', 'partitioned', 'partition', 'materialized');
  if (!table) return;
  const { sql } = world.name('st');
  const immutable = new Expressions(random, named(table.columns), { immutable: true });
  const keys = random.pick([
    some(world, table.columns, 4),
    `(${immutable.text()}), ${some(world, table.columns)}`,
    `(${immutable.int()})`,
    `(${immutable.bool()}), (${immutable.int()})`,
  ]);
  world.add(
    `create statistics ${sql}${random.pick(['', ' (ndistinct)', ' (dependencies, mcv)'])} on ${keys} from ${table.sql}`,
  );
  world.things.push({ kind: 'STATISTICS', sql });
  if (random.chance(0.2)) world.add(`alter statistics ${sql} set statistics 17`);
}

function some(world: World, columns: readonly Column[], most = 3): string {
  return world.random
    .some(columns, world.random.between(1, most))
    .map(({ name }) => name)
    .join(', ');
}
