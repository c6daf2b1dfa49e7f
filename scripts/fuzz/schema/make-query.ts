import type { Random } from '../random.ts';
import type { Sort } from './column-types.ts';
import { Expressions, type NamedColumn } from './expressions.ts';
import { namedColumns } from './make-table.ts';
import type { Relation, SchemaDraft } from './schema-draft.ts';

export type Query = { sql: string; columns: NamedColumn[] };

/** A random SELECT over existing relations, in one of the forms that are hard to write out again. */
export function makeQuery(draft: SchemaDraft, depth = 2): Query {
  const { random } = draft;
  const shapes = [
    plain,
    plain,
    joined,
    joined,
    grouped,
    windowed,
    united,
    united,
    withs,
    lateral,
    values,
    distinct,
  ];
  const rare = [recursive, whole, functions, grouped, json, sampled];
  return random.pick(random.chance(0.35) ? rare : shapes)(draft, depth);
}

const source = (draft: SchemaDraft): { sql: string; columns: NamedColumn[] } | undefined => {
  const found = draft.any('table', 'partitioned', 'view', 'table', 'materialized');
  return found && found.columns.length > 0
    ? { sql: found.sql, columns: namedColumns(found.columns) }
    : undefined;
};

const nothing = {
  sql: "(values (1, 'a'), (2, null)) v(n, s)",
  columns: [
    { name: 'n', sort: 'int' },
    { name: 's', sort: 'text' },
  ] as NamedColumn[],
};

function from(draft: SchemaDraft, depth: number): { sql: string; columns: NamedColumn[]; alias: string } {
  const alias = draft.random.pick(['x', 'y', '"T"', '"select"', 'z']) + (depth > 0 ? '' : '1');
  if (depth > 0 && draft.random.chance(0.3)) {
    const inner = makeQuery(draft, depth - 1);
    return { sql: `(${inner.sql}) ${alias}`, columns: prefixed(alias, inner.columns), alias };
  }
  const found = source(draft);
  if (!found) return { sql: nothing.sql, columns: prefixed('v', nothing.columns), alias: 'v' };
  return {
    sql: `${found.sql} ${draft.random.pick(['', 'as '])}${alias}`,
    columns: prefixed(alias, found.columns),
    alias,
  };
}

const prefixed = (alias: string, columns: readonly NamedColumn[]) =>
  columns.map(({ name, sort }) => ({ name: `${alias}.${name}`, sort }));

/** Expressions with names: `o1`, `o2` …, for the surrounding query. */
function targets(
  random: Random,
  columns: readonly NamedColumn[],
  count = random.between(1, 4),
): { sql: string; columns: NamedColumn[] } {
  const expressions = new Expressions(random, columns, { query: true });
  const found = Array.from({ length: count }, (_, index) => {
    const sort = random.pick(['int', 'text', 'bool', 'number', 'time', 'any'] as const);
    const name = `o${index + 1}`;
    return {
      sql: `${expressions[sort]()} as ${name}`,
      column: { name, sort: (sort === 'any' ? 'other' : sort) as Sort },
    };
  });
  const own =
    columns.length > 0
      ? random.some(columns, random.between(0, 2)).map(({ name }, index) => `${name} as n${index + 1}`)
      : [];
  return {
    sql: [...found.map(({ sql }) => sql), ...own].join(', '),
    columns: found.map(({ column }) => column),
  };
}

function plain(draft: SchemaDraft, depth: number): Query {
  const { random } = draft;
  const { sql, columns } = from(draft, depth - 1);
  const list = targets(random, columns);
  const expressions = new Expressions(random, columns, { query: true });
  const where = random.chance(0.6) ? ` where ${expressions.bool()}` : '';
  const order = random.chance(0.3)
    ? ` order by ${random.pick(['1', 'o1 desc nulls last', `${expressions.int()}`, 'o1 using <'])}`
    : '';
  const limit =
    order && random.chance(0.4)
      ? random.pick([' limit 5', ' limit 1 + 1 offset 0', ' fetch first 3 rows with ties', ' limit all'])
      : '';
  return { sql: `select ${list.sql} from ${sql}${where}${order}${limit}`, columns: list.columns };
}

