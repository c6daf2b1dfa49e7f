import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalog } from '../../lib/runtime/compose.ts';
import { COMMANDS } from '../../scripts/cli/registry/commands.ts';
import { observe, reachable, secondBegins } from '../support/emergencies.ts';
import { instancePlan } from '../support/plan.ts';
import { createPlatform, type Platform } from '../support/rds-stage.ts';
import { begin, UNDERSTUDY, written } from './support.ts';

/** Rows of a moment that AWS backs up, compared and brought back as it is typed. */
let platform: Platform;
let config: string;
let moment: string;
/** When rows were deleted, to a few milliseconds. */
let deleted: number;
const directory = mkdtempSync(join(tmpdir(), 'us-moment-'));

beforeAll(async () => {
  platform = await createPlatform(() => instancePlan());
  await platform.source('crm', { id: 'crm-prod' });
  await source(`create table public.leads (id int primary key, name text);
    insert into public.leads select g, 'lead ' || g from generate_series(1, 200) g;
    grant all on all tables in schema public to public`);
  config = written(`version: 1
policies:
  production:
    objectives: { rpo: { snapshot: 26h }, rto: 1h }
    schedules: { snapshot: "0 1 * * *", preflight: "0 6 * * *", expire: "0 5 * * *" }
    retention: { daily: 35d }
    rehearsal: { instance: { pricePerHour: 0.5 } }
targets:
  crm: { policy: production, rds: crm-prod, connection: { secret: ${platform.stage.name}/crm } }
`);
  await secondBegins();
  moment = now();
  await secondBegins();
  deleted = Date.now();
  await source("delete from public.leads where id > 150; insert into public.leads values (1000, 'later')");
  await secondBegins();
  await reachable(now());
});
afterAll(async () => {
  await platform.close();
  rmSync(directory, { recursive: true });
});

const now = () => `${new Date().toISOString().slice(0, 19)}Z`;
const source = (text: string) => platform.rds.instance('crm-prod').sql('crm', text);
const extracts = () => catalog().runs('crm', 'extract', 100);
/** The local RDS is in this process, so nothing may block it. */
async function ran(...args: string[]) {
  const program = begin(UNDERSTUDY, ['--local', '--config', config, ...args]);
  const status = await program.ended;
  return { status, shown: program.shown() };
}

test('rows that were deleted since a moment are found and brought back by one extract, after its cost was shown', async () => {
  const diff = ['diff', 'crm', '--moment', moment, '--table', 'leads'];
  const asked = await ran(...diff);
  expect([asked.status, asked.shown]).toEqual([2, expect.stringContaining('if you mean it, add --yes')]);
  expect(asked.shown).toMatch(/about 60 min .*0\.50 USD and its storage; 0 s of .* used this month/);
  expect(await extracts()).toEqual([]);

  const found = await ran(...diff, '--yes');
  expect([found.status, found.shown]).toEqual([3, expect.stringMatching(/public\.leads +50 +1 +–/)]);
  expect(found.shown).not.toContain('lead 151');
  const next = /\.\/understudy --local (restore .* --patch)/.exec(found.shown)![1]!;
  expect(next).toBe(`restore crm --moment ${moment} --table leads --patch`);

  const patched = await ran(...next.split(' '), '--output', directory);
  expect([patched.status, patched.shown]).toEqual([0, expect.stringContaining('The patch inserts 50 rows')]);
  expect(patched.shown).toContain('taken from');
  expect(await extracts()).toHaveLength(1);
  const patch = readdirSync(directory).find((file) => file.endsWith('patch.sql'))!;
  expect(readFileSync(join(directory, patch), 'utf8')).toContain('lead 151');
  expect(await platform.leftOver()).toEqual([]);
});

test('a search of moments says first what it takes, and finds when rows went', async () => {
  await observe();
  const find = ['diff', 'crm', '--find', 'exists (select from leads where id = 151)', '--within', '2s'];
  const between = [
    '--after',
    moment,
    '--at',
    `${new Date(Date.parse(moment) + 3000).toISOString().slice(0, 19)}Z`,
  ];
  const asked = await ran(...find, ...between);
  expect([asked.status, asked.shown]).toEqual([2, expect.stringContaining('up to 3 restores')]);
  expect(asked.shown).toContain('about 3 h (a guess: no rehearsal has been measured yet), about 1.50 USD');
  const found = await ran(...find, ...between, '--yes');
  const [, last, gone] =
    /It was true at (\S+ \S+) UTC and no longer true at (\S+ \S+) UTC/.exec(found.shown) ?? [];
  expect([found.status, found.shown]).toEqual([0, expect.stringContaining('no longer true')]);
  const [was, is] = [last!, gone!].map((said) => Date.parse(`${said.replace(' ', 'T')}Z`));
  // The second before it begins, and one that has passed it.
  expect([was! <= deleted, is! + 1000 > deleted, is! - was! <= 2000]).toEqual([true, true, true]);
  expect(await platform.leftOver()).toEqual([]);
});

test('the help shows both commands', () => {
  const examples = COMMANDS.flatMap((each) => each.examples).join('\n');
  for (const typed of ['diff crm-prod --moment ', 'where id = 7)" --within 5m'])
    expect(examples).toContain(typed);
});
