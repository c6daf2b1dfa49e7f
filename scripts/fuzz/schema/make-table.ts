import type { ColumnType, Sort } from './column-types.ts';
import { Expressions } from './expressions.ts';
import { defaultOf } from './make-type.ts';
import type { Column, Relation, SchemaDraft } from './schema-draft.ts';

/** An ordinary table, a child of others, or one like another. */
export function makeTable(draft: SchemaDraft): void {
  const { random } = draft;
  if (draft.of('table').length > 0 && random.chance(0.25)) {
    makeChild(draft);
    return;
  }
  const { schema, sql } = draft.name('t');
  const taken = new Set<string>();
  const columns = Array.from({ length: random.between(1, 7) }, () => newColumn(draft, taken));
  const parts = columns.map((column) => column.definition);
  const relation: Relation = {
    sql,
    schema,
    kind: 'table',
    columns: columns.map(({ column }) => column),
    taken,
  };
  const key = keyFor(draft, relation.columns);
  if (key && random.chance(0.7)) {
    relation.key = key;
    parts.push(`primary key (${key.map(({ name }) => name).join(', ')})`);
  }
  const likes = draft.any('table');
  if (likes && random.chance(0.08)) parts.push(`like ${likes.sql} including all`);
  const unlogged = random.chance(0.06) ? 'unlogged ' : '';
  const options = random.chance(0.12)
    ? ` with (${random.pick(['fillfactor = 70', 'autovacuum_enabled = false', 'toast.autovacuum_enabled = off, fillfactor = 50', 'parallel_workers = 2, toast_tuple_target = 256', 'user_catalog_table = true'])})`
    : '';
  draft.add(`create ${unlogged}table ${sql} (${parts.join(', ')})${options}`);
  draft.relations.push(relation);
  draft.things.push({ kind: 'TABLE', sql });
  alterColumns(draft, relation);
}

/** Inherits from one or two tables, with columns of its own, merged ones, and defaults of its own. */
function makeChild(draft: SchemaDraft): void {
  const { random } = draft;
  const parents = random.some(draft.of('table'), random.between(1, 2));
  const { schema, sql } = draft.name('child');
  const columns = parents.flatMap((parent) => parent.columns).filter(({ given }) => given !== 'generated');
  const taken = new Set(parents.flatMap((parent) => [...parent.taken]));
  const own = [newColumn(draft, taken)];
  const merged = columns.length > 0 && random.chance(0.3) ? random.pick(columns) : undefined;
  const parts = own.map(({ definition }) => definition);
  if (merged)
    parts.push(
      `${merged.name} ${merged.type.sql}${random.chance(0.5) ? ` default ${defaultOf(draft, merged.type)}` : ''}`,
    );
  draft.add(
    `create table ${sql} (${parts.join(', ')}) inherits (${parents.map((parent) => parent.sql).join(', ')})`,
  );
  const seen = new Set<string>();
  const all = [...columns, ...own.map(({ column }) => column)].filter(
    ({ name }) => !seen.has(name) && seen.add(name),
  );
  const relation: Relation = { sql, schema, kind: 'table', columns: all, taken };
  draft.relations.push(relation);
  draft.things.push({ kind: 'TABLE', sql });
  const inherited = columns[0] && random.pick(columns);
  if (inherited && random.chance(0.3))
    draft.add(
      `alter table ${sql} alter ${inherited.name} ${random.pick(['drop default', `set default ${defaultOf(draft, inherited.type)}`, 'set not null', 'set default null'])}`,
    );
  if (random.chance(0.25)) draft.add(`alter table ${sql} no inherit ${parents[0]!.sql}`);
  if (random.chance(0.5)) draft.add(`alter table ${sql} inherit ${parents[0]!.sql}`);
  if (random.chance(0.2))
    draft.add(`alter table ${parents[0]!.sql} add column ${draft.loose('later', taken)} ${draft.type().sql}`);
}

