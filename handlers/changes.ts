import * as z from 'zod';
import { instances, ledger, plan, secrets, vault } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';
import { lookAtSource, type SourceLookRequest } from '../lib/workflows/instances/look-at-source.ts';

const request = z
  .looseObject({ target: z.string(), moment: z.string() })
  .transform((asked) => asked as unknown as SourceLookRequest);

/** Invoked by `rehearse-instance` → what has happened to the source since its last dump: counters and catalogs, no rows of ours. */
export const handler = jobHandler(request, (asked) =>
  lookAtSource(asked, {
    plan: plan(),
    vault: vault(),
    secrets: secrets(),
    instances: instances(),
    ledger: ledger(),
  }),
);
