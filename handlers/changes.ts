import * as z from 'zod';
import {
  hostsOfSource,
  lookAtSource,
  sourceHostsRequest,
  sourceLookRequest,
} from '../lib/restore/instance/source-changes.ts';
import { instances, ledger, plan, secrets, vault } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';

const request = z.discriminatedUnion('ask', [sourceLookRequest, sourceHostsRequest]);

/**
 * Invoked by `rehearse-instance` → what has happened to the source since its last dump (counters and catalogs, no rows of
 * ours), or where its secrets lead.
 */
export const handler = jobHandler(request, async (asked) =>
  asked.ask === 'hosts'
    ? hostsOfSource(asked, { plan: plan(), secrets: secrets() })
    : lookAtSource(asked, {
        plan: plan(),
        vault: vault(),
        secrets: secrets(),
        instances: instances(),
        ledger: ledger(),
      }),
);
