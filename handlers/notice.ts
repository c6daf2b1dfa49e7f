import middy from '@middy/core';
import { parseNotice, plan, telling, wakes } from '../lib/runtime/compose.ts';
import { type NoticeOutcome, notice } from '../lib/workflows/events/notice.ts';

type Delivery = { Sns?: { Message?: unknown; Timestamp?: string } };

/** Topic `events`, or a person with the same JSON → the timeline, alerts for bad news, waits ended by good news. */
export const handler = middy<unknown, NoticeOutcome[]>().handler(async (event) => {
  const deps = { ...telling(), plan: plan(), wakes: wakes(), parseNotice };
  const outcomes: NoticeOutcome[] = [];
  const failures: unknown[] = [];
  for (const message of messagesIn(event)) {
    try {
      outcomes.push(await notice(message, deps));
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return outcomes;
});

function messagesIn(event: unknown): { text: string; receivedAt?: string | undefined }[] {
  const records = (event as { Records?: Delivery[] } | null)?.Records;
  if (!Array.isArray(records)) return [{ text: textOf(event) }];
  return records.map((record) => ({
    text: textOf(record?.Sns?.Message ?? record),
    receivedAt: record?.Sns?.Timestamp,
  }));
}

const textOf = (message: unknown): string =>
  typeof message === 'string' ? message : (JSON.stringify(message) ?? '');
