import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Target } from '../../../../lib/domain/plan/policy.ts';
import type { Manifest, TableFacts } from '../../../../lib/domain/proof/manifest.ts';
import type { Credentials, InstanceCopy } from '../../../../lib/ports/database.ts';
import {
  mergeProofs,
  type ProveRequest,
  type ProveResult,
} from '../../../../lib/restore/prove/proof-slices.ts';
import { type ProveDeps, proveInstance } from '../../../../lib/restore/prove/prove-instance.ts';
import { manifest } from '../../../support/builders.ts';
import { manualClock } from '../../../support/doubles/clock.ts';
import { recordingLog } from '../../../support/doubles/log.ts';
import { memoryScratchSecrets } from '../../../support/doubles/scratch-instances.ts';
import { planOf } from '../../../support/snapshots.ts';

export const NAME = 'understudy-scratch-crm-1';
export const table = (name: string, rows: number, fingerprint = 'f'): TableFacts => ({
  schema: 'public',
  name,
  rows: String(rows),
  fingerprint,
});
/** A dump of two tables, of which events was written since. */
export const DUMPED = manifest({
  schema: { table: { leads: 'e1:l1', events: 'e1:l1' } },
  tables: [table('leads', 3), table('events', 100)],
});
export const SINCE: NonNullable<ProveRequest['since']> = {
  definitions: 'untouched',
  changed: {},
  written: [{ table: 1, inserted: '5', deleted: '2' }],
};
/** How a copy reads its tables when it holds these. */
export const holding =
  (...tables: TableFacts[]): InstanceCopy['table'] =>
  async (_schema, name) =>
    tables.find((each) => each.name === name);

/** A copy that is what the manifest says but for the changes, with two indexes and a table to look into. */
export function proofWorld(
  changes: Partial<InstanceCopy> = {},
  options: { manifest?: Manifest; target?: Partial<Target>; secondsLeft?: () => number } = {},
) {
  const dumped = options.manifest ?? DUMPED;
  const text = Buffer.from(JSON.stringify(dumped));
  const secrets = memoryScratchSecrets();
  const clock = manualClock('2026-11-20T12:00:00Z', { skipping: true });
  const opened: Credentials[] = [];
  const closed: number[] = [];
  const checked: string[] = [];
  const copy: InstanceCopy = {
    schema: async () => structuredClone(dumped.schema),
    table: holding(...dumped.tables),
    checkable: async () =>
      ['leads_pkey', 'events_pkey', 'leads'].map((name) => ({ oid: name, kind: 'index' as const, name })),
    unlogged: () => false,
    holds: async () => false,
    uncheckable: async () => [],
    check: async ({ name }) => void checked.push(name) as undefined,
    value: async () => '1',
    unsilenced: async () => undefined,
    heartbeat: async () => [],
    close: async () => void closed.push(1),
    ...changes,
  };
  const deps = {
    plan: planOf({ target: options.target ?? {} }),
    vault: { read: async () => Readable.from([text]) },
    instances: {
      open: async (credentials: Credentials) => {
        opened.push(credentials);
        return copy;
      },
      since: async () => ({ definitions: 'untouched' as const, changed: {}, written: [] }),
    },
    secrets,
    clock,
    log: recordingLog(),
    secondsLeft: options.secondsLeft ?? (() => 900),
  } satisfies ProveDeps;
  const sha256 = createHash('sha256').update(text).digest('hex');
  const request: ProveRequest = {
    target: 'crm',
    name: NAME,
    host: `${NAME}.example.internal`,
    port: 5432,
    user: 'postgres',
    database: 'crm',
    moment: '2026-11-20T02:00:00Z',
    toMoment: false,
    manifest: { key: 'm', versionId: 'v', bytes: text.length, sha256 },
    since: SINCE,
    from: 0,
  };
  return {
    deps,
    copy,
    opened,
    closed,
    checked,
    request,
    async prove(changes: Partial<ProveRequest> = {}) {
      await secrets.create(NAME, {});
      return proveInstance({ ...request, ...changes }, deps);
    },
    /** All slices, merged, as the rehearsal does. */
    async proveAll() {
      await secrets.create(NAME, {});
      let proof: ProveResult | undefined;
      for (let from: number | undefined = 0, slices = 0; from !== undefined && slices < 50; slices++) {
        proof = mergeProofs(proof, await proveInstance({ ...request, from }, deps));
        from = proof.failure ? undefined : proof.next;
      }
      return proof!;
    },
  };
}
