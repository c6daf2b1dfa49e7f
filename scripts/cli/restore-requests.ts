import type { RestoreRecord } from '../../lib/domain/incidents/restore-record.ts';
import type { RestorePlan, Way } from '../../lib/domain/incidents/way.ts';
import type { RestorePoint } from '../../lib/domain/points/named-point.ts';
import type { RestoreJob } from '../../lib/domain/runs/job.ts';
import { utc } from '../../lib/domain/time.ts';
import { type RestorePointOptions, restorePointOf } from './restore-point.ts';
import type { Session } from './session.ts';

/** The ways back of a target, as the deployment sees them now. */
export const readWays = (
  session: Session,
  target: string,
  wanted: RestorePoint & { beside?: boolean | undefined } = {},
): Promise<RestorePlan> => session.invoke('operator', { ask: 'plan', target, ...wanted });

/** What a person wants back, and whether dumps go beside the living database for it. */
export const wantedOf = (options: RestorePointOptions & { beside?: boolean }) => ({
  ...restorePointOf(options),
  ...(options.beside ? { beside: true } : {}),
});

/** The restore of a target that was last worked on, or the one with this id. */
export const readRestore = (
  session: Session,
  target: string,
  restore?: string,
): Promise<RestoreRecord | null> =>
  session.invoke('operator', { ask: 'restore', target, ...(restore === undefined ? {} : { restore }) });

/** Asks for a restore that goes this way, which has been confirmed. */
export async function restoreMessage(
  session: Session,
  target: string,
  { kind, point, asOf, beside }: Way,
  confirm: string,
  reason: string | undefined,
): Promise<RestoreJob> {
  return {
    ...{ job: 'restore', target, scheduledFor: utc(new Date()), requestedBy: await session.identity() },
    ...(reason ? { reason } : {}),
    way: kind as RestoreJob['way'],
    ...(point === undefined ? {} : { point }),
    ...(beside ? { beside } : {}),
    ...{ asOf, confirm },
  };
}