function joined(draft: SchemaDraft, depth: number): Query {
  const { random } = draft;
  const [one, other] = [from(draft, depth - 1), from(draft, depth - 1)];
  const left = { ...one, sql: one.sql, alias: one.alias };
  const right = other.alias === one.alias ? rename(other, `${other.alias.replaceAll('"', '')}_2`) : other;
  const columns = [...left.columns, ...right.columns];
  const kind = random.pick([
    'join',
    'left join',
    'full join',
    'right join',
    'cross join',
    'natural join',
    ',',
  ]);
  const on = new Expressions(random, columns);
  const [named] = left.columns;
  const bare = named?.name.slice(left.alias.length + 1);
  const using = bare && right.columns.some(({ name }) => name.endsWith(`.${bare}`));
  const condition =
    kind.includes('cross') || kind.includes('natural') || kind === ','
      ? ''
      : using && random.chance(0.7)
        ? ` using (${bare})${random.pick(['', ' as ju'])}`
        : kind === 'full join'
          ? ' on true'
          : ` on ${on.bool(1)}`;
  const list = targets(random, columns);
  const star = random.chance(0.15) && kind === 'natural join' ? ', *' : '';
  return {
    sql: `select ${list.sql}${star} from ${left.sql} ${kind} ${right.sql}${condition}${random.chance(0.4) ? ` where ${on.bool(1)}` : ''}`,
    columns: list.columns,
  };
}

function rename({ sql, columns, alias }: ReturnType<typeof from>, to: string): ReturnType<typeof from> {
  return {
    sql: `${sql.slice(0, sql.length - alias.length)}${to}`,
    columns: columns.map(({ name, sort }) => ({ name: `${to}.${name.slice(alias.length + 1)}`, sort })),
    alias: to,
  };
}

function grouped(draft: SchemaDraft, depth: number): Query {
  const { random } = draft;
  const { sql, columns } = from(draft, depth - 1);
  const e = new Expressions(random, columns);
  const by = random.pick([
    '1',
    'o1',
    'rollup (1)',
    'cube (1, 2)',
    'grouping sets ((1), (2), ())',
    'distinct rollup (1), cube (1)',
  ]);
  const two = by.includes('2');
  const aggregates = [
    'count(*)',
    `count(distinct ${e.text(1)})`,
    `sum(${e.int(1)}) filter (where ${e.bool(1)})`,
    `array_agg(${e.text(1)} order by ${e.int(1)} desc, 1)`,
    `string_agg(${e.text(1)}, ', ' order by ${e.text(0)})`,
    `percentile_cont(0.5) within group (order by ${e.number(1)})`,
    `mode() within group (order by ${e.text(1)} collate "C")`,
    `rank(3) within group (order by ${e.int(1)})`,
    `max(${e.text(1)}) || 'x'`,
    `bool_and(${e.bool(1)})`,
    `json_agg(${e.text(1)})`,
    `jsonb_object_agg(${e.int(1)}, 1)`,
    `avg(distinct ${e.number(1)})`,
  ];
  return {
    sql: `select ${e.text(1)} as o1, ${two ? `${e.int(1)} as o2, ` : ''}${random
      .some(aggregates, 3)
      .map((each, index) => `${each} as a${index + 1}`)
      .join(
        ', ',
      )} from ${sql} group by ${by}${random.pick(['', ' having count(*) > 0', ' having max(1) in (1, 2)'])}`,
    columns: [{ name: 'o1', sort: 'text' }],
  };
}

function windowed(draft: SchemaDraft, depth: number): Query {
  const { random } = draft;
  const { sql, columns } = from(draft, depth - 1);
  const e = new Expressions(random, columns);
  const frame = random.pick([
    '',
    ' rows between 1 preceding and current row',
    ' rows unbounded preceding',
    " range between interval '1 day' preceding and current row",
    ' groups between 1 preceding and 1 following exclude ties',
    ' rows between current row and unbounded following exclude current row',
  ]);
  const order = frame.includes('interval') ? 'now()' : e.int(1);
  return {
    sql: `select row_number() over () as o1, sum(${e.int(1)}) over w as o2, lag(${e.text(1)}, 1, 'none') over (partition by ${e.text(1)} order by ${order}${frame}) as o3, rank() over (w order by ${e.int(0)} desc) as o4 from ${sql} window w as (partition by ${e.text(0)})`,
    columns: [
      { name: 'o1', sort: 'int' },
      { name: 'o2', sort: 'int' },
      { name: 'o3', sort: 'text' },
    ],
  };
}

