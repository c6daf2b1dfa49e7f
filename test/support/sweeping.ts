import type { Target } from '../../lib/domain/plan/policy.ts';
import type { ScratchRecord } from '../../lib/domain/runs/scratch-record.ts';
import type { ScratchOrder } from '../../lib/ports/platform.ts';
import { type SweepDeps, sweep } from '../../lib/workflows/watch/sweep.ts';
import { credentials, policy, target } from './builders.ts';
import { manualClock } from './doubles/clock.ts';
import { memoryDeps } from './doubles/deps.ts';
import { memoryScratchInstances, memoryScratchSecrets } from './doubles/scratch-instances.ts';
import { scratchOrder, scratchRecord, scratchTags } from './scratches.ts';

/** A stage at noon whose targets’ secrets lead to production. */
export function sweepWorld(targets: Target[] = [target({ platform: { kind: 'rds', id: 'crm-db' } })]) {
  const clock = manualClock('2026-11-20T12:00:00Z');
  const base = memoryDeps(clock);
  const { catalog } = base;
  const scratch = memoryScratchInstances({ steps: 1 });
  const scratchSecrets = memoryScratchSecrets();
  /** Where the secrets of targets lead; an error is what reading one fails with. */
  const hosts: Record<string, string | Error> = {};
  const deps: SweepDeps = {
    ...base,
    scratch,
    scratchSecrets,
    plan: { schemaVersion: 1, policies: [policy()], targets },
    secrets: {
      async credentials({ id }) {
        const host = hosts[id];
        if (host instanceof Error) throw host;
        return credentials(host === undefined ? {} : { host });
      },
    },
  };
  return {
    deps,
    clock,
    catalog,
    scratch,
    scratchSecrets,
    hosts,
    /** What a rehearsal left behind: instance, parameters, secret and, unless null, record. */
    async leave(changes: Partial<ScratchOrder> = {}, onRecord: Partial<ScratchRecord> | null = {}) {
      const order = scratchOrder(changes);
      await scratch.quarantineParameters(order.kind, 'default.postgres15', order.name, order.tags);
      await scratchSecrets.create(order.name, order.tags);
      scratch.putStray({ ...order, parameterGroup: order.name });
      if (order.kind === 'aurora') await scratch.addMember(order);
      const { kind, name } = order;
      if (onRecord) await catalog.beginScratch(scratchRecord({ kind, name, ...onRecord }));
    },
    /** What a rehearsal left behind whose instance is gone: its parameters and its secret. */
    async leaveParameters(tags: Record<string, string> = {}) {
      const { kind, name } = scratchOrder();
      await scratch.quarantineParameters(kind, 'default.postgres15', name, scratchTags(tags));
      await scratchSecrets.create(name, scratchTags(tags));
    },
    /** Looks so many times, five minutes apart; rejects when a look has failures. */
    async look(times = 1): Promise<string[]> {
      const found: string[] = [];
      for (let look = 0; look < times; look++) {
        const { findings, failures } = await sweep(deps, clock.now());
        found.push(...findings.map(({ code, target: of, subject }) => `${code} ${of} ${subject}`));
        if (failures.length > 0) throw new Error(failures.join('; '));
        await clock.advance(300);
      }
      return found;
    },
    left: async () => [
      ...scratch.left(),
      ...scratchSecrets.left(),
      ...(await catalog.openScratches()).map(({ name }) => `record ${name}`),
    ],
  };
}
