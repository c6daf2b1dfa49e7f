import * as z from 'zod';
import {
  readSourceChanges,
  readSourceHosts,
  sourceChangesRequest,
  sourceHostsRequest,
} from '../lib/restore/instance/source-changes.ts';
import { engine, plan, secrets, vault } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';

const request = z.discriminatedUnion('ask', [sourceChangesRequest, sourceHostsRequest]);

/**
 * Invoked by `rehearse-instance` → the source's changes since its last dump (from counters and catalogs, no rows of
 * its tables), or where its secrets lead.
 */
export const handler = jobHandler(request, async (asked) =>
  asked.ask === 'hosts'
    ? readSourceHosts(asked, { plan: plan(), secrets: secrets() })
    : readSourceChanges(asked, {
        plan: plan(),
        vault: vault(),
        secrets: secrets(),
        ...engine(asked.target),
      }),
);
