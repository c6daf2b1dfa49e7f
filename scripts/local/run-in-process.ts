import type { JobMessage } from '../../lib/domain/runs/job.ts';
import type { JobMessages } from '../../lib/ports/messages.ts';
import { use } from '../../lib/runtime/compose.ts';
import { type Delivery, deliver } from './drain-queues.ts';
import { interruptedBy } from './interrupt.ts';

/**
 * Does in this process what `ask` publishes on topic `jobs`, and what that publishes in turn. These messages never
 * reach the local queues: no other command gets what this one does not finish, and of two commands at once each does
 * its own work. A message that is put back for later is not waited for: its outcome reports that.
 */
export async function runInProcess(
  ask: () => Promise<unknown>,
  onDelivery: (delivery: Delivery) => void,
): Promise<Delivery[]> {
  const waiting: JobMessage[] = [];
  const messages: JobMessages = {
    publish: async (message) => void waiting.push(message as JobMessage),
    publishAll: async (all) => {
      waiting.push(...(all as JobMessage[]));
      return [];
    },
    postpone: async () => undefined,
  };
  use('messages', messages);
  await ask();
  const deliveries: Delivery[] = [];
  for (let next = waiting.shift(); next && !interruptedBy(); next = waiting.shift()) {
    const delivery = await deliver(next.job === 'drill' ? 'restore' : next.job, {
      Body: JSON.stringify(next),
    });
    deliveries.push(delivery);
    onDelivery(delivery);
  }
  return deliveries;
}
