import { randomUUID } from 'node:crypto';
import { type ErrorInfo, toErrorInfo } from '../../domain/errors.ts';
import type { RestoreRecord } from '../../domain/incidents/restore-record.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { RestoreJob } from '../../domain/runs/job.ts';
import { attempt } from '../../execution/durable-run.ts';
import type { Durable } from '../../ports/durable.ts';
import { serverFor } from './choose-beside.ts';
import { type Drill, declareRestore } from './declare.ts';
import { holding } from './holding.ts';
import { restoreLog } from './restore-log.ts';
import type { RestoreDeps, Restoring } from './restoring.ts';

/** A restore that is on record and held, or why it is not: what refuses it, or the one that is under way. */
export type BegunRestore =
  | { restoring: Restoring }
  | { refused: ErrorInfo }
  | { heldBy: RestoreRecord; id: string };

/** Declares a restore and puts it on record. One of a target at a time: the record is the lock. */
export async function beginRestore(
  job: RestoreJob,
  target: Target,
  durable: Durable,
  deps: RestoreDeps,
  drill?: Drill,
): Promise<BegunRestore> {
  const token = await durable.step('draw a token', async () => randomUUID());
  const looked = await serverFor(job, target, durable, deps).then(
    (server) => ({ ok: true as const, server }),
    (error) => ({ ok: false as const, said: toErrorInfo(error) }),
  );
  if (!looked.ok) return { refused: looked.said };
  const declaration = await attempt(durable, 'declare', () =>
    declareRestore(job, target, token, deps, { drill, server: looked.server }),
  );
  if (!declaration.ok) return { refused: declaration.said };
  const declared = declaration.value;
  const record = await durable.step('put it on record', () => deps.catalog.beginRestore(declared.record));
  if (record.token !== token) return { heldBy: record, id: declared.record.id };
  const held = holding(durable, record, deps);
  const log = restoreLog(record, held, deps);
  const of = drill?.of ?? target;
  return {
    restoring: { target, of, declared, log, durable: held, deps: { ...deps, cancelled: log.aborted } },
  };
}
