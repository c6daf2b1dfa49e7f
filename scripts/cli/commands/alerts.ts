import type { TopicTrial } from '../../../lib/workflows/test-alerts.ts';
import { DONE, FAILED, FOUND_WRONG } from '../exit.ts';
import { type Answer, bad, faint, good } from '../say.ts';
import type { Session } from '../session.ts';

/** Sends a trial to each topic and says who is subscribed. */
export async function testAlerts(session: Session): Promise<Answer> {
  const trials = await session.invoke<TopicTrial[]>('operator', { ask: 'test-alerts', by: session.caller });
  const lines = trials.flatMap(({ topic, sent, problems, subscribers }) => [
    sent ? `${good('✔ sent to')} ${topic}` : `${bad('✖ could not be sent to')} ${topic}`,
    ...problems.map((problem) => `    ${bad(problem)}`),
    ...(subscribers?.length === 0 ? [`    ${bad('nobody is subscribed')}`] : []),
    ...(subscribers ?? []).map(
      ({ endpoint, confirmed }) => `    ${endpoint}${confirmed ? '' : bad(' (never confirmed)')}`,
    ),
  ]);
  const heard = trials.every(({ subscribers }) => subscribers?.some((subscriber) => subscriber.confirmed));
  const exit = trials.some((trial) => trial.problems.length > 0) ? FAILED : heard ? DONE : FOUND_WRONG;
  return { document: trials, exit, lines: [...lines, faint('ask whoever is subscribed whether it arrived')] };
}
