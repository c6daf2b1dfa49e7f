import type { Finding } from '../../lib/domain/findings/finding.ts';
import { utc } from '../../lib/domain/time.ts';
import type { Delivery } from '../local/drain-queues.ts';
import { invokeLocally } from '../local/invoke-locally.ts';

/** Publishes a job on topic `jobs`, as `./understudy run` does. */
export function requestJob(message: object): Promise<unknown> {
  const common = { scheduledFor: utc(new Date()), requestedBy: 'demo' };
  return invokeLocally('operator', { ask: 'run', message: { ...common, ...message } });
}

/** What a delivery came to, in one line. */
export function summaryOf(delivery: Delivery | undefined): string {
  if (delivery?.error) return delivery.error.message;
  const { summary, evidence } = resultsOf(delivery)[0] ?? {};
  return summary ?? evidence?.outcome ?? '';
}

export function findingsOf(delivery: Delivery | undefined): Finding[] {
  return resultsOf(delivery).flatMap(({ findings }) => findings ?? []);
}

type Result = { summary?: string; evidence?: { outcome: string }; findings?: Finding[] };

function resultsOf(delivery: Delivery | undefined): Result[] {
  const { result = [] } = delivery ?? {};
  return (Array.isArray(result) ? result : [result]) as Result[];
}
