/** Which expressions can be made of a column. */
export type Sort = 'int' | 'number' | 'text' | 'bool' | 'time' | 'json' | 'other';

/** A type as a column's definition names it, with values of it as expressions. */
export type ColumnType = {
  sql: string;
  sort: Sort;
  values: readonly string[];
  /** Can it be ordered, and so be a key? */
  ordered: boolean;
  /** Expressions for a DEFAULT, in addition to its values. */
  defaults?: readonly string[];
};

const type = (
  sql: string,
  sort: Sort,
  values: readonly string[],
  defaults: readonly string[] = [],
  ordered = true,
): ColumnType => ({ sql, sort, values, ordered, defaults });
const unordered = (sql: string, values: readonly string[], defaults: readonly string[] = []) =>
  type(sql, 'other', values, defaults, false);

const WORDS = [
  "''",
  "'a'",
  "'b'",
  "'Zeile\nzwei'",
  "'x''y'",
  "'\\back'",
  "'ü'",
  "'null'",
  "'a,b'",
  "'(1,2)'",
];
const NOW = ['now()', 'current_timestamp', 'clock_timestamp()', "'2026-01-01 00:00:00'", 'localtimestamp(2)'];

export const TYPES: readonly ColumnType[] = [
  type('integer', 'int', ['0', '1', '-1', '2147483647', '42'], ['1 + 1', '-1', "'7'", 'abs(-3)']),
  type('bigint', 'int', ['0', '9223372036854775807', '-5'], ['10', '-1', '(2 ^ 3)', "'5'::smallint"]),
  type('smallint', 'int', ['0', '32767', '-32768'], ['1', "'-1'"]),
  type('numeric', 'number', ['0', "'NaN'", '1.500', "'Infinity'", '-0.001'], ['1', '0.10', 'random()']),
  type(
    'numeric(10,2)',
    'number',
    ['0', '1.5', "'NaN'", '-99999.99'],
    ['0', '1', '-1.005', "'2'::numeric(4,1)"],
  ),
  type('real', 'number', ['0', "'-0'", '1.1', "'NaN'", '3e-20'], ['0.5', '1']),
  type('double precision', 'number', ['0', "'-0'", '0.1', "'-Infinity'", '1e300'], ['0', 'pi()', '-1.5']),
  type('text', 'text', WORDS, [
    "'x'",
    "upper('a')",
    'current_user',
    "'a' || 'b'",
    "current_setting('TimeZone')",
    "coalesce(null, 'x')",
    "E'a\\nb'",
  ]),
  type('varchar(20)', 'text', WORDS, [
    "'x'",
    "'x'::varchar",
    "lower('A')",
    "concat('a', 'b')",
    "substring('abc' from 2)",
  ]),
  type('varchar', 'text', WORDS, ["'y'"]),
  type('char(5)', 'text', ["''", "'a'", "'abcde'", "'ab '"], ["'a'", "'ab'::text"]),
  type('"char"', 'text', ["'a'", "''"], ["'z'"]),
  type('name', 'text', ["'a'", "'Name'"], ['current_user', "'n'"]),
  type('boolean', 'bool', ['true', 'false'], ['true', 'not false', '(1 = 1)', "'yes'"]),
  type(
    'date',
    'time',
    ["'2026-01-01'", "'infinity'", "'0044-03-15 BC'"],
    ['current_date', "'2026-02-03'", 'now()', "date '2026-01-01' + 3"],
  ),
  type('time(3)', 'other', ["'12:00:00.1234'", "'24:00'"], ["'01:02'", 'localtime', 'current_time(2)']),
  type('timetz', 'other', ["'12:00+02'", "'00:00-11:30'"], ['current_time', "'10:00+01'"]),
  type('timestamp(3)', 'time', ["'2026-01-01 12:34:56.7891'", "'-infinity'"], NOW),
  type('timestamp', 'time', ["'2026-03-29 02:30'", "'infinity'"], NOW),
  type(
    'timestamptz',
    'time',
    ["'2026-03-29 02:30+00'", "'1900-01-01 00:00:12 Europe/Berlin'"],
    [...NOW, "now() at time zone 'UTC'", "now() + interval '1 day'"],
  ),
  type('timestamptz(0)', 'time', ["'2026-03-29 02:30:00.6+00'"], NOW),
  type(
    'interval',
    'other',
    ["'1 mon -2 days 03:04:05.6'", "'0'"],
    ["'1 day'", "interval '1' hour", 'make_interval(days => 3)'],
  ),
  type('interval day to second(2)', 'other', ["'1 2:03:04.567'"], ["'2 days'"]),
  type(
    'uuid',
    'other',
    ["'00000000-0000-0000-0000-000000000001'"],
    ['gen_random_uuid()', "'00000000-0000-0000-0000-000000000002'"],
  ),
  unordered(
    'json',
    ['\'{"b": 1,  "a": null}\'', "'[]'"],
    ["'{}'", "'[1]'::json", "json_build_object('a', 1)"],
  ),
  type(
    'jsonb',
    'json',
    ['\'{"b": 1, "a": [1,2]}\'', "'null'", '\'"x"\''],
    ["'{}'", "'{}'::jsonb", "jsonb_build_object('a', 1)", 'to_jsonb(1)'],
  ),
  unordered('jsonpath', ["'$.a[*] ? (@ > 1)'"], ["'$.a'"]),
  unordered('xml', ["'<a>1</a>'", "'text'"], ["'<a/>'", "xmlelement(name a, 'b')"]),
  type('bytea', 'other', ["'\\x00ff'", "''", "'abc'"], ["'\\x01'", "decode('ff', 'hex')"]),
  type('inet', 'other', ["'10.0.0.1/8'", "'::1'"], ["'127.0.0.1'"]),
  type('cidr', 'other', ["'10.0.0.0/8'"], ["'10.1.0.0/16'"]),
  type('macaddr8', 'other', ["'08:00:2b:01:02:03:04:05'"]),
  type('bit(4)', 'other', ["B'1010'"], ["B'0001'", "'1111'", "X'A'", '5::bit(4)']),
  type('varbit(8)', 'other', ["B'1'", "B''"], ["B'01'"]),
  unordered('point', ["'(1,2)'", "'(0.1,-3)'"], ['point(1, 2)', "'(0,0)'"]),
  type('box', 'other', ["'(1,2),(3,4)'"], [], false),
  unordered('path', ["'[(1,2),(3,4)]'"]),
  unordered('circle', ["'<(1,2),3>'"]),
  type('tsvector', 'other', ["'a:1 fat:2A'"], ["to_tsvector('english', 'a fat cat')", "''"]),
  type('tsquery', 'other', ["'fat & !cat'"], ["to_tsquery('simple', 'a')"]),
  type('int4range', 'other', ["'[1,5)'", "'empty'", "'(,)'"], ['int4range(1, 3)', "'[1,2]'"]),
  type('tstzrange', 'other', ["'[2026-01-01,2026-02-01)'"], ["tstzrange(now(), null, '[)')"]),
  type('int8multirange', 'other', ["'{[1,3),[5,6)}'", "'{}'"], ["'{}'", 'int8multirange(int8range(1, 2))']),
  type('money', 'other', ["'1.50'", "'-3'"], ["'1'", '0::money']),
  type('pg_lsn', 'other', ["'0/16B3748'"]),
  type('xid8', 'other', ["'12345'"]),
  type('oid', 'other', ['1', '4294967295'], ['1']),
  type('regclass', 'other', ["'pg_catalog.pg_class'", "'pg_type'"], ["'pg_class'::regclass", "'pg_class'"]),
  type('regtype', 'other', ["'integer'", "'text[]'"], ["'int4'::regtype"]),
  type(
    'integer[]',
    'other',
    ["'{1,2,null}'", "'{}'", "'[0:1]={1,2}'", "'{{1},{2}}'"],
    ["'{}'", 'array[1, 2]', 'array[]::integer[]', "'{1}'::int[]"],
  ),
  type(
    'text[]',
    'other',
    ['\'{a,NULL,"b,c"}\'', '\'{""}\''],
    ["'{}'", "array['a', 'b']", "array['a'::varchar, 'b']", "string_to_array('a,b', ',')"],
  ),
  type('varchar(9)[]', 'other', ["'{a,b}'"], ["'{}'", "array['a']", "'{x,y}'::varchar[]"]),
  type('timestamp(3)[]', 'other', ["'{2026-01-01}'"], ['array[now()]', "'{}'"]),
  type('numeric(6,2)[]', 'other', ["'{1.005,2}'"], ['array[1, 2.5]', "'{}'"]),
  type('oidvector', 'other', ["'1 2 3'"]),
  unordered('aclitem', ["'postgres=r/postgres'"]),
  unordered('pg_snapshot', ["'1:3:2'"]),
];
