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
 * Invoked by `rehearse-instance` → what has happened to the source since its last dump (counters and catalogs, no rows of
 * ours), or where its secrets lead.
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