export function newColumn(draft: SchemaDraft, taken: Set<string>): { column: Column; definition: string } {
  const { random } = draft;
  const name = draft.loose('c', taken);
  const type = draft.type();
  const column: Column = { name, type };
  const parts = [name, type.sql];
  if (draft.major >= 16 && random.chance(0.04))
    parts.push(`storage ${random.pick(['external', 'main', 'plain'])}`);
  if (random.chance(0.02)) parts.push('compression pglz');
  if (type.sort === 'text' && random.chance(0.1)) parts.push('collate "C"');
  const generated = random.chance(0.06) ? generatedOf(draft, type.sort) : undefined;
  if (generated) {
    parts.push(
      `generated always as (${generated}) ${draft.major >= 18 && random.chance(0.5) ? random.pick(['virtual', '']) : 'stored'}`,
    );
    column.given = 'generated';
  } else if (['integer', 'bigint', 'smallint'].includes(type.sql) && random.chance(0.2)) {
    parts.push(
      `generated ${random.pick(['always', 'by default'])} as identity${random.pick(['', ' (start 100 increment -5)', ' (minvalue -10 start 3 cache 7 cycle)'])}`,
    );
    column.given = 'identity';
  } else if (['integer', 'bigint'].includes(type.sql) && random.chance(0.15)) {
    parts[1] = type.sql === 'integer' ? 'serial' : 'bigserial';
  } else if (random.chance(0.4)) parts.push(`default ${defaultOf(draft, type)}`);
  if (random.chance(0.15)) {
    const named =
      draft.major >= 18 && random.chance(0.4) ? `constraint ${draft.loose('nn', new Set())} ` : '';
    parts.push(`${named}not null${draft.major >= 18 && random.chance(0.2) ? ' no inherit' : ''}`);
  }
  return { column, definition: parts.join(' ') };
}

function generatedOf(draft: SchemaDraft, sort: Sort): string | undefined {
  const expressions = new Expressions(draft.random, [], { immutable: true });
  if (sort === 'int') return `(${expressions.int()})`;
  if (sort === 'text') return expressions.text();
  if (sort === 'bool') return expressions.bool();
  if (sort === 'number') return expressions.number();
  return undefined;
}

/** Columns for a key; PostgreSQL may still refuse it, and then the table has none. */
export function keyFor(draft: SchemaDraft, columns: readonly Column[]): Column[] | undefined {
  const fit = columns.filter((column) => column.type.ordered && column.given !== 'generated');
  return fit.length > 0 ? draft.random.some(fit, draft.random.between(1, 2)) : undefined;
}

/** Changes of columns in the life of a table. */
function alterColumns(draft: SchemaDraft, relation: Relation): void {
  const { random } = draft;
  const { sql } = relation;
  const column = random.pick(relation.columns);
  const { name, type } = column;
  const shapes: (() => string[])[] = [
    () => [`alter table ${sql} alter ${name} set statistics ${random.pick([0, 7, 500, -1])}`],
    () => [`alter table ${sql} alter ${name} set (n_distinct = ${random.pick(['-0.5', '100'])})`],
    () => [`alter table ${sql} alter ${name} set (n_distinct = 5, n_distinct_inherited = 6)`],
    () => [
      `alter table ${sql} alter ${name} set storage ${random.pick(['external', 'extended', 'main', 'plain'])}`,
    ],
    () => [`alter table ${sql} alter ${name} set default ${defaultOf(draft, type)}`],
    () => [`alter table ${sql} alter ${name} drop default`],
    () => [`alter table ${sql} alter ${name} set default null`],
    () => [`alter table ${sql} add column gone int default 3`, `alter table ${sql} drop column gone`],
    () => {
      const added = newColumn(draft, relation.taken);
      relation.columns.push(added.column);
      return [`alter table ${sql} add column ${added.definition}`];
    },
    () => {
      const from = new Expressions(random, namedColumns(relation.columns), { immutable: true });
      const sort = random.pick(['int', 'text', 'bool'] as const);
      const of = { int: 'bigint', text: 'text', bool: 'boolean' }[sort];
      const added = draft.loose('g', relation.taken);
      relation.columns.push({
        name: added,
        given: 'generated',
        type: { sql: of, sort, values: [], ordered: true },
      });
      return [`alter table ${sql} add column ${added} ${of} generated always as (${from[sort]()}) stored`];
    },
    () => [
      `comment on column ${sql}.${name} is ${random.pick(["'a column'", "'it''s'", "E'two\\nlines'", "'ü'"])}`,
    ],
    () => [`alter table ${sql} alter ${name} set compression pglz`],
    () => {
      const renamed = draft.loose('renamed', relation.taken);
      column.name = renamed;
      return [`alter table ${sql} rename column ${name} to ${renamed}`];
    },
    () => [
      `alter table ${sql} set (autovacuum_vacuum_scale_factor = 0.01, toast.autovacuum_vacuum_threshold = 9)`,
    ],
    () => [`alter table ${sql} set ${random.pick(['unlogged', 'logged', 'without cluster'])}`],
  ];
  for (const shape of random.some(shapes, random.between(0, 3))) draft.add(...shape());
}

/** Columns with the sort of expressions that they allow. */
export function namedColumns(columns: readonly Column[]): { name: string; sort: ColumnType['sort'] }[] {
  return columns.map(({ name, type }) => ({ name, sort: type.sort }));
}
