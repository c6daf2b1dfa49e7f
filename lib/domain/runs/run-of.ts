import { parsePointId, type RunName, snapshotPointId } from '../names.ts';

/** A job message as far as it names its run. */
export type NamesRun = Record<string, unknown> & RunName;

/** The run of a message: rehearsals are named after what they restore, verifications and copies after their point. */
export function runOf(message: NamesRun): RunName {
  const { job, target, scheduledFor } = message;
  if (job === 'rehearse-instance')
    return { target, job: `rehearse-${String(message['from'])}`, scheduledFor };
  if (message['simulation'] === true) return { target, job: 'simulation', scheduledFor };
  if (job === 'verify' && message['point']) return { target, job, scheduledFor: String(message['point']) };
  if (job === 'copy') {
    const moment = parsePointId(String(message['point']))?.scheduledFor ?? scheduledFor;
    return { target, job, scheduledFor: snapshotPointId(moment, 'snapshot', String(message['to'])) };
  }
  return { target, job, scheduledFor };
}
