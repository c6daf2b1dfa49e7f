import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ArchiveEntry,
  formatEntry,
  readArchiveToc,
} from '../../lib/adapters/engines/postgres/restore/archive-toc.ts';
import { dataLine, parseToc } from '../../lib/adapters/engines/postgres/toc.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { BIN, take } from '../support/source.ts';

/** Words that pg_dump's own descriptions of entries begin, go on or end with, and what else a name may hold. */
const KEYWORDS =
  'DATA,SET,OWNED BY,ATTACH,ACL,CLASS,FAMILY,VIEW DATA,PROPERTIES,TABLE,TABLES IN SCHEMA,DATA DATA';
const ODD = ['my schema', 'line\nbreak', 'semi;colon', 'quo"te', "apo'strophe", '-', ' ', 'ünï', '%s'];
const WORDS = [...KEYWORDS.split(','), ...ODD, '1; 2 3 TABLE'];
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** One of each kind whose description could run into the name of a schema. */
function objects(schema: string, index: number): string {
  const s = quoted(schema);
  const n = (suffix: string) =>
    `${s}.${quoted(`${WORDS[(index * 7 + suffix.length) % WORDS.length]}${suffix}`)}`;
  return `
    create schema ${s};
    create table ${n('t')} (id serial primary key, x text default 'a' check (x <> '')); comment on table ${n('t')} is 'c';
    create table ${n('part')} (id int) partition by range (id); create table ${n('part1')} partition of ${n('part')} for values from (1) to (9);
    create index on ${n('part')} (id);
    create materialized view ${n('mv')} as select * from ${n('t')}; create unique index on ${n('mv')} (id);
    create view ${n('view')} as select 1 as x; create sequence ${n('seq')};
    create type ${n('type')} as enum ('a'); create domain ${n('domain')} as int check (value > 0);
    create function ${n('func')}(a int, b text) returns int language sql as 'select 1'; create statistics ${n('stats')} on id, x from ${n('t')};
    create operator ${s}.=== (leftarg = int, rightarg = text, procedure = ${n('eq')});
    create operator family ${n('family')} using btree; create text search configuration ${n('ts')} (copy = pg_catalog.english);
    alter table ${n('t')} enable row level security; create policy ${quoted(`${schema}p`)} on ${n('t')} using (true);
    alter default privileges in schema ${s} grant select on tables to public; grant select on ${n('t')} to public;
    insert into ${n('t')} (x) values ('a');`.replace(
    'create operator ',
    `create function ${n('eq')}(int, text) returns boolean language sql immutable as 'select true'; create operator `,
  );
}

describe('the table of contents of an archive', () => {
  let database: TestDatabase;
  let entries: ArchiveEntry[];
  let listing: string;
  const directory = mkdtempSync(join(tmpdir(), 'us-toc-'));

  beforeAll(async () => {
    database = await createDatabase(WORDS.map((schema, index) => objects(schema, index)).join('\n'));
    const { archive } = await take(database.credentials);
    const path = join(directory, 'a.dump');
    writeFileSync(path, archive);
    entries = await readArchiveToc(path);
    listing = execFileSync(join(BIN(), 'pg_restore'), ['--list', path], { encoding: 'utf8' });
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true });
    await database.drop();
  });

  it('has each schema, name, owner, definition and dependency of the archive', () => {
    const schemas = new Set(entries.map(({ schema }) => schema));
    for (const schema of WORDS) expect(schemas).toContain(schema);
    const data = entries.filter(({ type }) => type === 'MATERIALIZED VIEW DATA');
    expect(data.map(({ schema }) => schema).sort()).toEqual([...WORDS].sort());
    const owns = entries.find(({ type, schema }) => type === 'TABLE DATA' && schema === 'my schema')!;
    const table = entries.find(({ type, oid }) => type === 'TABLE' && oid === owns.oid)!;
    expect(owns.needs).toContain(table.id);
    expect(table).toMatchObject({ section: 'pre-data', owner: 'postgres', name: owns.name });
    expect(table.definition).toMatch(/^CREATE TABLE "my schema"\./);
    expect(formatEntry(table)).toBe(`table my schema.${table.name.replace(/\s+/g, ' ')}`);
  });

  it('has the entries and types that pg_restore lists', () => {
    const lines = parseToc(listing).entries;
    const unlisted = ['ENCODING', 'STDSTRINGS', 'SEARCHPATH', 'DATABASE'];
    const listed = entries.filter(({ type }) => !unlisted.includes(type));
    const named = (all: { id: number; type: string }[]) => all.map(({ id, type }) => `${id} ${type}`).sort();
    expect(named(lines)).toEqual(named(listed));
  });

  it('has for each table’s data the line that the dump expects', () => {
    const lines = parseToc(listing).entries.filter(({ type }) => type === 'TABLE DATA');
    const data = entries.filter(({ type }) => type === 'TABLE DATA');
    const expected = data.map(({ schema, name, owner }) => dataLine({ schema: schema!, name, owner }));
    expect(new Set(expected)).toEqual(new Set(lines.map(({ what }) => what)));
  });
});
