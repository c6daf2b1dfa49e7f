import * as z from 'zod';
import { messages, telling } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';
import { unclaimed } from '../lib/workflows/unclaimed/unclaimed.ts';

/** A message on topic `jobs` that no function takes → an alert; one that a filter of before sent here → back to the topic. */
export const handler = jobHandler(z.unknown(), (message) =>
  unclaimed(message, { ...telling(), messages: messages() }),
);
