import { Expressions } from './expressions.ts';
import { makeQuery } from './make-query.ts';
import { defaultOf } from './make-type.ts';
import type { SchemaDraft } from './schema-draft.ts';

/** A function, procedure or aggregate, in SQL as text, in SQL as parsed, or in PL/pgSQL. */
export function makeRoutine(draft: SchemaDraft): void {
  const { random } = draft;
  random.pick([
    constant,
    constant,
    parsed,
    parsed,
    typed,
    procedure,
    aggregate,
    many,
    defaults,
    triggerFunction,
  ])(draft);
}

function remember(
  draft: SchemaDraft,
  sql: string,
  signature: string,
  kind: 'function' | 'procedure' | 'aggregate' | 'trigger',
): void {
  draft.routines.push({ sql, signature, kind });
  draft.things.push({ kind: kind === 'trigger' ? 'FUNCTION' : kind.toUpperCase(), sql: signature });
}

const attributes = (draft: SchemaDraft): string => {
  const { random } = draft;
  return random
    .some(
      [
        'immutable',
        'strict',
        'security definer',
        'parallel safe',
        'cost 7',
        "set search_path = ''",
        'set search_path = public, pg_temp',
        "set work_mem = '5MB'",
        "set datestyle = 'ISO, DMY'",
        'set app.tenant = \'a,"b"\'',
        'set timezone from current',
      ],
      random.between(0, 3),
    )
    .join(' ');
};

/** Without arguments, so that defaults can call it. */
function constant(draft: SchemaDraft): void {
  const { random } = draft;
  const { sql } = draft.name('f');
  const body = random.pick([
    "$$ select 'x'::text $$",
    "'select ''it''''s''::text'",
    "$body$ select 'a' || $$b$$ $body$",
    "E' select ''x''::text\\n-- done\\n'",
  ]);
  draft.add(`create function ${sql}() returns text language sql ${attributes(draft)} as ${body}`);
  remember(draft, sql, `${sql}()`, 'function');
}

/** Bodies that PostgreSQL keeps parsed and writes out anew. */
function parsed(draft: SchemaDraft): void {
  const { random } = draft;
  const { sql } = draft.name('f');
  const e = new Expressions(
    random,
    [
      { name: 'a', sort: 'int' },
      { name: 'b', sort: 'text' },
    ],
    { query: true },
  );
  const body = random.pick<() => [string, string]>([
    () => ['boolean', `return ${e.bool()}`],
    () => ['text', `return (${e.text()})::text`],
    () => ['text', `begin atomic select (${e.text()})::text; end`],
    () => [
      'bigint',
      `begin atomic select 1 as x union all select null; select count(*) from (${makeQuery(draft, 1).sql}) q; end`,
    ],
    () => ['void', `begin atomic ${makeQuery(draft, 1).sql}; select null::void; end`],
    () => ['text', `begin atomic select b in ('a', upper('c')); select 'last'::text; end`],
  ])();
  draft.add(
    `create function ${sql}(a int, b text) returns ${body[0]} language sql ${attributes(draft)} ${body[1]}`,
  );
  remember(draft, sql, `${sql}(int, text)`, 'function');
}

/** Arguments and results of every type, by name, out, variadic, as tables and sets. */
function typed(draft: SchemaDraft): void {
  const { random } = draft;
  const { sql } = draft.name('f');
  const [one, two] = [draft.type(), draft.type()];
  const row = draft.any('table', 'view');
  const shape = random.pick<() => [string, string, string]>([
    () => [`x ${one.sql}, inout y ${two.sql}`, '', `${one.sql}, ${two.sql}`],
    () => [`out x ${one.sql}, out "Y" ${two.sql}`, '', ''],
    () => [`variadic x ${one.sql}[]`, `returns ${two.sql}`, `${one.sql}[]`],
    () => [`x ${one.sql}`, `returns table (a ${one.sql}, "b c" ${two.sql})`, one.sql],
    () => [`x anyelement, y anyarray`, 'returns anyelement', 'anyelement, anyarray'],
    () => [`r ${row?.sql ?? 'text'}`, `returns setof ${row?.sql ?? 'text'} rows 7`, row?.sql ?? 'text'],
    () => ['', 'returns setof record', ''],
  ])();
  draft.add(
    `create function ${sql}(${shape[0]}) ${shape[1]} language plpgsql ${attributes(draft)} as $f$ begin return; exception when others then raise; end $f$`,
  );
  remember(draft, sql, `${sql}(${shape[2]})`, 'function');
}

/** Defaults of arguments are expressions that are written out anew, with any kind of body. */
function defaults(draft: SchemaDraft): void {
  const { random } = draft;
  const { sql } = draft.name('f');
  const e = new Expressions(random, []);
  const type = draft.type();
  draft.add(
    `create function ${sql}(a boolean default ${e.bool()}, b text default (${e.text()})::text, c ${type.sql} default ${defaultOf(draft, type)}, d int default -1) returns int language sql as 'select 1'`,
  );
  remember(draft, sql, `${sql}(boolean, text, ${type.sql}, int)`, 'function');
}

function procedure(draft: SchemaDraft): void {
  const { random } = draft;
  const { sql } = draft.name('p');
  const table = draft.any('table');
  const body =
    table && random.chance(0.6)
      ? `begin atomic insert into ${table.sql} (${table.columns[0]!.name}) select null where a > 3; delete from ${table.sql} t where t.${table.columns[0]!.name} is null; update ${table.sql} as u set ${table.columns[0]!.name} = default where false; end`
      : "as 'select 1'";
  draft.add(`create procedure ${sql}(a int default 1, inout b text default 'x') language sql ${body}`);
  remember(draft, sql, `${sql}(int, text)`, 'procedure');
}

