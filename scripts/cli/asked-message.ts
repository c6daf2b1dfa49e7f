import { parsePointId, snapshotPointId } from '../../lib/domain/names.ts';

export type RunOptions = {
  point?: string;
  again?: boolean;
  dryRun?: boolean;
  simulation?: boolean;
  wait?: boolean;
  reason?: string;
  label?: string;
  from?: string;
  moment?: string;
  to?: string;
};

export type AskedMessage = Record<string, unknown> & { job: string; target: string; scheduledFor: string };

/** The run of a message: rehearsals are named after what they restore, verifications and copies after their point. */
export function runOf(message: AskedMessage): { target: string; job: string; scheduledFor: string } {
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
