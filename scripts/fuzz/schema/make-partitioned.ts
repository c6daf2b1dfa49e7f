import { TYPES } from './column-types.ts';
import { Expressions } from './expressions.ts';
import { keyFor, namedColumns, newColumn } from './make-table.ts';
import { defaultOf } from './make-type.ts';
import type { Column, Relation, SchemaDraft } from './schema-draft.ts';

type Bounds = { by: string; of: string[] };

/** A partitioned table with its partitions: made in place, or attached with columns, keys and defaults of their own. */
export function makePartitioned(draft: SchemaDraft): void {
  const { random } = draft;
  const { schema, sql } = draft.name('parted');
  const taken = new Set<string>();
  const key = keyColumn(draft, draft.loose('k', taken));
  const columns = [key, ...Array.from({ length: random.between(1, 4) }, () => newColumn(draft, taken))];
  const bounds = boundsOf(draft, key.column);
  const relation: Relation = {
    sql,
    schema,
    kind: 'partitioned',
    columns: columns.map(({ column }) => column),
    taken,
  };
  const parts = columns.map(({ definition }) => definition);
  if (!/[(]/.test(bounds.by.slice(bounds.by.indexOf('(') + 1)) && random.chance(0.5)) {
    relation.key = [key.column, ...(keyFor(draft, relation.columns.slice(1)) ?? []).slice(0, 1)];
    parts.push(
      `${random.pick(['primary key', 'unique'])} (${relation.key.map(({ name }) => name).join(', ')})`,
    );
  }
  draft.add(`create table ${sql} (${parts.join(', ')}) partition by ${bounds.by}`);
  draft.relations.push(relation);
  draft.things.push({ kind: 'TABLE', sql });
  const order = random.chance(0.4) ? random.some(bounds.of, bounds.of.length) : bounds.of;
  for (const bound of order) makePartition(draft, relation, bound, 0);
  if (random.chance(0.3)) detachOne(draft, relation);
  if (random.chance(0.2))
    draft.add(`alter table ${sql} add column ${draft.loose('late', taken)} ${draft.type().sql}`);
  if (random.chance(0.15))
    draft.add(
      `alter table ${sql} add constraint ${draft.loose('whole', taken)} check (${new Expressions(random, namedColumns(relation.columns)).bool()} or true) not valid`,
    );
}

function keyColumn(draft: SchemaDraft, name: string): { column: Column; definition: string } {
  const { random } = draft;
  const enums = draft.types.filter((type) => type.sql.includes('mood') && type.values.length > 0);
  const sqls =
    'integer bigint text varchar(20) date timestamptz timestamp(3) numeric(10,2) boolean uuid'.split(' ');
  const type =
    enums.length > 0 && random.chance(0.3)
      ? random.pick(enums)
      : (TYPES.find(({ sql }) => sql === random.pick(sqls)) ?? TYPES[0]!);
  const value = random.chance(0.2) ? ` default ${defaultOf(draft, type)}` : '';
  return { column: { name, type }, definition: `${name} ${type.sql}${value}` };
}

const bounds = (by: string, ...of: string[]): Bounds => ({ by, of });

function boundsOf(draft: SchemaDraft, { name, type }: Column): Bounds {
  const { random } = draft;
  const values = (...range: string[]) => `for values ${range.join(' ')}`;
  const range = (from: string, to: string) => values('from', `(${from})`, 'to', `(${to})`);
  const list = (...of: string[]) => values('in', `(${of.join(', ')})`);
  if (random.chance(0.3)) {
    const modulus = random.between(2, 3);
    const by = `hash (${random.pick([name, name, `(${name}::text)`])})`;
    const remainders = Array.from({ length: modulus }, (_, index) => index);
    return bounds(by, ...remainders.map((index) => values(`with (modulus ${modulus}, remainder ${index})`)));
  }
  const rest = random.chance(0.5) ? ['default'] : [];
  if (type.sort === 'time') {
    const [january, february, march] = ["'2026-01-01'", "'2026-02-01'", "'2026-03-01 12:00'"] as const;
    const months = [range('minvalue', january), range(january, february), range(february, march)];
    return bounds(`range (${name})`, ...months, ...rest);
  }
  if (type.sort === 'int' || type.sort === 'number') {
    const expression = new Expressions(random, [{ name, sort: type.sort }], { immutable: true });
    const by = random.chance(0.2)
      ? `(${random.pick([expression.int(), `case when ${name} in (1, 2) then 1 else 2 end`])})`
      : name;
    return bounds(
      `range (${by})`,
      ...[range('minvalue', '0'), range('0', '10'), range('10', 'maxvalue')],
      ...rest,
    );
  }
  if (type.sort === 'text') {
    if (random.chance(0.3))
      return bounds(
        `list ((case when ${name} in ('a', 'b') then 1 else 2 end))`,
        ...[list('1'), list('2')],
        ...rest,
      );
    if (random.chance(0.3))
      return bounds(`range (${name})`, range('minvalue', "'b'"), range("'b'", 'maxvalue'), ...rest);
    const by = `list (${random.pick([name, `lower(${name})`])})`;
    return bounds(by, list("'a'", "'b'", "''"), list("'x''y'", 'null'), 'default');
  }
  const known = type.values.filter((value) => value !== 'null').slice(0, 2);
  return bounds(`list (${name})`, ...known.map((value) => list(value)), 'default');
}

function makePartition(draft: SchemaDraft, parent: Relation, bound: string, level: number): void {
  const { random } = draft;
  const { schema, sql } = draft.name('part');
  const inner = level === 0 && random.chance(0.15) ? boundsOf(draft, parent.columns[0]!) : undefined;
  const by = inner ? ` partition by ${inner.by}` : '';
  const partition: Relation = {
    sql,
    schema,
    kind: inner ? 'partitioned' : 'partition',
    columns: [...parent.columns],
    taken: new Set(parent.taken),
    parent: parent.sql,
  };
  const attached = random.chance(0.45);
  if (!attached)
    draft.add(`create table ${sql} partition of ${parent.sql} ${columnsOf(draft, parent)}${bound}${by}`);
  else {
    const including = random.pick([
      '',
      ' including all',
      ' including defaults',
      ' including constraints',
      ' including indexes',
    ]);
    const before = random.chance(0.3) ? 'gone int, ' : '';
    draft.add(`create table ${sql} (${before}like ${parent.sql}${including})${by}`);
    if (before) draft.add(`alter table ${sql} drop column gone`);
    beforeAttach(draft, partition, parent);
    draft.add(`alter table ${parent.sql} attach partition ${sql} ${bound}`);
  }
  draft.relations.push(partition);
  draft.things.push({ kind: 'TABLE', sql });
  if (!attached && random.chance(0.15)) {
    const column = random.pick(partition.columns);
    draft.add(
      `alter table ${sql} alter ${column.name} ${random.pick(['drop default', `set default ${defaultOf(draft, column.type)}`, 'set not null', 'set statistics 3'])}`,
    );
  }
  for (const each of inner?.of ?? []) makePartition(draft, partition, each, 1);
}

/** Options of columns in CREATE TABLE … PARTITION OF. */
function columnsOf(draft: SchemaDraft, parent: Relation): string {
  const { random } = draft;
  if (!random.chance(0.15)) return '';
  const column = random.pick(parent.columns);
  return `(${column.name} ${random.pick([`default ${defaultOf(draft, column.type)}`, 'not null', `constraint own check (${column.name} is not null or true)`])}) `;
}

function beforeAttach(draft: SchemaDraft, partition: Relation, parent: Relation): void {
  const { random } = draft;
  const { sql } = partition;
  const column = random.pick(partition.columns);
  const [first] = parent.key ?? [];
  const shapes: (() => string)[] = [
    () => `alter table ${sql} alter ${column.name} set default ${defaultOf(draft, column.type)}`,
    () => `alter table ${sql} alter ${column.name} drop default`,
    () => `alter table ${sql} alter ${column.name} set not null`,
    () =>
      `alter table ${sql} add constraint own_check check (${new Expressions(random, namedColumns(partition.columns)).bool()} or true)`,
    () => `create index on ${sql} (${column.name})`,
    () => `alter table ${sql} alter ${column.name} set storage external`,
    ...(first
      ? [
          () =>
            `alter table ${sql} add constraint own_key primary key (${parent.key!.map(({ name }) => name).join(', ')})`,
        ]
      : []),
  ];
  for (const shape of random.some(shapes, random.between(0, 3))) draft.add(shape());
}

/** Retention by partitions: the oldest is detached, and maybe dropped. */
function detachOne(draft: SchemaDraft, parent: Relation): void {
  const index = draft.relations.findIndex((relation) => relation.parent === parent.sql);
  const partition = draft.relations[index];
  if (!partition) return;
  draft.add(`alter table ${parent.sql} detach partition ${partition.sql}`);
  if (draft.random.chance(0.5)) {
    draft.add(`drop table ${partition.sql}`);
    draft.relations.splice(index, 1);
  }
}
