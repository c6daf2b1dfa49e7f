import type { Random } from '../random.ts';
import type { Sort } from './column-types.ts';

export type NamedColumn = { name: string; sort: Sort };
/** `immutable` for indexes and generated columns, `query` where a subquery may stand. */
type ExpressionContext = { immutable?: boolean; query?: boolean };

/**
 * Random expressions over some columns. Many have forms that PostgreSQL writes differently than it read them, and
 * some of these differently again after a restore.
 */
export class Expressions {
  readonly #random: Random;
  readonly #columns: readonly NamedColumn[];
  readonly #setting: ExpressionContext;

  constructor(random: Random, columns: readonly NamedColumn[], setting: ExpressionContext = {}) {
    this.#random = random;
    this.#columns = columns;
    this.#setting = setting;
  }

  bool(depth = 2): string {
    const { int, text, number, any, bool, array } = this.#parts(depth);
    if (depth <= 0) return this.#leaf('bool') ?? `(${int()} > -1)`;
    return this.#random.pick<() => string>([
      () => `${text()} in ('a', 'b', ${text()})`,
      () => `${text()} in ('a', 'b')`,
      () => `${text()} not in ('x', null)`,
      () => `${text()}::varchar in ('a', 'b')`,
      () => `${text()} = any (array['a', 'b'])`,
      () => `${text()} = any (array['a', 'b']::varchar[])`,
      () => `${text()} = any ('{a,b}')`,
      () => `${int()} <> all (array[-1, ${int()}])`,
      () => `${int()} between ${int()} and 100`,
      () => `${number()} not between symmetric 5 and -1.5`,
      () => `${int()} in (1, 2, -3)`,
      () => `${number()} in (1, 2.5)`,
      () => `(${any()}) is distinct from (${any()})::text::text or true`,
      () => `${any()} is not null`,
      () => `(${bool()}) is not true`,
      () => `(${bool()}) is unknown`,
      () => `not (${bool()})`,
      () => `${bool()} and (${bool()} or ${bool()})`,
      () => `${text()} like 'a%' escape '!'`,
      () => `${text()} not ilike '%B'`,
      () => `${text()} similar to '(a|b)%'`,
      () => `${text()} ~ '^[a-z]*$'`,
      () => `${text()} !~* E'\\\\d'`,
      () => `(${int()}, ${text()}) < (1, 'b')`,
      () => `(${int()}, ${text()}) = (1, 'b')`,
      () => `row(${int()}, ${text()}) is null`,
      () => `(${int()}, 2) in ((1, 2), (3, 4))`,
      () => `case ${text()} when 'a' then true when 'b' then ${bool()} else false end`,
      () => `case when ${bool()} then ${bool()} end`,
      () => `(${text()}) collate "C" < 'zz'`,
      () => `${array()} @> array[1]`,
      () => `${int()} operator(pg_catalog.=) 1`,
      () => `${int()}::text = '1'`,
      () => `starts_with(${text()}, 'a')`,
      () => `${text()} is normalized or true`,
      ...(this.#setting.query
        ? [
            () => `exists (select 1 from pg_catalog.pg_class where relname = 'x' and ${bool()})`,
            () => `${int()} in (select 1 union all select 2)`,
            () => `${int()} > all (select oid::int from pg_catalog.pg_am where amname = ${text()})`,
            () => `(${int()}, ${int()}) in (select 1, 2)`,
          ]
        : []),
      ...(this.#setting.immutable
        ? []
        : [
            () => `${text()} = current_user`,
            () => `now() > ${this.time(0)}`,
            () => `('<a/>'::xml) is document`,
            () => `pg_has_role('fuzz_app', 'member')`,
            () => `(${this.time(1)}, interval '1 day') overlaps (now(), now())`,
          ]),
    ])();
  }

  int(depth = 2): string {
    const { int, text, number, bool, array } = this.#parts(depth);
    if (depth <= 0) return this.#leaf('int') ?? this.#random.pick(['0', '1', '-1', "'42'::int", '7']);
    return this.#random.pick<() => string>([
      () => this.#leaf('int') ?? '3',
      () => this.#leaf('int') ?? '-3',
      () => `length(${text()})`,
      () => `${int()} % 5 - 3`,
      () => `- (${int()})`,
      () => `-1`,
      () => `'-1'::integer`,
      () => `(${number()})::int`,
      () => `cast(${number()} as smallint)`,
      () => `coalesce(${int()}, null, 5)`,
      () => `greatest(${int()}, 1, 2)`,
      () => `nullif(${int()}, 0)`,
      () => `case when ${bool()} then 1 else ${int()} end`,
      () => `position('a' in ${text()})`,
      () => `cardinality(${array()})`,
      () => `(${array()})[1]`,
      () => `(array[1, 2, 3])[2]`,
      () => `array_length((array[1, 2, 3])[1:2], 1)`,
      () => `strpos(${text()}, 'a')`,
      () => `(2 ^ 3)::int`,
      () => `@ ${int()}`,
      () => `num_nonnulls(${int()}, ${text()})`,
      () => `(${int()})::int2::int8::int4`,
      () => `extract('YEAR' from date '2026-01-01')::int`,
      () => `extract(epoch from interval '1 day')::int`,
      () => `date_part('day', date '2026-01-01')::int`,
      () => `bit_length(${text()})`,
      ...(this.#setting.query
        ? [
            () => `(select count(*) from pg_catalog.pg_am)::int`,
            () => `(select max(x) from unnest(array[${int()}, 2]) as x)`,
            () => `cardinality(array(select 1 union all select 2))`,
          ]
        : []),
    ])();
  }

  number(depth = 2): string {
    const { int, number } = this.#parts(depth);
    if (depth <= 0) return this.#leaf('number') ?? this.#random.pick(['0.5', '-1.5', '2', "'1e3'::float8"]);
    return this.#random.pick<() => string>([
      () => this.#leaf('number') ?? '1.5',
      () => `${int()} * 1.5`,
      () => `round(${number()}::numeric, 2)`,
      () => `${int()}::numeric(10,2)`,
      () => `(${int()})::float8 + 0.1`,
      () => `sqrt(abs(${int()}))`,
      () => `greatest(${number()}, ${int()})`,
      () => `-(-(${number()}))`,
      () => `extract(year from timestamp '2026-01-01')`,
      () => `coalesce(${number()}, -1)`,
    ])();
  }

  text(depth = 2): string {
    const { int, text, bool } = this.#parts(depth);
    if (depth <= 0) return this.#leaf('text') ?? this.#random.pick(["'a'", "'b'::text", "''", "'x''y'"]);
    return this.#random.pick<() => string>([
      () => this.#leaf('text') ?? "'q'",
      () => this.#leaf('text') ?? "'q'::varchar(3)",
      () => `${text()} || '-' || ${text()}`,
      () => `upper(${text()})`,
      () => `${int()}::text`,
      () => `(${int()} || ' x')`,
      () => `substring(${text()} from 1 for 2)`,
      () => `substring(${text()} from 2)`,
      () => `substring(${text()} similar 'a#"b#"c' escape '#')`,
      () => `overlay(${text()} placing 'z' from 1 for 1)`,
      () => `trim(both 'x' from ${text()})`,
      () => `trim(leading from ${text()})`,
      () => `btrim(${text()})`,
      () => `coalesce(${text()}, 'none')`,
      () => `nullif(${text()}, '')`,
      () => `case ${int()} when 1 then 'one' else ${text()} end`,
      () => `case when ${bool()} then ${text()} end`,
      () => `(${text()})::varchar(5)`,
      () => `(${text()})::char(4)`,
      () => `cast(${text()} as varchar)`,
      () => `(${text()} collate "C")`,
      () => `left(${text()}, -1)`,
      () => `replace(${text()}, E'\\\\', '/')`,
      () => `(array['a', 'b'])[${int()}]`,
      () => `('{"a": 1}'::jsonb ->> 'a')`,
      () => `('{"a": {"b": 1}}'::jsonb #>> '{a,b}')`,
      () => `(('{"a": "x"}'::jsonb)['a'])::text`,
      () => `normalize(${text()}, nfc)`,
      () => `regexp_replace(${text()}, '(a)', '\\1\\1', 'g')`,
      () => `greatest(${text()}, 'b')`,
      ...(this.#setting.immutable
        ? []
        : [
            () => `to_char(now(), 'YYYY')`,
            () => `format('%s-%s', ${int()}, ${text()})`,
            () => `concat_ws(', ', ${text()}, ${int()})`,
            () => `xmlserialize(content xmlelement(name foo, xmlattributes(1 as bar), ${text()}) as text)`,
            () => `xmlforest(${text()} as x, 2 as "Y")::text`,
            () => `session_user::text`,
            () => `current_schema`,
            () => `current_catalog::text`,
          ]),
    ])();
  }

  time(depth = 2): string {
    if (depth <= 0 || this.#setting.immutable) return this.#leaf('time') ?? `timestamp '2026-01-01 00:00:00'`;
    return this.#random.pick<() => string>([
      () => this.#leaf('time') ?? 'now()',
      () => `now() at time zone 'UTC'`,
      () => `(${this.time(depth - 1)})::timestamptz at time zone 'Europe/Berlin'`,
      () => `date_trunc('month', now())`,
      () => `current_timestamp(3)`,
      () => `localtimestamp`,
      () => `current_date::timestamp`,
      () => `timestamptz '2026-01-01 00:00+00' - interval '1' day`,
      () => `make_timestamp(2026, 1, 1, 0, 0, 0)`,
    ])();
  }

  any(depth = 2): string {
    const columns = this.#columns;
    return this.#random.pick<() => string>([
      () => this.int(depth),
      () => this.text(depth),
      () => this.number(depth),
      () => this.bool(depth),
      ...(columns.length > 0 ? [() => this.#random.pick(columns).name] : []),
      ...(columns.length > 0 ? [() => this.#random.pick(columns).name] : []),
      ...(this.#setting.immutable ? [] : [() => this.time(depth)]),
    ])();
  }

  #parts(depth: number) {
    return {
      int: () => this.int(depth - 1),
      text: () => this.text(depth - 1),
      number: () => this.number(depth - 1),
      bool: () => this.bool(depth - 1),
      any: () => this.any(depth - 1),
      array: () =>
        this.#random.pick([
          `array[1, ${this.int(depth - 1)}]`,
          "'{1,2}'::int[]",
          `array[${this.int(0)}] || 5`,
        ]),
    };
  }

  #leaf(sort: Sort): string | undefined {
    const found = this.#columns.filter((column) => column.sort === sort);
    return found.length > 0 ? this.#random.pick(found).name : undefined;
  }
}
