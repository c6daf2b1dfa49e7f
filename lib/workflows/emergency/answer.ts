import * as z from 'zod';
import { InputError, Refusal } from '../../domain/errors.ts';
import {
  isOpen,
  isStalled,
  RESTORE_PHASES,
  type RestoreAnswer,
  type RestoreRecord,
} from '../../domain/incidents/restore-record.ts';
import { type Plan, requireTarget } from '../../domain/plan/policy.ts';
import { shortMoment, utc } from '../../domain/time.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Wakes } from '../../ports/durable.ts';
import { waitOf } from './await-approval.ts';

export const answerRequest = z.strictObject({
  ask: z.enum(['approve', 'reject', 'abort']),
  target: z.string().min(1),
  by: z.string().min(1).max(256).default('unknown'),
  reason: z.string().min(1).max(500).optional(),
});
export type AnswerRequest = z.infer<typeof answerRequest>;

export type AnswerDeps = {
  plan: Plan;
  catalog: Pick<Catalog, 'restore' | 'answerRestore' | 'awaiting'>;
  wakes: Wakes;
  clock: Clock;
};

/** A person's answer to a restore that is under way. Resolves with the answer that counts, which may be an earlier one. */
export async function answerToRestore(request: AnswerRequest, deps: AnswerDeps): Promise<RestoreAnswer> {
  const { ask, by, reason } = request;
  const { id: target } = requireTarget(deps.plan, request.target);
  const now = deps.clock.now();
  const record = await deps.catalog.restore(target);
  if (!isOpen(record)) throw notRunning(target, record);
  if (isStalled(record, now)) throw stalled(record);
  refuseUntimely(ask, by, record, now);
  const answer = { target, restore: record.id, answer: ask, by, at: utc(now), ...(reason ? { reason } : {}) };
  const counts = await deps.catalog.answerRestore(answer);
  // Without the waking the next look sees it.
  const token = await deps.catalog.awaiting(waitOf(target, record.id)).catch(() => undefined);
  if (token) await deps.wakes.wake(token).catch(() => undefined);
  if (counts.answer === ask) return counts;
  throw new Refusal(
    'already-answered',
    `${counts.by} answered ${counts.answer} at ${shortMoment(counts.at)} UTC, and the first answer counts`,
    { hint: `./understudy restore status ${target}` },
  );
}

function notRunning(target: string, record: RestoreRecord | undefined): InputError {
  const last = record ? `; the last one, ${record.id}, is ${record.state}` : '';
  return new InputError(
    `no restore of ${target} is under way${last}`,
    [],
    `./understudy restore ${target} shows the ways back`,
  );
}

function stalled({ target, aliveUntil }: RestoreRecord): Refusal {
  return new Refusal(
    'restore-stalled',
    `the execution that restores ${target} has died: its next step was due by ${shortMoment(aliveUntil)} UTC`,
    { hint: `put production back, then begin again: ./understudy restore rollback ${target}` },
  );
}

function refuseUntimely(ask: AnswerRequest['ask'], by: string, record: RestoreRecord, now: Date): void {
  const { target, phase, settings, decideBy } = record;
  if (ask === 'abort') return;
  const isEarly = RESTORE_PHASES.indexOf(phase) < RESTORE_PHASES.indexOf('approve');
  if (phase !== 'approve')
    throw new Refusal(
      isEarly ? 'too-early' : 'too-late',
      `the restore of ${target} is in its phase ${phase}: ${isEarly ? 'there is nothing to approve yet' : 'it was approved'}`,
      { hint: `./understudy restore status ${target} --follow` },
    );
  if (decideBy !== undefined && now >= new Date(decideBy))
    throw new Refusal(
      'too-late',
      `the time to answer ended at ${shortMoment(decideBy)} UTC, so the answer is no`,
      {
        hint: `begin again: ./understudy restore ${target}`,
      },
    );
  if (ask === 'approve' && settings.two && by === record.by)
    throw new Refusal('not-approved', `${by} began it, and another person must approve it (restore.two)`, {
      hint: 'ask somebody else',
    });
}
