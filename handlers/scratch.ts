import * as z from 'zod';
import { catalog, clock, log, plan, scratch, vault } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';
import { restoreAndProve } from '../lib/workflows/restore-and-prove.ts';

const request = z.strictObject({ target: z.string(), point: z.string(), simulation: z.boolean() });

/** Invoked by `rehearse` → one point restored onto a scratch PostgreSQL in /tmp, proven, thrown away. */
export const handler = jobHandler(request, (asked, invocation) =>
  restoreAndProve(asked, { plan: plan(), catalog: catalog(), vault: vault(), scratch: scratch(invocation), clock, log: log(), secondsLeft: invocation.secondsLeft }),
);
