import { dataLine, parseToc } from '../../../../lib/adapters/engines/postgres/toc.ts';
import type { HeldSource } from '../../../../lib/ports/database.ts';
import type { DumpDeps } from '../../../../lib/workflows/dump/capture.ts';
import { dump } from '../../../../lib/workflows/dump/dump.ts';
import { manifest, policy, target } from '../../../support/builders.ts';
import { memoryAlerts } from '../../../support/doubles/alerts.ts';
import { memoryCatalog } from '../../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../../support/doubles/clock.ts';
import { memoryMessages } from '../../../support/doubles/job-messages.ts';
import { recordingLog } from '../../../support/doubles/log.ts';
import { recordingMetrics } from '../../../support/doubles/metrics.ts';
import { memoryVault } from '../../../support/doubles/vault.ts';

export type Table = [schema: string, name: string, owner?: string];

/** A source whose archive lists these lines and whose tables are these. */
export function engineOf(tables: Table[], listing: string, changed?: Error): DumpDeps['engine'] {
  const { source, largeObjects } = manifest();
  const facts = tables.map(([schema, name]) => ({ schema, name, rows: '0', fingerprint: '0:0' }));
  const held: HeldSource = {
    facts: source,
    extensions: [],
    parameters: [],
    content: async () => ({ content: { schema: {}, tables: facts, largeObjects }, sequences: [] }),
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
    watchForBlocked: async () => undefined,
    release: async () => undefined,
  };
  return { hold: async () => held };
}

/** What becomes of one dump of such a source: its outcome, or the code of the error that ended it. */
export async function dumped(tables: Table[], listing: string, changed?: Error): Promise<string> {
  const clock = manualClock();
  const account = { user: 'u', password: 'p', sslmode: 'disable' as const };
  const deps = {
    plan: { schemaVersion: 1 as const, policies: [policy()], targets: [target()] },
    catalog: memoryCatalog(clock),
    alerts: memoryAlerts(),
    messages: memoryMessages(clock),
    vault: memoryVault(clock),
    engine: engineOf(tables, listing, changed),
    secrets: { credentials: async () => ({ host: 'h', port: 1, database: 'd', ...account }) },
    metrics: recordingMetrics(),
    log: recordingLog(),
    clock,
    stage: 'test',
    secondsLeft: () => 900,
  };
  const scheduledFor = '2026-11-20T12:00:00Z';
  return dump({ job: 'dump', target: 'crm', scheduledFor, requestedBy: 'schedule' }, deps).then(
    ({ outcome }) => outcome,
    (error: Error & { code?: string }) => error.code ?? error.message,
  );
}
