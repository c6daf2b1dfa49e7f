import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import { s3Vault } from '../../lib/adapters/aws/s3-vault.ts';
import {
  type ArchiveEntry,
  formatEntry,
  readArchiveToc,
  streamArchiveToc,
} from '../../lib/adapters/engines/postgres/restore/archive-toc.ts';
import { listArchive } from '../../lib/adapters/engines/postgres/restore/onto.ts';
import { dataLine, parseToc } from '../../lib/adapters/engines/postgres/toc.ts';
import { headOfVault } from '../../scripts/cli/archive-source.ts';
import type { Session } from '../../scripts/cli/session.ts';
import { point, target } from '../support/builders.ts';
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

  it('is read from the head of a stream, in pieces of any size', async () => {
    const archive = readFileSync(join(directory, 'a.dump'));
    for (const size of [1000, 1 << 16, archive.length])
      expect(await streamArchiveToc(pieces(archive, size))).toEqual(entries);
    await expect(streamArchiveToc(pieces(archive.subarray(0, 20_000), 1000))).rejects.toMatchObject({
      code: 'restore-failed',
    });
  });

  it('is listed from the vault without fetching the rows', async () => {
    const archive = readFileSync(join(directory, 'a.dump'));
    const rows = 96 << 20;
    const server = await serve(archive, rows);
    try {
      const object = { key: 'k', versionId: 'v', bytes: archive.length + rows, sha256: '' };
      const stored = point('2026-11-20T01:00:00Z', { dump: object, manifest: object });
      const session = {
        plan: () => ({ targets: [target()] }),
        invoke: async (_function: string, { ask }: { ask: string }) =>
          ask === 'points' ? [stored] : { bucket: 'vault' },
        bucket: async () => s3Vault(server.client, { bucket: 'vault' }),
      } as unknown as Session;
      const head = await headOfVault(session, 'crm', {}, { say: () => undefined, live: () => undefined });
      const listed = await listArchive(head.chunks);
      expect(listed).toHaveLength(entries.length);
      await server.left();
      // What the two ends of the connection hold in their buffers was sent, too.
      expect(server.sent()).toBeLessThan(rows / 4);
    } finally {
      server.close();
    }
  });
});

async function* pieces(archive: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < archive.length; at += size) yield archive.subarray(at, at + size);
}

/** An S3 of one object: an archive, and as many bytes of rows after its head as somebody takes. */
async function serve(archive: Buffer, rows: number) {
  let sent = 0;
  let gone: () => void;
  const left = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': archive.length + rows });
    const body = Readable.from(
      (function* () {
        yield archive;
        for (let left = rows; left > 0; left -= 1 << 16) yield Buffer.alloc(1 << 16);
      })(),
    );
    body.on('data', (chunk: Buffer) => {
      sent += chunk.length;
    });
    body.pipe(response);
    response.on('close', () => {
      body.destroy();
      gone();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-central-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  return {
    client,
    sent: () => sent,
    left: () => left,
    close: () => {
      client.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}
