import { dataLine, parseToc } from '../../lib/adapters/engines/postgres/toc.ts';
import type { DumpPoint } from '../../lib/domain/points/recovery-point.ts';
import type { VerifyJob } from '../../lib/domain/runs/job.ts';
import type { HeldSource } from '../../lib/ports/database.ts';
import type { DumpDeps } from '../../lib/workflows/dump/capture.ts';
import { dump } from '../../lib/workflows/dump/dump.ts';
import { type VerifyDeps, verify } from '../../lib/workflows/verify/verify.ts';
import { credentials, manifest } from './builders.ts';
import { manualClock } from './doubles/clock.ts';
import { memoryDeps } from './doubles/deps.ts';
import { memoryVault } from './doubles/vault.ts';
import { planWith } from './plan.ts';

export type Table = [schema: string, name: string, owner?: string];
type Engine = DumpDeps['engine'] & VerifyDeps['engine'];

/** A source whose archive lists these lines and whose tables are these; `changed` is why its definitions are none. */
export function engineOf(tables: Table[], listing: string, changed?: Error): Engine {
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
  return {
    hold: async () => held,
    databases: {} as Engine['databases'],
    async inspect(stream) {
      for await (const _ of stream);
      return {};
    },
  };
}

const LEADS = engineOf([['public', 'leads']], '3381; 0 16387 TABLE DATA public leads crm');

/** A target at its hour whose dumps go into a vault in memory; its database has one table unless another engine is given. */
export function dumpWorld(policy?: string, engine: Engine = LEADS) {
  const clock = manualClock('2026-11-20T01:00:00Z');
  const vault = memoryVault(clock);
  const deps: DumpDeps & VerifyDeps & ReturnType<typeof memoryDeps> = {
    ...memoryDeps(clock),
    vault,
    plan: planWith(policy === undefined ? {} : { policy }),
    secrets: { credentials: async () => credentials() },
    engine: { ...engine },
    secondsLeft: () => 900,
  };
  const common = { target: 'crm', scheduledFor: '2026-11-20T01:00:00Z', requestedBy: 'schedule' };
  const dumpOnce = (scheduledFor = common.scheduledFor) =>
    dump({ ...common, job: 'dump', scheduledFor }, deps);
  return {
    ...deps,
    deps,
    vault,
    dumpOnce,
    /** Dumps, and hands over the point. */
    async dumped(scheduledFor = common.scheduledFor): Promise<DumpPoint> {
      await dumpOnce(scheduledFor);
      return (await deps.catalog.pointAt('crm', scheduledFor))!;
    },
    /** Verifies a point, or the newest that is not verified. */
    verify: (point?: string, more: Partial<VerifyJob> = {}) =>
      verify({ ...common, job: 'verify', again: false, ...(point ? { point } : {}), ...more }, deps),
  };
}
