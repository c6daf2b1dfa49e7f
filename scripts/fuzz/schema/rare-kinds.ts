import { Expressions } from './expressions.ts';
import { namedColumns, newColumn } from './make-table.ts';
import type { SchemaDraft } from './schema-draft.ts';

type Make = (draft: SchemaDraft) => void;

const EXTENSIONS =
  'hstore citext pg_trgm btree_gist ltree intarray unaccent uuid-ossp cube isn lo seg fuzzystrmatch tablefunc btree_gin'.split(
    ' ',
  );
/** The type of an extension that columns can have. */
const TYPE_OF = new Map(
  ['hstore', 'citext', 'ltree', 'cube', 'isn', 'seg'].map((name) => [name, name === 'isn' ? 'isbn' : name]),
);

/** Kinds that few databases have, each in a few shapes. */
export const RARE_KINDS: readonly Make[] = [
  (draft) => {
    const { sql } = draft.name('conf');
    draft.add(
      `create text search configuration ${sql} (${draft.random.pick(['copy = english', 'parser = "default"', 'copy = simple'])})`,
    );
    draft.add(
      `alter text search configuration ${sql} ${draft.random.pick(['alter mapping for asciiword, word with simple, english_stem', 'drop mapping if exists for url', 'add mapping for asciiword with simple'])}`,
    );
    draft.things.push({ kind: 'TEXT SEARCH CONFIGURATION', sql });
  },
  (draft) => {
    const { sql } = draft.name('dict');
    draft.add(
      `create text search dictionary ${sql} (${draft.random.pick(['template = simple, accept = false', "template = snowball, language = 'german'", 'template = simple, stopwords = english'])})`,
    );
    draft.things.push({ kind: 'TEXT SEARCH DICTIONARY', sql });
    const conf = draft.things.find(({ kind }) => kind === 'TEXT SEARCH CONFIGURATION');
    if (conf)
      draft.add(
        `alter text search configuration ${conf.sql} alter mapping for asciiword with ${sql}, simple`,
      );
  },
  (draft) => {
    const { schema, sql } = draft.name('op');
    const sign = draft.random.pick(['<->', '@#@', '===', '~~~', '!!!', '|=|']);
    draft.add(
      `create function ${sql}(a text, b int) returns boolean language sql immutable as 'select length(a) > b'`,
    );
    draft.add(
      `create operator ${schema}.${sign} (function = ${sql}, leftarg = text, rightarg = int${draft.random.pick(['', ', restrict = scalargtsel, join = scalargtjoinsel', `, negator = operator(${schema}.!==)`])})`,
    );
    draft.things.push({ kind: 'OPERATOR', sql: `${schema}.${sign} (text, int)` });
    const table = draft.any('table');
    if (table) draft.add(`alter table ${table.sql} add check ('a' operator(${schema}.${sign}) 3 or true)`);
  },
  (draft) => {
    const type = draft.types.find(({ sql }) => sql.includes('mood') || sql.includes('pair'));
    const { sql } = draft.name('tocast');
    if (!type) return;
    draft.add(
      `create function ${sql}(${type.sql}) returns integer language sql immutable as 'select 1'`,
      `create cast (${type.sql} as integer) with function ${sql}(${type.sql})${draft.random.pick(['', ' as assignment', ' as implicit'])}`,
      `comment on cast (${type.sql} as integer) is 'a cast'`,
    );
  },
  (draft) => {
    const { sql } = draft.name('coll');
    draft.add(
      `create collation ${sql} (${draft.random.pick(["provider = icu, locale = 'de-u-co-phonebk'", "provider = icu, locale = 'und-u-ks-level2', deterministic = false", "provider = libc, locale = 'C'", "lc_collate = 'C', lc_ctype = 'C.UTF-8'", ...(draft.major >= 16 ? ["provider = icu, locale = 'und', rules = '&a < g'"] : []), ...(draft.major >= 17 ? ["provider = builtin, locale = 'C.UTF-8'"] : [])])})`,
    );
    draft.things.push({ kind: 'COLLATION', sql });
    const table = draft.any('table');
    if (table)
      draft.add(
        `alter table ${table.sql} add column ${draft.loose('coll', table.taken)} text collate ${sql} default 'x'`,
      );
  },
  (draft) => {
    const { random } = draft;
    const tables = random.some(draft.of('table', 'partitioned'), 2);
    const name = draft.loose('pub');
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
        ? ` where (${new Expressions(random, namedColumns(of.columns), { immutable: true }).bool()})`
        : '';
    draft.add(
      `create publication ${name} ${random.pick(['for all tables', `for tables in schema ${random.pick(draft.schemas)}`, tables.length > 0 ? `for table ${tables.map((of) => `${random.pick(['', 'only '])}${of.sql}${columns(of)}${filter(of)}`).join(', ')}` : '', ''])}${random.pick(['', " with (publish = 'insert')", ' with (publish_via_partition_root)'])}`,
    );
    draft.things.push({ kind: 'PUBLICATION', sql: name });
  },
  (draft) => {
    const { random } = draft;
    const name = draft.loose('srv');
    draft.add(
      'create extension if not exists postgres_fdw',
      `create server ${name} ${random.pick(['', "type 'a' version '1' "])}foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1', dbname 'it''s')`,
    );
    draft.things.push({ kind: 'SERVER', sql: name });
    draft.add(
      `create user mapping for ${random.pick([draft.role(), 'public'])} server ${name} options (user 'u', password 'p''w')`,
    );
    if (random.chance(0.3)) draft.add(`grant usage on foreign server ${name} to ${draft.role()}`);
    const { schema, sql } = draft.name('ft');
    const taken = new Set<string>();
    const columns = [newColumn(draft, taken), newColumn(draft, taken)];
    const parent = draft.any('partitioned');
    if (parent && random.chance(0.3))
      draft.add(`create foreign table ${sql} partition of ${parent.sql} default server ${name}`);
    else
      draft.add(
        `create foreign table ${sql} (${columns.map(({ definition }) => definition).join(', ')}${random.chance(0.3) ? ', check (1 in (1, 2))' : ''}) server ${name} options (schema_name 's', table_name 't"')`,
      );
    if (random.chance(0.4))
      draft.add(
        `alter foreign table ${sql} alter ${columns[0]!.column.name} options (add column_name 'x y')`,
      );
    draft.relations.push({
      sql,
      schema,
      kind: 'foreign',
      columns: columns.map(({ column }) => column),
      taken,
    });
    draft.things.push({ kind: 'FOREIGN TABLE', sql });
  },
  (draft) => {
    const { sql } = draft.name('evt');
    const name = draft.loose('ev');
    draft.add(
      `create function ${sql}() returns event_trigger language plpgsql as $$ begin null; end $$`,
      `create event trigger ${name} on ${draft.random.pick(["ddl_command_end when tag in ('CREATE TABLE', 'ALTER TABLE')", 'sql_drop', 'table_rewrite', 'ddl_command_start'])} execute function ${sql}()`,
    );
    if (draft.random.chance(0.4))
      draft.add(
        `alter event trigger ${name} ${draft.random.pick(['disable', 'enable always', 'enable replica'])}`,
      );
    if (draft.random.chance(0.4)) draft.add(`comment on event trigger ${name} is 'an event trigger'`);
  },
  (draft) => {
    const oid = draft.random.between(20_000, 90_000);
    draft.add(`select lo_from_bytea(${oid}, '\\x${draft.random.pick(['00ff', '', '616263'.repeat(900)])}')`);
    if (draft.random.chance(0.5)) draft.add(`alter large object ${oid} owner to ${draft.role()}`);
    if (draft.random.chance(0.5)) draft.add(`grant select on large object ${oid} to ${draft.role()}`);
    if (draft.random.chance(0.3)) draft.add(`comment on large object ${oid} is 'large'`);
    draft.add(`grant select on large object ${oid} to fuzz_dump`);
  },
  (draft) => {
    const { random } = draft;
    const name = random.pick(EXTENSIONS);
    draft.add(`create extension if not exists "${name}" schema ${random.pick(draft.schemas)}`);
    if (random.chance(0.3)) draft.add(`comment on extension "${name}" is 'ours'`);
    const schema = random.pick(draft.schemas);
    const type = TYPE_OF.get(name);
    if (type)
      draft.types.push({ sql: `${schema}.${type}`, sort: 'other', values: ["'a'", "'1'"], ordered: true });
  },
  (draft) => {
    const { sql } = draft.name('conv');
    draft.add(`create conversion ${sql} for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8`);
    draft.things.push({ kind: 'CONVERSION', sql });
  },
  (draft) => {
    const table = draft.any('table');
    if (!table || !draft.types.length) return;
    const of = draft.types.filter(({ sql }) => sql.includes('pair'));
    if (of.length === 0) return;
    const { schema, sql } = draft.name('typed');
    draft.add(`create table ${sql} of ${draft.random.pick(of).sql}`);
    draft.relations.push({ sql, schema, kind: 'table', columns: [], taken: new Set() });
  },
  (draft) => {
    const { random } = draft;
    if (draft.major < 18) return;
    const { schema, sql } = draft.name('periods');
    draft.add(
      'create extension if not exists btree_gist',
      `create table ${sql} (id int, valid ${random.pick(['daterange', 'int4range'])}, primary key (id, valid without overlaps))`,
      `create table ${sql.replace(/"$|$/, (end) => `_ref${end}`)} (id int, valid daterange, foreign key (id, period valid) references ${sql} (id, period valid))`,
    );
    draft.relations.push({ sql, schema, kind: 'table', columns: [], taken: new Set() });
  },
];

export function makeOperatorClass(draft: SchemaDraft): void {
  const { schema, sql } = draft.name('ocmp');
  const family = draft.name('fam', schema);
  draft.add(`create operator family ${family.sql} using btree`);
  draft.things.push({ kind: 'OPERATOR FAMILY', sql: `${family.sql} using btree` });
  draft.add(
    `create operator class ${sql} for type int4 using btree family ${family.sql} as operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 btint4cmp(int4, int4)`,
  );
  draft.things.push({ kind: 'OPERATOR CLASS', sql: `${sql} using btree` });
  draft.add(
    `alter operator family ${family.sql} using btree add operator 1 < (int4, int8), function 1 (int4, int8) btint48cmp(int4, int8)`,
  );
}

export function makeAccessMethod(draft: SchemaDraft): void {
  const { sql } = draft.name('am');
  draft.add(`create access method ${sql.split('.').at(-1)!} type index handler bthandler`);
}
