import { raise, resolve } from '../../alerting/alerts.ts';
import { Refusal } from '../../domain/errors.ts';
import { finding } from '../../domain/findings/finding.ts';
import type { RestoreAnswer, RestoreRecord } from '../../domain/incidents/restore-record.ts';
import { humanSeconds, plusSeconds, shortMoment, utc } from '../../domain/time.ts';
import { many } from '../../domain/words.ts';
import { poll } from '../../execution/poll.ts';
import type { Restoring } from './restoring.ts';
import { askedAboutSmoke } from './smoke-new.ts';

/** Waits for a person: the default is no. */
export async function awaitApproval(restoring: Restoring): Promise<void> {
  const { target, log, durable, deps } = restoring;
  await log.phase('approve');
  const { settings, id } = log.record;
  const decideBy = utc(plusSeconds(log.record.phaseBeganAt, settings.approveWithin));
  await log.note('what is to be decided', { decideBy });
  const message = question(log.record);
  const found = finding('restore-awaits-approval', { target, subject: target.id, message });
  await durable.step('ask for approval', () => raise(deps, found)).catch(() => undefined);
  const answer = await poll<RestoreAnswer>(durable, deps, {
    name: 'wait for approval',
    deadline: settings.approveWithin,
    look: async () => {
      const { decided } = await deps.catalog.restoreAnswers(target.id, id);
      return decided ? { state: 'done', value: decided } : { state: 'waiting', seen: 'nobody has answered' };
    },
    late: (_, waited) =>
      new Refusal('not-approved', `nobody approved it in ${humanSeconds(waited)}, so the answer is no`, {
        hint: 'begin again, or raise restore.approveWithin in the policy',
      }),
    onWaiting: (token) => deps.catalog.awaitNotice(waitOf(target.id, id), token, deps.clock.now()),
  });
  await log.note('the answer', { answer });
  await durable
    .step('it is answered', () =>
      resolve(deps, { target: target.id, code: 'restore-awaits-approval', subject: target.id }),
    )
    .catch(() => undefined);
  refuseAnswer(log.record, answer);
}

/** The subject of the wait, which an answer ends early. */
export const waitOf = (target: string, restore: string) => `restore:${target}/${restore}`;

function refuseAnswer({ settings, by }: RestoreRecord, { answer, by: decider, reason }: RestoreAnswer): void {
  if (answer !== 'approve')
    throw new Refusal('rejected', `${decider} rejected it${reason ? `: ${reason}` : ''}`, {
      hint: 'choose another way back',
    });
  if (settings.two && decider === by)
    throw new Refusal(
      'not-approved',
      `${decider} began it, and another person must approve it (restore.two)`,
      {
        hint: 'begin again, and let another person approve it',
      },
    );
}

/** What the alert says: enough to decide, and nothing of the data. */
function question(record: RestoreRecord): string {
  const { target, made, way, proof, incomplete, decideBy, notes } = record;
  const found = proof?.differences.length ?? 0;
  return [
    `${made!.name} has ${target} as of ${shortMoment(way.asOf)} UTC`,
    proof
      ? `${proof.strength === 'none' ? 'it differs' : proof.strength}${found > 0 ? ` (${many(found, 'difference')})` : ''}`
      : 'it was not compared',
    ...askedAboutSmoke(record),
    ...(incomplete.length > 0 ? [`${many(incomplete.length, 'setting')} missing`] : []),
    ...(notes.length > 0 ? [many(notes.length, 'note')] : []),
    `decide by ${shortMoment(decideBy!)} UTC`,
  ].join('; ');
}
