import type { Evidence } from '../../lib/domain/proof/evidence.ts';
import { plusSeconds, utc } from '../../lib/domain/time.ts';
import { showProgress } from '../cli/show-progress.ts';
import { drainQueues } from '../local/drain-queues.ts';
import { invokeLocally } from '../local/invoke-locally.ts';
import type { DemoStage } from './demo-stage.ts';
import { narrator } from './narrator.ts';

let ticks = 0;

/** Fires a schedule. Each firing gets its own moment, as on the calendar. */
export function fireSchedule(job: string, moment: string): Promise<unknown> {
  return invokeLocally('dispatch', {
    policy: 'production',
    job,
    scheduledFor: utc(plusSeconds(moment, ticks++)),
  });
}

/** Runs the scheduled rehearsal; its evidence. */
export async function rehearseOnSchedule({ target }: DemoStage): Promise<Evidence> {
  narrator.typed(`./understudy rehearse ${target}`);
  await fireSchedule('rehearse', utc(new Date()));
  const [rehearsal] = await showProgress('02:00 the scheduled test restore', () => drainQueues());
  if (rehearsal?.error) throw rehearsal.error;
  const { evidence, summary } = (rehearsal?.result ?? {}) as { evidence?: Evidence; summary?: string };
  if (!evidence) throw new Error(summary ?? 'there was no rehearsal');
  return evidence;
}
