import { dataLine, parseToc } from '../../../lib/adapters/postgres/toc.ts';
import { UnderstudyError } from '../../../lib/domain/errors.ts';
import type { DatabaseEngine, HeldSource } from '../../../lib/ports/database.ts';
import { dump } from '../../../lib/workflows/dump.ts';
import { manifest, policy, target } from '../../support/builders.ts';
import { memoryAlerts } from '../../support/doubles/alerts.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryMessages } from '../../support/doubles/job-messages.ts';
import { recordingLog } from '../../support/doubles/log.ts';
import { recordingMetrics } from '../../support/doubles/metrics.ts';
import { memoryVault } from '../../support/doubles/vault.ts';

/** A dump is done only when its archive lists exactly the tables that were counted, whatever they are called. */

type Table = [schema: string, name: string, owner?: string];

/** A source whose archive lists these lines and whose tables are these. */
function engineOf(tables: Table[], listing: string, changed?: Error): DatabaseEngine {
  const { source, largeObjects } = manifest();
  const held: HeldSource = {
    facts: source,
    extensions: [],
    parameters: [],
    content: async () => ({
      schema: {},
      tables: tables.map(([schema, name]) => ({ schema, name, rows: '0', fingerprint: '0:0' })),
      largeObjects,
    }),
    dataLines: async () => tables.map(([schema, name, owner = 'crm']) => dataLine({ schema, name, owner })),
    unchanged: () => (changed ? Promise.reject(changed) : Promise.resolve()),
    archive: () => ({
      stream: (async function* () {
        yield Buffer.from('archive');
      })(),
      client: { version: '15.18', compression: '1' },
      toc: Promise.resolve(parseToc(listing)),
      kill: () => undefined,
    }),
    roles: async () => Buffer.from('create role crm;'),
    sequences: async () => [],
    columnMaxima: async (sequences) => [...sequences],
    watchForBlocked: async () => undefined,
    release: async () => undefined,
  };
  const unasked = () => Promise.reject(new Error('not asked for'));
  return { hold: async () => held, inspect: unasked, doctor: unasked };
}

async function dumped(tables: Table[], listing: string, changed?: Error): Promise<string> {
  const clock = manualClock();
  const credentials = {
    host: 'h',
    port: 1,
    database: 'd',
    user: 'u',
    password: 'p',
    sslmode: 'disable' as const,
  };
  const deps = {
    plan: { schemaVersion: 1 as const, policies: [policy()], targets: [target()] },
    catalog: memoryCatalog(clock),
    alerts: memoryAlerts(),
    messages: memoryMessages(clock),
    vault: memoryVault(clock),
    engine: engineOf(tables, listing, changed),
    secrets: { credentials: async () => credentials },
    metrics: recordingMetrics(),
    log: recordingLog(),
    clock,
    stage: 'test',
    secondsLeft: () => 900,
  };
  const job = {
    job: 'dump' as const,
    target: 'crm',
    scheduledFor: '2026-11-20T12:00:00Z',
    requestedBy: 'schedule',
  };
  return dump(job, deps).then(
    ({ outcome }) => outcome,
    (error: Error & { code?: string }) => error.code ?? error.message,
  );
}

/** The listings are pg_restore 15's own. */
test.each<[string, Table[], string]>([
  [
    'plain names',
    [
      ['public', 'leads'],
      ['public', 'invoices'],
    ],
    '3381; 0 16387 TABLE DATA public leads crm\n3382; 0 16388 TABLE DATA public invoices crm',
  ],
  [
    'a table with blanks in its name',
    [['public', 'the leads']],
    '3381; 0 16387 TABLE DATA public the leads crm',
  ],
  ['a line break in a name', [['public', 'line\nbreak']], '3382; 0 16397 TABLE DATA public line break crm'],
  ['a schema with blanks', [['my schema', 'leads']], '3381; 0 16390 TABLE DATA my schema leads crm'],
  [
    'an owner with blanks',
    [['public', 'owned', 'The Owner']],
    '3384; 0 16401 TABLE DATA public owned The Owner',
  ],
  [
    'two tables that are listed alike',
    [
      ['a b', 'c'],
      ['a', 'b c'],
    ],
    '3381; 0 16390 TABLE DATA a b c crm\n3382; 0 16391 TABLE DATA a b c crm',
  ],
  [
    'a schema called DATA',
    [['DATA', 'plain']],
    '216; 1259 16387 TABLE DATA plain crm\n3380; 0 16387 TABLE DATA DATA plain crm',
  ],
])('%s are no reason to refuse a dump', async (_, tables, listing) => {
  expect(await dumped(tables, listing)).toBe('done');
});

test.each<[string, Table[], string]>([
  [
    'lacks a table',
    [
      ['public', 'leads'],
      ['public', 'invoices'],
    ],
    '3381; 0 16387 TABLE DATA public leads crm',
  ],
  [
    'has a table that was not counted',
    [['public', 'leads']],
    '3381; 0 16387 TABLE DATA public leads crm\n3382; 0 16388 TABLE DATA public invoices crm',
  ],
  ['has another table', [['public', 'leads']], '3381; 0 16387 TABLE DATA public laeds crm'],
  [
    'has a table of the same name elsewhere',
    [['public', 'leads']],
    '3381; 0 16387 TABLE DATA other leads crm',
  ],
  ['has only the table and not its data', [['public', 'leads']], '220; 1259 16401 TABLE public leads crm'],
  [
    'lacks a table of a schema with blanks',
    [
      ['my schema', 'a'],
      ['my schema', 'b'],
    ],
    '3382; 0 16388 TABLE DATA my schema a crm',
  ],
  [
    'lacks one of two tables that are listed alike',
    [
      ['a b', 'c'],
      ['a', 'b c'],
    ],
    '3381; 0 16390 TABLE DATA a b c crm',
  ],
  [
    'has another table, and blanks elsewhere',
    [
      ['public', 'leads'],
      ['my schema', 'a'],
    ],
    '3381; 0 16387 TABLE DATA public laeds crm\n3382; 0 16388 TABLE DATA my schema a crm',
  ],
])('an archive that %s is no dump', async (_, tables, listing) => {
  expect(await dumped(tables, listing)).toBe('toc-mismatch');
});

test('an archive made while definitions changed is no dump', async () => {
  const changed = new UnderstudyError('schema-changing', 'function f changed');
  expect(await dumped([['public', 'leads']], '3381; 0 16387 TABLE DATA public leads crm', changed)).toBe(
    'schema-changing',
  );
});
