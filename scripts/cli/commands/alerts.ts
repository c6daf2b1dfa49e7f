import type { TopicTrial } from '../../../lib/workflows/test-alerts.ts';
import { DONE, FAILED, FOUND_WRONG } from '../exit.ts';
import { type Answer, bad, faint, good } from '../say.ts';
import type { Session } from '../session.ts';

/** Sends a trial to each topic and says who is subscribed. */
export async function testAlerts(session: Session): Promise<Answer> {
  const trials = await session.invoke<TopicTrial[]>('operator', { ask: 'test-alerts', by: session.caller });
  const lines = trials.flatMap(({ topic, sent, reason, subscriptions }) => [
    `${sent ? good('✔ sent to') : bad('✖ could not be sent to')} ${topic}${reason ? `: ${reason}` : ''}`,
    ...(subscriptions.length === 0 ? [bad('    nobody is subscribed')] : []),
    ...subscriptions.map(
      ({ protocol, endpoint, confirmed }) =>
        `    ${protocol} ${endpoint}${confirmed ? '' : bad(' (never confirmed)')}`,
    ),
  ]);
  const heard = trials.every(({ subscriptions }) =>
    subscriptions.some((subscription) => subscription.confirmed),
  );
  const exit = trials.some((trial) => !trial.sent) ? FAILED : heard ? DONE : FOUND_WRONG;
  return { document: trials, exit, lines: [...lines, faint('ask whoever is subscribed whether it arrived')] };
}