/** Later branches of a union may have bare literals, NULLs and casts, which are written out with names. */
function united(draft: SchemaDraft, depth: number): Query {
  const { random } = draft;
  const { sql, columns } = from(draft, depth - 1);
  const e = new Expressions(random, columns);
  const later = () =>
    random.pick<() => string>([
      () => `select null, null, 'lit'`,
      () => `select 1, 'b', null`,
      () => `select ${e.int(1)}, ${e.text(1)}, ${e.text(1)} from ${sql}`,
      () => `values (1, 'x', 'y'), (2, null, 'z')`,
      () => `(select 3, 'c'::varchar(9), current_user::text order by 1 limit 1)`,
      () => `select null::int, 'x'::varchar, 'q'::text`,
      () => `select * from (values (1, 'a', 'b')) v3`,
    ])();
  const operator = () =>
    random.pick(['union', 'union all', 'intersect', 'except all', 'except', 'union all']);
  const united = `select ${e.int(1)} as o1, ${e.text(1)} as o2, ${random.pick(["'lit'", e.text(1), 'null'])} as o3 from ${sql} ${operator()} ${later()}${random.chance(0.4) ? ` ${operator()} ${later()}` : ''}`;
  const order = random.chance(0.3) ? ' order by 1, o2 desc' : '';
  return {
    sql: united + order,
    columns: [
      { name: 'o1', sort: 'int' },
      { name: 'o2', sort: 'text' },
      { name: 'o3', sort: 'text' },
    ],
  };
}

function withs(draft: SchemaDraft, depth: number): Query {
  const { random } = draft;
  const inner = makeQuery(draft, depth - 1);
  const columns = prefixed('w', inner.columns);
  const list = targets(random, columns);
  const renamed = random.chance(0.2) && inner.columns.length > 0;
  return {
    sql: `with q${renamed ? `(${inner.columns[0]!.name})` : ''} as ${random.pick(['', 'materialized ', 'not materialized '])}(${inner.sql})${random.chance(0.3) ? `, unused as (select 1, 'x' union all select 2, null)` : ''} select ${list.sql} from q w`,
    columns: list.columns,
  };
}

function lateral(draft: SchemaDraft, depth: number): Query {
  const { random } = draft;
  const outer = from(draft, depth - 1);
  const e = new Expressions(random, outer.columns);
  const inner = random.pick([
    `select ${e.int(1)} as l1, ${e.text(1)} as l2 union all select 1, 'lit'`,
    `select ${e.int(1)} as l1, ${e.text(1)} as l2 limit 1`,
    `values (${e.int(1)}, ${e.text(1)})`,
  ]);
  const list = targets(random, [
    ...outer.columns,
    { name: 'l.l1', sort: 'int' },
    { name: 'l.l2', sort: 'text' },
  ]);
  return {
    sql: `select ${list.sql} from ${outer.sql} ${random.pick(['cross join', 'left join'])} lateral (${inner}) l(l1, l2)`.replace(
      /(left join.*)$/s,
      '$1 on true',
    ),
    columns: list.columns,
  };
}

function values(draft: SchemaDraft): Query {
  return {
    sql: `select * from (values (1, 'a', ${draft.random.pick(['null', 'now()', "'2026-01-01'::date"])}), (${draft.random.pick(['-1', '2', 'null'])}, 'b'::varchar, null)) as v(o1, o2, o3)`,
    columns: [
      { name: 'o1', sort: 'int' },
      { name: 'o2', sort: 'text' },
    ],
  };
}

function distinct(draft: SchemaDraft, depth: number): Query {
  const { random } = draft;
  const { sql, columns } = from(draft, depth - 1);
  const list = targets(random, columns);
  const on = random.chance(0.5) ? ` on (${new Expressions(random, columns).int(1)})` : '';
  return { sql: `select distinct${on} ${list.sql} from ${sql}`, columns: list.columns };
}

function recursive(draft: SchemaDraft): Query {
  const { random } = draft;
  const tail = random.pick([
    '',
    ' search depth first by n set ord',
    ' search breadth first by n, s set ord',
    " cycle n set is_cycle to 'Y' default 'N' using way",
    ' cycle n set is_cycle using way',
  ]);
  return {
    sql: `with recursive r(n, s) as (select 1, 'a'::text union all select n + 1, s || 'x' from r where n < 5)${tail} select n as o1, s as o2 from r${tail.includes('ord') ? ' order by ord' : ''}`,
    columns: [
      { name: 'o1', sort: 'int' },
      { name: 'o2', sort: 'text' },
    ],
  };
}

