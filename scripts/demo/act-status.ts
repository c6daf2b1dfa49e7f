import { withOption } from '../../lib/domain/findings/alert.ts';
import { plusSeconds, shortMoment, utc } from '../../lib/domain/time.ts';
import { status as judgeStatus } from '../../lib/workflows/operator/status.ts';
import { statusCommand } from '../cli/commands/status-command.ts';
import { formatDeliveryLine } from '../cli/format-delivery.ts';
import type { Session } from '../cli/session.ts';
import { showProgress } from '../cli/show-progress.ts';
import { drainQueues } from '../local/drain-queues.ts';
import { invokeLocally } from '../local/invoke-locally.ts';
import type { DemoStage } from './demo-stage.ts';
import { fireSchedule, rehearseOnSchedule } from './fire-schedule.ts';
import { narrator } from './narrator.ts';

const { act, say, typed, expect } = narrator;

/** At the assumed moment, so that nothing it expects lies in the past. */
export async function actMorningAfter(stage: DemoStage, number: number, later: Date): Promise<void> {
  act(number, `The morning after, ${shortMoment(utc(later))} UTC`);
  typed('./understudy status');
  const answer = await statusAt(stage, later);
  for (const text of answer.lines) say(`   ${withOption(text, '--stage demo')}`);
  expect(answer.exit === 3, 'status does not report that all is good');
}

/** Follows the alerts' next steps, back in the present, until all is good again. */
export async function actWayBack(stage: DemoStage, number: number): Promise<void> {
  act(number, 'What the alerts said to do');
  typed(`./understudy run dump ${stage.target}`);
  await fireSchedule('dump', utc(plusSeconds(new Date(), 2)));
  await showProgress('a new dump', ({ say }) => drainQueues((delivery) => say(formatDeliveryLine(delivery))));
  const { outcome } = await rehearseOnSchedule(stage);
  expect(outcome === 'passed', 'it restores, and is equal to its source');
  await showProgress('the watch looks again', () => invokeLocally('watch', {}));
  typed('./understudy status');
  const answer = await statusAt(stage, new Date());
  for (const text of answer.lines) say(`   ${withOption(text, '--stage demo')}`);
  expect(answer.exit === 0, 'all is good again');
}

async function statusAt(stage: DemoStage, now: Date) {
  const compose = await import('../../lib/runtime/compose.ts');
  const clock = { ...compose.clock, now: () => now };
  const report = await judgeStatus({ plan: stage.plan, catalog: compose.catalog(), clock });
  return statusCommand({ invoke: async () => report } as unknown as Session);
}