function aggregate(draft: SchemaDraft): void {
  const { random } = draft;
  const { schema, sql } = draft.name('agg');
  const shapes = [
    ['(integer)', "(sfunc = int4pl, stype = int4, initcond = '0', combinefunc = int4pl, parallel = safe)"],
    [
      '(double precision)',
      "(sfunc = float8_accum, stype = float8[], finalfunc = float8_avg, initcond = '{0,0,0}', sspace = 128, finalfunc_modify = shareable)",
    ],
    [
      '(integer)',
      "(sfunc = int4pl, stype = int4, msfunc = int4pl, minvfunc = int4mi, mstype = int4, initcond = '0', minitcond = '0', mspace = 9)",
    ],
    ['(integer)', '(sfunc = int4larger, stype = int4, sortop = >)'],
    ['(*)', "(sfunc = int8inc, stype = int8, initcond = '0')"],
  ] as const;
  const [args, definition] = random.pick(shapes);
  if (random.chance(0.4)) {
    const step = `${schema}.${draft.loose('step', draft.takenIn(schema))}`;
    draft.add(
      `create function ${step}(s text, v text) returns text language sql immutable as 'select coalesce(s, '''') || v'`,
      `create aggregate ${sql}(text) (sfunc = ${step}, stype = text)`,
    );
    remember(draft, sql, `${sql}(text)`, 'aggregate');
    return;
  }
  draft.add(`create aggregate ${sql}${args} ${definition}`);
  remember(draft, sql, `${sql}${args}`, 'aggregate');
}

/** Ordered-set aggregates keep state that only PostgreSQL's own functions can read. */
export function makeInternalAggregate(draft: SchemaDraft): void {
  const { sql } = draft.name('agg');
  const [args, definition] = draft.random.pick([
    [
      '(float8 order by anyelement)',
      '(sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra)',
    ],
    [
      '(variadic "any" order by variadic "any")',
      '(sfunc = ordered_set_transition_multi, stype = internal, finalfunc = rank_final, finalfunc_extra, hypothetical)',
    ],
  ] as const);
  draft.add(`create aggregate ${sql}${args} ${definition}`);
  remember(draft, sql, `${sql}${args}`, 'aggregate');
}

/** One name with several signatures. */
function many(draft: SchemaDraft): void {
  const { sql } = draft.name('over');
  for (const type of ['int', 'text', 'numeric[]']) {
    draft.add(`create function ${sql}(${type}) returns text language sql immutable as 'select $1::text'`);
    remember(draft, sql, `${sql}(${type})`, 'function');
  }
}

function triggerFunction(draft: SchemaDraft): void {
  const { sql } = draft.name('trg');
  draft.add(
    `create function ${sql}() returns trigger language plpgsql ${draft.random.pick(['', 'security definer'])} as $$ begin if tg_op = 'DELETE' then return old; end if; return new; end $$`,
  );
  remember(draft, sql, `${sql}()`, 'trigger');
}

/** A trigger of a table or view, of every timing. */
export function makeTrigger(draft: SchemaDraft): void {
  const { random } = draft;
  if (!draft.routines.some(({ kind }) => kind === 'trigger')) triggerFunction(draft);
  const routine = random.pick(draft.routines.filter(({ kind }) => kind === 'trigger'));
  const table = draft.any('table', 'partitioned', 'partition', 'view');
  if (!table || table.columns.length === 0) return;
  const name = draft.loose('tr', table.taken);
  const column = random.pick(table.columns);
  const e = (prefix: string) =>
    new Expressions(
      random,
      table.columns
        .filter(({ given }) => given !== 'generated')
        .map(({ name: of, type }) => ({ name: `${prefix}.${of}`, sort: type.sort })),
    );
  const call = `execute function ${routine.sql}(${random.pick(['', "'a'", "'a', 'it''s', 'x\\y', ''", '1, b'])})`;
  const shape = random.pick<() => string>([
    () =>
      `create trigger ${name} before insert or update on ${table.sql} for each row when (${e('new').bool()}) ${call}`,
    () =>
      `create trigger ${name} after update of ${column.name} on ${table.sql} for each row when (old.* is distinct from new.*) ${call}`,
    () =>
      `create trigger ${name} after delete on ${table.sql} referencing old table as "Old Rows" for each statement ${call}`,
    () =>
      `create trigger ${name} after update on ${table.sql} referencing old table as o new table as n ${call}`,
    () =>
      `create constraint trigger ${name} after insert or delete on ${table.sql} deferrable initially deferred for each row ${call}`,
    () =>
      `create constraint trigger ${name} after update on ${table.sql} not deferrable for each row when (${e('new').bool(1)}) ${call}`,
    () => `create trigger ${name} instead of insert on ${table.sql} for each row ${call}`,
    () => `create trigger ${name} before truncate on ${table.sql} for each statement ${call}`,
    () =>
      `create trigger ${name} after insert on ${table.sql} for each row when (new.${column.name} is not null and pg_trigger_depth() = 0) ${call}`,
  ])();
  draft.add(shape);
  if (random.chance(0.3))
    draft.add(
      `alter table ${random.pick(['', 'only '])}${table.sql} ${random.pick(['disable', 'enable replica', 'enable always', 'enable'])} trigger ${name}`,
    );
  if (random.chance(0.15)) draft.add(`comment on trigger ${name} on ${table.sql} is 'a trigger'`);
}
