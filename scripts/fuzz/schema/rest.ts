import { Expressions } from './expressions.ts';
import { named, newColumn } from './tables.ts';
import type { World } from './world.ts';

type Make = (world: World) => void;

/** Kinds that few databases have, each in a few shapes. */
export const RARE: readonly Make[] = [
  (world) => {
    const { sql } = world.name('conf');
    world.add(
      `create text search configuration ${sql} (${world.random.pick(['copy = english', 'parser = "default"', 'copy = simple'])})`,
    );
    world.add(
      `alter text search configuration ${sql} ${world.random.pick(['alter mapping for asciiword, word with simple, english_stem', 'drop mapping if exists for url', 'add mapping for asciiword with simple'])}`,
    );
    world.things.push({ kind: 'TEXT SEARCH CONFIGURATION', sql });
  },
  (world) => {
    const { sql } = world.name('dict');
    world.add(
      `create text search dictionary ${sql} (${world.random.pick(['template = simple, accept = false', "template = snowball, language = 'german'", 'template = simple, stopwords = english'])})`,
    );
    world.things.push({ kind: 'TEXT SEARCH DICTIONARY', sql });
    const conf = world.things.find(({ kind }) => kind === 'TEXT SEARCH CONFIGURATION');
    if (conf)
      world.add(
        `alter text search configuration ${conf.sql} alter mapping for asciiword with ${sql}, simple`,
      );
  },
  (world) => {
    const { schema, sql } = world.name('op');
    const sign = world.random.pick(['<->', '@#@', '===', '~~~', '!!!', '|=|']);
    world.add(
      `create function ${sql}(a text, b int) returns boolean language sql immutable as 'select length(a) > b'`,
    );
    world.add(
      `create operator ${schema}.${sign} (function = ${sql}, leftarg = text, rightarg = int${world.random.pick(['', ', restrict = scalargtsel, join = scalargtjoinsel', `, negator = operator(${schema}.!==)`])})`,
    );
    world.things.push({ kind: 'OPERATOR', sql: `${schema}.${sign} (text, int)` });
    const table = world.any('table');
    if (table) world.add(`alter table ${table.sql} add check ('a' operator(${schema}.${sign}) 3 or true)`);
  },
  (world) => {
    const type = world.types.find(({ sql }) => sql.includes('mood') || sql.includes('pair'));
    const { sql } = world.name('tocast');
    if (!type) return;
    world.add(
      `create function ${sql}(${type.sql}) returns integer language sql immutable as 'select 1'`,
      `create cast (${type.sql} as integer) with function ${sql}(${type.sql})${world.random.pick(['', ' as assignment', ' as implicit'])}`,
      `comment on cast (${type.sql} as integer) is 'a cast'`,
    );
  },
  (world) => {
    const { sql } = world.name('coll');
    world.add(
      `create collation ${sql} (${world.random.pick(["provider = icu, locale = 'de-u-co-phonebk'", "provider = icu, locale = 'und-u-ks-level2', deterministic = false", "provider = libc, locale = 'C'", "lc_collate = 'C', lc_ctype = 'C.UTF-8'", ...(world.major >= 16 ? ["provider = icu, locale = 'und', rules = '&a < g'"] : []), ...(world.major >= 17 ? ["provider = builtin, locale = 'C.UTF-8'"] : [])])})`,
    );
    world.things.push({ kind: 'COLLATION', sql });
    const table = world.any('table');
    if (table)
      world.add(
        `alter table ${table.sql} add column ${world.loose('coll', table.taken)} text collate ${sql} default 'x'`,
      );
  },
  (world) => {
    const { random } = world;
    const tables = random.some(world.of('table', 'partitioned'), 2);
    const name = world.loose('pub');
    const columns = (of: (typeof tables)[number]) =>
      random.chance(0.5) && of.key
        ? ` (${random
            .some(
              of.columns.filter(({ given }) => given !== 'generated'),
              9,
            )
            .map(({ name: each }) => each)
            .join(', ')})`
        : '';
    const filter = (of: (typeof tables)[number]) =>
      random.chance(0.4)
        ? ` where (${new Expressions(random, named(of.columns), { immutable: true }).bool()})`
        : '';
    world.add(
      `create publication ${name} ${random.pick(['for all tables', `for tables in schema ${random.pick(world.schemas)}`, tables.length > 0 ? `for table ${tables.map((of) => `${random.pick(['', 'only '])}${of.sql}${columns(of)}${filter(of)}`).join(', ')}` : '', ''])}${random.pick(['', " with (publish = 'insert')", ' with (publish_via_partition_root)'])}`,
    );
    world.things.push({ kind: 'PUBLICATION', sql: name });
  },
  (world) => {
    const { random } = world;
    const name = world.loose('srv');
    world.add(
      'create extension if not exists postgres_fdw',
      `create server ${name} ${random.pick(['', "type 'a' version '1' "])}foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1', dbname 'it''s')`,
    );
    world.things.push({ kind: 'SERVER', sql: name });
    world.add(
      `create user mapping for ${random.pick([world.role(), 'public'])} server ${name} options (user 'u', password 'p''w')`,
    );
    if (random.chance(0.3)) world.add(`grant usage on foreign server ${name} to ${world.role()}`);
    const { schema, sql } = world.name('ft');
    const taken = new Set<string>();
    const columns = [newColumn(world, taken), newColumn(world, taken)];
    const parent = world.any('partitioned');
    if (parent && random.chance(0.3))
      world.add(`create foreign table ${sql} partition of ${parent.sql} default server ${name}`);
    else
      world.add(
        `create foreign table ${sql} (${columns.map(({ definition }) => definition).join(', ')}${random.chance(0.3) ? ', check (1 in (1, 2))' : ''}) server ${name} options (schema_name 's', table_name 't"')`,
      );
    if (random.chance(0.4))
      world.add(
        `alter foreign table ${sql} alter ${columns[0]!.column.name} options (add column_name 'x y')`,
      );
    world.relations.push({
      sql,
      schema,
      kind: 'foreign',
      columns: columns.map(({ column }) => column),
      taken,
    });
    world.things.push({ kind: 'FOREIGN TABLE', sql });
  },
  (world) => {
    const { sql } = world.name('evt');
    const name = world.loose('ev');
    world.add(
      `create function ${sql}() returns event_trigger language plpgsql as $$ begin null; end $$`,
      `create event trigger ${name} on ${world.random.pick(["ddl_command_end when tag in ('CREATE TABLE', 'ALTER TABLE')", 'sql_drop', 'table_rewrite', 'ddl_command_start'])} execute function ${sql}()`,
    );
    if (world.random.chance(0.4))
      world.add(
        `alter event trigger ${name} ${world.random.pick(['disable', 'enable always', 'enable replica'])}`,
      );
    if (world.random.chance(0.4)) world.add(`comment on event trigger ${name} is 'an event trigger'`);
  },
  (world) => {
    const oid = world.random.between(20_000, 90_000);
    world.add(`select lo_from_bytea(${oid}, '\\x${world.random.pick(['00ff', '', '616263'.repeat(900)])}')`);
    if (world.random.chance(0.5)) world.add(`alter large object ${oid} owner to ${world.role()}`);
    if (world.random.chance(0.5)) world.add(`grant select on large object ${oid} to ${world.role()}`);
    if (world.random.chance(0.3)) world.add(`comment on large object ${oid} is 'large'`);
    world.add(`grant select on large object ${oid} to fuzz_dump`);
  },
  (world) => {
    const { random } = world;
    const name = random.pick([
      'hstore',
      'citext',
      'pg_trgm',
      'btree_gist',
      'ltree',
      'intarray',
      'unaccent',
      'uuid-ossp',
      'cube',
      'isn',
      'lo',
      'seg',
      'fuzzystrmatch',
      'tablefunc',
      'btree_gin',
    ]);
    world.add(`create extension if not exists "${name}" schema ${random.pick(world.schemas)}`);
    if (random.chance(0.3)) world.add(`comment on extension "${name}" is 'ours'`);
    const schema = random.pick(world.schemas);
    const of: Record<string, string> = {
      hstore: 'hstore',
      citext: 'citext',
      ltree: 'ltree',
      cube: 'cube',
      isn: 'isbn',
      seg: 'seg',
    };
    if (of[name])
      world.types.push({
        sql: `${schema}.${of[name]}`,
        sort: 'other',
        values: ["'a'", "'1'"],
        ordered: true,
      });
  },
  (world) => {
    const { sql } = world.name('conv');
    world.add(`create conversion ${sql} for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8`);
    world.things.push({ kind: 'CONVERSION', sql });
  },
  (world) => {
    const table = world.any('table');
    if (!table || !world.types.length) return;
    const of = world.types.filter(({ sql }) => sql.includes('pair'));
    if (of.length === 0) return;
    const { schema, sql } = world.name('typed');
    world.add(`create table ${sql} of ${world.random.pick(of).sql}`);
    world.relations.push({ sql, schema, kind: 'table', columns: [], taken: new Set() });
  },
  (world) => {
    const { random } = world;
    if (world.major < 18) return;
    const { schema, sql } = world.name('periods');
    world.add(
      'create extension if not exists btree_gist',
      `create table ${sql} (id int, valid ${random.pick(['daterange', 'int4range'])}, primary key (id, valid without overlaps))`,
      `create table ${sql.replace(/"$|$/, (end) => `_ref${end}`)} (id int, valid daterange, foreign key (id, period valid) references ${sql} (id, period valid))`,
    );
    world.relations.push({ sql, schema, kind: 'table', columns: [], taken: new Set() });
  },
];

export function makeOperatorClass(world: World): void {
  const { schema, sql } = world.name('ocmp');
  const family = world.name('fam', schema);
  world.add(`create operator family ${family.sql} using btree`);
  world.things.push({ kind: 'OPERATOR FAMILY', sql: `${family.sql} using btree` });
  world.add(
    `create operator class ${sql} for type int4 using btree family ${family.sql} as operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 btint4cmp(int4, int4)`,
  );
  world.things.push({ kind: 'OPERATOR CLASS', sql: `${sql} using btree` });
  world.add(
    `alter operator family ${family.sql} using btree add operator 1 < (int4, int8), function 1 (int4, int8) btint48cmp(int4, int8)`,
  );
}

export function makeAccessMethod(world: World): void {
  const { sql } = world.name('am');
  world.add(`create access method ${sql.split('.').at(-1)!} type index handler bthandler`);
}
