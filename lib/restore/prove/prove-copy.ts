import { type ErrorInfo, refusalOf } from '../../domain/errors.ts';
import { does } from '../../domain/plan/engines.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { LeftOut } from '../../domain/proof/exceptions.ts';
import type { Durable } from '../../ports/durable.ts';
import type { InstancePlan } from '../instance/plan-rehearsal.ts';
import type { SourceChanges, SourceChangesRequest } from '../instance/source-changes.ts';
import { mergeProofs, NOTHING_PROVEN, type ProveRequest, type ProveResult } from './proof-slices.ts';

/** What proving a copy needs besides the functions that do it. */
export type ProveCopyDeps = {
  changesFunction: string;
  proveFunction: string;
  /** What has changed in the source up to the moment, where it is known without a look: of a dump, nothing. */
  known?: SourceChanges;
  /** What the load of a dump left out, where it is one. */
  loaded?: LeftOut;
  cancelled?: (() => Promise<ErrorInfo | undefined>) | undefined;
};

/** Why a restored copy cannot be compared; undefined where it can. */
export function whyNotProven(
  { engine, dialect, masterUser }: Pick<InstancePlan, 'engine' | 'dialect' | 'masterUser'>,
  target: Target,
): string | undefined {
  if (masterUser === undefined) return 'the master user is unknown';
  if (!dialect || !does(dialect, 'proof of instances'))
    return `only PostgreSQL can be, and this is ${engine}`;
  return dialect === target.engine
    ? undefined
    : `this is ${engine}, and understudy.yml says ${target.engine}`;
}

/** Reads the source's changes after the restore: by then every write from before the moment has been counted. */
export async function proveCopy(
  target: Target,
  chosen: InstancePlan,
  name: string,
  endpoint: { host: string; port: number },
  durable: Durable,
  deps: ProveCopyDeps,
): Promise<ProveResult> {
  const look: SourceChanges = deps.known
    ? deps.known
    : target.connection
      ? await durable
          .invoke<SourceChangesRequest, SourceChanges>('look at the source', deps.changesFunction, {
            ask: 'changes',
            target: target.id,
            moment: chosen.moment,
            manifest: chosen.manifest,
          })
          .catch((error: Error) => ({ failed: error.message }))
      : {};
  let proof: ProveResult | undefined;
  for (let slice = 1, from: number | undefined = 0; from !== undefined; slice++) {
    const request: ProveRequest = {
      target: target.id,
      name,
      ...endpoint,
      user: chosen.masterUser!,
      database: chosen.database,
      moment: chosen.moment,
      toMoment: 'source' in chosen.from,
      manifest: chosen.manifest,
      since: look.since,
      heartbeat: look.heartbeat,
      ...(deps.loaded ? { loaded: deps.loaded } : {}),
      from,
    };
    const cancelled =
      slice > 1 &&
      (await durable.step(`before part ${slice}`, async () => (await deps.cancelled?.()) ?? null));
    if (cancelled) throw refusalOf(cancelled);
    const part = await durable
      .invoke<ProveRequest, ProveResult>(`prove, part ${slice}`, deps.proveFunction, request)
      .catch((error: Error) => died(error, proof));
    proof = mergeProofs(proof, part);
    from = proof.failure ? undefined : proof.next;
  }
  if (look.failed) proof!.unchecked.push(`the source could not be looked at: ${look.failed}`);
  if (look.since?.incomplete) proof!.unchecked.push(`what was written: ${look.since.incomplete}`);
  if (look.heartbeatFailed) proof!.unchecked.push(`the source’s heartbeat: ${look.heartbeatFailed}`);
  return proof!;
}

/** Results of earlier slices stay, whatever happens to this one. Without any there is only the failure. */
function died(error: Error, before: ProveResult | undefined): ProveResult {
  if (!before) throw error;
  const failure = {
    code: 'proof-died',
    message: `the function that proves died: ${error.message}`,
    hint: 'its log says why; out of memory and out of time are the usual reasons',
  };
  return { ...NOTHING_PROVEN, failure };
}
