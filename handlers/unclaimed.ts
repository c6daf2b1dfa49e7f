import * as z from 'zod';
import { raise } from '../lib/alerting/alerts.ts';
import { DEPLOYMENT, finding } from '../lib/domain/findings/finding.ts';
import { telling } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';

const anything = z.unknown();

/** A message on topic `jobs` that no function takes → an alert. A misspelt request must not vanish. */
export const handler = jobHandler(anything, async (message) => {
  const text = JSON.stringify(message).slice(0, 500);
  const job = String((message as { job?: unknown } | null)?.job ?? 'without a job').slice(0, 100);
  await raise(
    telling(),
    finding('unknown-job', {
      target: DEPLOYMENT,
      subject: job,
      message: `no function takes this message from topic jobs: ${text}`,
    }),
  );
});
