import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { JOBS } from '../../../lib/domain/runs/job.ts';
import type { Clock } from '../../../lib/ports/clock.ts';
import type { JobMessages } from '../../../lib/ports/messages.ts';
import { manualClock } from './clock.ts';

export type Message = { job: string; target: string } & Record<string, unknown>;
export type MemoryMessages = JobMessages & {
  /** Takes what has arrived in a job's queue; `unclaimed` has the messages that nobody takes. */
  take(queue: string): Message[];
  /** What was put back, and for how long. */
  postponed: { message: Message; delaySeconds: number }[];
  /** The topic does not take messages like this any more; without argument it takes everything again. */
  refuse(refused?: (message: Message) => boolean): void;
};

/** Jobs with a queue that a message can be put back into; a rehearsal is invoked straight from the topic. */
const QUEUES = ['dump', 'verify', 'expire', 'preflight'];

/** Topic `jobs` and its queues in memory. A message put back arrives when the clock says so. */
export function memoryMessages(clock: Clock = manualClock()): MemoryMessages {
  const waiting: { queue: string; message: Message; from: number }[] = [];
  const postponed: MemoryMessages['postponed'] = [];
  let refused = (_message: Message) => false;
  const copy = (message: unknown) => JSON.parse(JSON.stringify(message)) as Message;
  const take = (message: Message) => {
    if (refused(message)) return false;
    const queue = (JOBS as readonly string[]).includes(message.job) ? message.job : 'unclaimed';
    waiting.push({ queue, message, from: 0 });
    return true;
  };
  return {
    postponed,
    refuse: (like = () => false) => {
      refused = like;
    },
    take(queue) {
      const due = (each: (typeof waiting)[number]) =>
        each.queue === queue && each.from <= clock.now().getTime();
      const found = waiting.filter(due);
      waiting.splice(0, waiting.length, ...waiting.filter((each) => !found.includes(each)));
      return found.map((each) => each.message);
    },

    async publish(message) {
      if (!take(copy(message))) throw new Error(`topic jobs did not take a message for ${message.target}`);
    },
    publishAll: async (messages) =>
      messages
        .filter((message) => !take(copy(message)))
        .map((message) => ({ message, reason: 'the topic did not take it' })),
    async postpone(message, seconds) {
      if (!QUEUES.includes(message.job))
        throw new UnderstudyError('no-queue', `there is no queue for ${message.job}`);
      const delaySeconds = Math.min(900, Math.max(1, Math.ceil(seconds)));
      postponed.push({ message: copy(message), delaySeconds });
      waiting.push({
        queue: message.job,
        message: copy(message),
        from: clock.now().getTime() + delaySeconds * 1000,
      });
    },
  };
}
