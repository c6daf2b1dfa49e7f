import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { catalog, files } from '../../../lib/runtime/compose.ts';
import type { ComparisonReport } from '../../../lib/workflows/emergency/compare.ts';
import type { ExtractOutcome } from '../../../lib/workflows/emergency/extract.ts';
import { invokeLocally } from '../../../scripts/local/invoke-locally.ts';
import { psql } from '../../support/compared.ts';
import type { TestDatabase } from '../../support/database.ts';
import { reachable, secondBegins } from '../../support/emergencies.ts';
import { instancePlan } from '../../support/plan.ts';
import { createPlatform, PASSWORD, type Platform } from '../../support/rds-stage.ts';

/** Rows of a moment, brought out of a scratch instance of the local RDS and compared with the living database. */
let platform: Platform;
/** After the rows were written, and before some were deleted. */
let moment: string;

const SECRET = 'a name that only a row has';

beforeAll(async () => {
  platform = await createPlatform(() => instancePlan());
  await platform.source('crm', { id: 'crm-prod' });
  await source(`create table public.leads (id int primary key, name text, at date default current_date);
    create table public.parts (id int, kind text, primary key (id, kind)) partition by list (kind);
    create table public."parts of A" partition of public.parts for values in ('a');
    create table public.others (id int primary key, name text);
    create unlogged table public.quick (id int primary key);
    insert into public.leads select g, '${SECRET}' from generate_series(1, 300) g;
    insert into public.parts select g, 'a' from generate_series(1, 20) g;
    insert into public.others select g, '${SECRET}' from generate_series(1, 50) g;
    insert into public.quick values (1); grant all on all tables in schema public to public`);
  await secondBegins();
  moment = `${new Date().toISOString().slice(0, 19)}Z`;
  await secondBegins();
  await source(`delete from public.leads where id % 10 = 0; delete from public.parts where id > 15;
    insert into public.leads values (1000, 'later')`);
  await reachable(moment);
});
afterAll(async () => {
  await platform.close();
  expect(platform.rds.violations).toEqual([]);
});

const source = (text: string) => platform.rds.instance('crm-prod').sql('crm', text);
const extract = (scheduledFor: string, more: object) =>
  invokeLocally('rehearse-instance', {
    job: 'extract',
    target: 'crm',
    scheduledFor,
    requestedBy: 'test',
    from: 'moment',
    moment,
    ...more,
  }) as Promise<ExtractOutcome>;
const compare = (scheduledFor: string, more = {}) =>
  invokeLocally('compare', {
    ask: 'compare',
    target: 'crm',
    extract: scheduledFor,
    requestedBy: 'test',
    ...more,
  }) as Promise<ComparisonReport>;
const begun = () => platform.rds.calls.filter(({ action }) => action.startsWith('Restore')).length;

test('exactly the rows that were deleted since a moment are found missing, and a patch brings exactly these back', async () => {
  const at = '2026-11-20T10:00:00Z';
  expect(await extract(at, { tables: ['public.leads', 'parts'] })).toMatchObject({
    outcome: 'extracted',
    extracted: { asOf: moment },
  });
  expect(await platform.leftOver()).toEqual([]);
  const report = await compare(at, { patch: { mends: ['missing'], withoutTriggers: false } });
  expect(report).toMatchObject({
    snapshotAt: moment,
    unjudged: [],
    patched: { inserts: 35, updates: 0, deletes: 0 },
  });
  const found = report.tables.map(({ name, missing, extra, changed, rows }) => [
    name,
    missing,
    extra,
    changed,
    rows.copy,
  ]);
  expect(found).toEqual([
    ['leads', 30, 1, 0, 300],
    ['parts', 5, 0, 0, 20],
  ]);
  await apply(report);
  const [lost] = await source(
    'select (select count(*) from public.leads where id <= 300)::int as leads, (select count(*) from public.leads)::int as all, (select count(*) from public.parts)::int as parts',
  );
  expect(lost).toEqual({ leads: 300, all: 301, parts: 20 });
});

test('of a snapshot without tables every one is compared, but for those whose rows no snapshot has, which are named', async () => {
  const taken = await platform.ask('snapshot', '2026-11-20T10:05:00Z');
  expect(taken).toMatchObject({ outcome: 'done' });
  const [snapshot] = (await catalog().points('crm')).filter(({ kind }) => kind === 'snapshot');
  const at = '2026-11-20T10:10:00Z';
  await source("delete from public.others where id = 7; update public.leads set name = 'x' where id = 1");
  const of = { from: 'snapshot', moment: undefined, point: snapshot!.id };
  expect(await extract(at, of)).toMatchObject({ outcome: 'extracted' });
  const report = await compare(at);
  expect(report.tables.map(({ name, missing, changed }) => [name, missing, changed])).toEqual([
    ['leads', 0, 1],
    ['others', 1, 0],
    ['parts', 0, 0],
  ]);
  expect(report).toMatchObject({
    point: snapshot!.id,
    unjudged: [expect.stringContaining('public.quick: it is unlogged')],
  });
  expect(await platform.leftOver()).toEqual([]);
});

test('a condition is answered by the copy itself, and neither it nor a row is on record', async () => {
  const ask = (scheduledFor: string, find: string) => extract(scheduledFor, { find });
  const there = `exists (select from leads where id = 10 and name = '${SECRET}')`;
  expect(await ask('2026-11-20T10:20:00Z', there)).toMatchObject({
    extracted: { holds: true, asOf: moment },
  });
  // The error of the server quotes a row.
  const failed = await ask('2026-11-20T10:22:00Z', 'exists (select from leads where name::int = 7)');
  expect(failed).toMatchObject({ outcome: 'refused', code: 'input-invalid' });
  expect(JSON.stringify([failed, await catalog().runs('crm', 'extract', 100)])).not.toContain(SECRET);
  expect(await platform.leftOver()).toEqual([]);
});

test('a moment that AWS cannot restore is refused, and nothing is made', async () => {
  const before = begun();
  const at = new Date(Date.now() + 3_600_000).toISOString();
  const outcome = await extract('2026-11-20T10:40:00Z', { moment: at });
  expect(outcome).toMatchObject({ outcome: 'refused', code: 'moment-out-of-reach' });
  expect(begun()).toBe(before);
});

/** Applies the patch with psql, as a person would. */
async function apply({ files: { patch } }: ComparisonReport): Promise<void> {
  const file = join(mkdtempSync(join(tmpdir(), 'us-extract-')), 'patch.sql');
  await pipeline(await files().read(patch!), createWriteStream(file, { mode: 0o600 }));
  const { port } = platform.rds.instance('crm-prod');
  const credentials = { host: '127.0.0.1', port, password: PASSWORD };
  await psql({ credentials, name: 'crm' } as TestDatabase, file);
  rmSync(file);
}
