import * as z from 'zod';
import { instances, ledger, plan, secrets, vault } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';
import {
  hostOfSource,
  lookAtSource,
  sourceHostRequest,
  sourceLookRequest,
} from '../lib/workflows/instances/look-at-source.ts';

const request = z.discriminatedUnion('ask', [sourceLookRequest, sourceHostRequest]);

/**
 * Invoked by `rehearse-instance` → what has happened to the source since its last dump (counters and catalogs, no rows of
 * ours), or where its secret leads.
 */
export const handler = jobHandler(request, async (asked) =>
  asked.ask === 'host'
    ? hostOfSource(asked, { plan: plan(), secrets: secrets() })
    : lookAtSource(asked, {
        plan: plan(),
        vault: vault(),
        secrets: secrets(),
        instances: instances(),
        ledger: ledger(),
      }),
);
