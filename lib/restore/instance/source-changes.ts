import * as z from 'zod';
import { hintOf, reasonOf } from '../../domain/errors.ts';
import { type Plan, requireTarget } from '../../domain/plan/policy.ts';
import type { SourceSince } from '../../domain/proof/bounded.ts';
import type { HeartbeatRow } from '../../domain/proof/heartbeat-proof.ts';
import { type Manifest, storedObject } from '../../domain/proof/manifest.ts';
import { plusSeconds, utc } from '../../domain/time.ts';
import { withCredentials } from '../../execution/credentials.ts';
import { readManifest } from '../../points/read-manifest.ts';
import type { Credentials, Heartbeat, Instances, Secrets } from '../../ports/database.ts';
import type { Vault } from '../../ports/vault.ts';

export const sourceChangesRequest = z.strictObject({
  ask: z.literal('changes'),
  target: z.string(),
  manifest: storedObject.optional(),
  /** The restored moment: the heartbeat's rows around it are compared. */
  moment: z.string(),
});
export type SourceChangesRequest = z.infer<typeof sourceChangesRequest>;

export const sourceHostsRequest = z.strictObject({ ask: z.literal('hosts'), target: z.string() });
export type SourceHostsRequest = z.infer<typeof sourceHostsRequest>;
/** Where the secrets lead at this moment. */
export type SourceHosts = { target: string; host: string }[];
/** Small enough for a checkpoint: the differences, and six hours of a row a minute; or why the differences are unknown. */
export type SourceChanges = {
  since?: SourceSince;
  failed?: string;
  heartbeat?: HeartbeatRow[];
  heartbeatFailed?: string;
};

export type SourceChangesDeps = {
  plan: Plan;
  vault: Pick<Vault, 'read'>;
  secrets: Secrets;
  instances: Pick<Instances, 'open' | 'since'>;
  heartbeat: Heartbeat;
};

/** How far around the restored moment the heartbeats are compared, in seconds. */
export const HEARTBEAT_BEFORE = 6 * 3600;
const HEARTBEAT_AFTER = 900;
/** The most bytes of differences: a checkpoint holds 256 KB, of which six hours of heartbeat take some 50. */
const LARGEST = 180_000;

/**
 * What the proof of a restored instance needs of its source: what has not changed since the last dump, and the
 * heartbeat. Reads catalogs, counters and a few hundred small rows; no table of the source.
 */
export async function readSourceChanges(
  request: SourceChangesRequest,
  deps: SourceChangesDeps,
): Promise<SourceChanges> {
  const target = requireTarget(deps.plan, request.target);
  const asking = <T>(work: (credentials: Credentials) => Promise<T>) =>
    withCredentials(deps.secrets, target, work);
  const look: SourceChanges = {};
  if (request.manifest) {
    const manifest = await readManifest(deps.vault, request.manifest);
    Object.assign(look, await asking((given) => counted(given, manifest, request.moment, deps)));
  }
  if (target.heartbeat) {
    const from = utc(plusSeconds(request.moment, -HEARTBEAT_BEFORE));
    const until = utc(plusSeconds(request.moment, HEARTBEAT_AFTER));
    // Without its heartbeat the rest is still valid.
    try {
      const rows = await asking((given) => deps.heartbeat.rows(given, from));
      look.heartbeat = rows.filter((row) => row.writtenAt < until);
    } catch (error) {
      look.heartbeatFailed = formatWith(error);
    }
  }
  return look;
}

/**
 * The hosts that applications use now, by the secrets of this target and of other targets that are databases of the
 * same instance.
 */
export async function readSourceHosts(
  request: SourceHostsRequest,
  { plan, secrets }: Pick<SourceChangesDeps, 'plan' | 'secrets'>,
): Promise<SourceHosts> {
  const { id, platform } = requireTarget(plan, request.target);
  const beside = plan.targets.filter(
    (each) => each.connection && (each.id === id || (platform && each.platform?.id === platform.id)),
  );
  return Promise.all(
    beside.map(async (each) => ({ target: each.id, host: (await secrets.credentials(each)).host })),
  );
}

/** The counters' report, if it fits into a checkpoint. */
async function counted(
  credentials: Credentials,
  manifest: Manifest,
  moment: string,
  deps: SourceChangesDeps,
): Promise<Pick<SourceChanges, 'since' | 'failed'>> {
  const since = await deps.instances.since(credentials, manifest, moment);
  const bytes = Buffer.byteLength(JSON.stringify(since));
  if (bytes <= LARGEST) return { since };
  return {
    failed: `${since.written.length} tables were written since the last dump, which is more than the proof can handle (${bytes} of ${LARGEST} bytes); take a dump shortly before the rehearsal`,
  };
}

function formatWith(error: unknown): string {
  const hint = hintOf(error);
  return hint ? `${reasonOf(error)}; ${hint}` : reasonOf(error);
}