/** Rows as a whole: references, fields of them, tests for NULL, functions of them. */
function whole(draft: SchemaDraft): Query {
  const { random } = draft;
  const relation = draft.any('table', 'view', 'partitioned') as Relation | undefined;
  if (!relation || relation.columns.length === 0) return values(draft);
  const column = random.pick(relation.columns);
  const expression = random.pick([
    'x',
    'x.*::text',
    'row_to_json(x)',
    'x is null',
    '(x).*',
    `(x).${column.name}`,
    'x::text',
    'row(x.*)',
    'count(x)',
    `array_agg(x)`,
    'to_jsonb(x.*) - 1',
    `x = x`,
    `(array[x])[1]`,
  ]);
  return {
    sql: `select ${expression}${expression === '(x).*' ? '' : ' as o1'} from ${relation.sql} x`,
    columns: expression === '(x).*' ? [] : [{ name: 'o1', sort: 'other' }],
  };
}

function functions(draft: SchemaDraft): Query {
  const { random } = draft;
  const call = random.pick([
    'generate_series(1, 3) with ordinality as f(o1, o2)',
    "rows from (generate_series(1, 2), unnest(array['a', 'b'])) as f(o1, o2)",
    "unnest(array[1, 2], array['a']) as f(o1, o2)",
    'json_to_recordset(\'[{"o1": 1}]\') as f(o1 int, o2 text collate "C")',
    'jsonb_each_text(\'{"a": 1}\') as f(o2, o1)',
    "regexp_split_to_table('a b', ' ') as f(o1), lateral (select 2) g(o2)",
    "xmltable('/a' passing '<a/>'::xml columns o1 int path '@b' default 3, o2 text path '.', n for ordinality) f",
    "string_to_table('a,b', ',') with ordinality f(o2, o1)",
    'current_database() f(o1), current_date g(o2)',
  ]);
  return { sql: `select f.*${random.pick(['', ', f is null as o9'])}, 1 as one from ${call}`, columns: [] };
}

function json(draft: SchemaDraft): Query {
  const { random, major } = draft;
  const forms = [
    "'{\"a\": [1]}'::jsonb @? '$.a[*]' as o1",
    "('{\"a\": 1}'::jsonb)['a'] as o1",
    "json_build_object('a', 1, 'b', null) as o1",
  ];
  if (major >= 16)
    forms.push(
      "json_object('a': 1, 'b': null absent on null with unique keys) as o1",
      'json_array(1, 2, null null on null returning jsonb) as o1',
      'json_arrayagg(x order by x desc returning jsonb) as o1',
      "json_objectagg('k' value x) as o1",
      "'1' is json scalar as o1",
      "'{}' is not json object with unique keys as o1",
      'json_array(select 1 union select 2) as o1',
    );
  if (major >= 17)
    forms.push(
      "json_value(jsonb '{\"a\": 1}', '$.a' returning int default 3 on empty error on error) as o1",
      "json_query(jsonb '[1]', '$' with conditional wrapper keep quotes) as o1",
      "json_exists(jsonb '{}', '$.a' false on error) as o1",
      "json('{}' with unique keys) as o1",
      'json_scalar(1) as o1',
      "json_serialize('{}' returning bytea) as o1",
      "j.* from json_table('[{\"a\": 1}]', '$[*]' columns (id for ordinality, a int path '$.a' default 1 on empty, nested path '$.b[*]' columns (b text path '$'))) j",
    );
  const form = random.pick(forms);
  return {
    sql: `select ${form}${form.startsWith('j.*') ? '' : ' from (values (1), (2)) v(x)'}${form.includes('agg') || form.startsWith('j.*') ? '' : ' where x > 0'}`,
    columns: [],
  };
}

function sampled(draft: SchemaDraft): Query {
  const table = draft.any('table', 'materialized');
  if (!table) return values(draft);
  return {
    sql: `select 1 as o1, s.* from ${table.sql} as s tablesample ${draft.random.pick(['bernoulli (50)', 'system (10) repeatable (3)'])}${draft.random.pick(['', ' for update of s', ' for share'])}`,
    columns: [{ name: 'o1', sort: 'int' }],
  };
}
