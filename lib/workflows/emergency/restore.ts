import { raise, resolve } from '../../alerting/alerts.ts';
import { type ErrorInfo, toErrorInfo } from '../../domain/errors.ts';
import { finding } from '../../domain/findings/finding.ts';
import { lostSeconds, newName, type RestoreRecord } from '../../domain/incidents/restore-record.ts';
import { whatStays } from '../../domain/incidents/what-stays.ts';
import { requireTarget, type Target } from '../../domain/plan/policy.ts';
import type { RestoreJob } from '../../domain/runs/job.ts';
import { humanSeconds, shortMoment, utc } from '../../domain/time.ts';
import type { Durable } from '../../ports/durable.ts';
import { awaitApproval } from './await-approval.ts';
import { beginRestore } from './begin.ts';
import { closeRestore, settleNew } from './close.ts';
import { stepsForMemberships } from './databases.ts';
import { goBack, lookForMade } from './go-back.ts';
import { wasTaken } from './holding.ts';
import { intoService } from './into-service.ts';
import { notBegun } from './not-begun.ts';
import { type RestoreDeps, type RestoreOutcome, type Restoring, whereMasterPassword } from './restoring.ts';
import { undo } from './undo.ts';

/**
 * An emergency restore: production goes to a new database, made beside the living one, when a person has approved it.
 *
 *   declare → freeze → restore onto new → complete → prove → warm → admit → smoke → approve → fence → release → cut over → close
 *
 * Until the fence production is as it was, or frozen; any failure before undoes what was done. Everything made stays,
 * named, until a person deletes it.
 */
export async function emergencyRestore(
  job: RestoreJob,
  durable: Durable,
  deps: RestoreDeps,
): Promise<RestoreOutcome> {
  const target = requireTarget(deps.plan, job.target);
  const begun = await beginRestore(job, target, durable, deps);
  if ('refused' in begun) return notBegun('the restore', begun.refused, target, durable, deps);
  if ('heldBy' in begun) return heldBy(begun.heldBy, begun.id, target, durable, deps);
  const { restoring } = begun;
  try {
    return await wholeRestore(restoring);
  } catch (error) {
    if (!wasTaken(error)) throw error;
    return {
      outcome: 'not-done',
      restore: restoring.log.record.id,
      summary: `the restore of ${target.id} is rolled back`,
    };
  }
}

async function wholeRestore(restoring: Restoring): Promise<RestoreOutcome> {
  try {
    await tellDeclared(restoring);
    await intoService(restoring, awaitApproval);
  } catch (error) {
    if (wasTaken(error)) throw error;
    return endNotDone(restoring, toErrorInfo(error));
  }
  const settled = await settleNew(restoring);
  if (settled.aborted) return goBack(restoring, settled.aborted.message, { before: 'done' });
  await closeRestore(restoring, settled);
  const { record } = restoring.log;
  return { outcome: 'done', restore: record.id, summary: summaryOf(record) };
}

async function heldBy(
  { target: id, id: restore, by, startedAt }: RestoreRecord,
  asked: string,
  target: Target,
  durable: Durable,
  deps: RestoreDeps,
): Promise<RestoreOutcome> {
  const summary = `${by} has been restoring ${id} since ${shortMoment(startedAt)} UTC (${restore})`;
  const found = finding('restore-not-done', {
    target,
    subject: id,
    message: `a second restore did not begin: ${summary}`,
  });
  // The same request that arrives a second time is no second restore.
  if (asked !== restore)
    await durable.step('say that another is under way', () => raise(deps, found)).catch(() => undefined);
  return { outcome: 'held', summary, hint: `./understudy restore status ${id} says how it goes on` };
}

async function tellDeclared({ target, log, durable, deps }: Restoring): Promise<void> {
  await log.phase('declare');
  const { by, reason, way } = log.record;
  const message = `${by} restores ${target.id} as of ${shortMoment(way.asOf)} UTC${reason ? `: ${reason}` : ''}`;
  const found = finding('restore-under-way', { target, subject: target.id, message });
  // Nobody waits for his data because an alert cannot be sent.
  await durable.step('tell that it has begun', () => raise(deps, found)).catch(() => undefined);
}

/** Puts everything back as far as it goes, and says what stays. */
async function endNotDone(restoring: Restoring, said: ErrorInfo): Promise<RestoreOutcome> {
  const { target, log, durable, deps } = restoring;
  const { undone, failed } = await undo(restoring);
  const { id } = log.record;
  const endedAt = await durable.step('the end', async () => utc(deps.clock.now()));
  const made = await lookForMade(restoring);
  const next = await stepsForMemberships(restoring);
  const { phase, phases } = log.record;
  const released = phase === 'release' || phases.some(({ name }) => name === 'release');
  const kept = made
    ? [
        log.record.kind === 'database'
          ? whatStays(log.record, made.name)
          : `${made.name} stays and costs; it is protected, so delete it in two steps when you do not need it`,
        ...(released && log.record.kind !== 'database'
          ? [`${made.name} has production’s parameters: its jobs and subscriptions may act until you stop it`]
          : []),
        ...whereMasterPassword(restoring),
      ]
    : [];
  await log.note('not done', {
    state: 'not-done',
    endedAt,
    error: said,
    undone,
    notPutBack: failed,
    ...(made ? { kept: [made] } : {}),
    notes: [...log.record.notes, ...kept],
    ...(next.length > 0 ? { next } : {}),
  });
  await durable.step('tell that it is not done', async () => {
    for (const code of ['restore-under-way', 'restore-stalled', 'restore-awaits-approval'] as const)
      await resolve(deps, { target: target.id, code, subject: target.id });
    if (failed.length > 0)
      await raise(
        deps,
        finding('restore-not-undone', { target, subject: target.id, message: failed.join('; ') }),
      );
    const message = `the restore of ${target.id} ended in its phase ${log.record.phase} (${said.code}): ${said.message}`;
    await raise(deps, finding('restore-not-done', { target, subject: target.id, message }));
  });
  return { outcome: 'not-done', restore: id, summary: said.message };
}

function summaryOf(record: RestoreRecord): string {
  const { way } = record;
  const lost = lostSeconds(record);
  return `${newName(record)} has ${record.target} as of ${shortMoment(way.asOf)} UTC${lost === undefined ? '' : `; ${humanSeconds(lost)} of writes are lost`}`;
}
