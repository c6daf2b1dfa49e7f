import * as z from 'zod';
import type { ProveRequest } from '../lib/restore/prove/proof-slices.ts';
import { proveInstance } from '../lib/restore/prove/prove-instance.ts';
import { clock, engine, log, plan, restoredPasswords, secrets, vault } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';
import { insideDatabases } from '../lib/workflows/emergency/inside-databases.ts';
import { insideRequest } from '../lib/workflows/emergency/inside-request.ts';

const proof = z
  .looseObject({ target: z.string(), name: z.string(), host: z.string(), from: z.int() })
  .transform((asked) => ({ ask: 'prove' as const, request: asked as unknown as ProveRequest }));
const request = z.union([insideRequest, proof]);

/** Invoked by `restore` → one thing done inside the old or the new database, or a part of the new one proven. */
export const handler = jobHandler(request, async (asked, { secondsLeft }): Promise<unknown> => {
  if (asked.ask !== 'prove') {
    const { switching, databases, instances } = engine(asked.target);
    return insideDatabases(asked, {
      plan: plan(),
      clock,
      secrets: secrets(),
      passwords: restoredPasswords(),
      switching,
      databases,
      instances,
    });
  }
  const { instances } = engine(asked.request.target);
  const deps = { plan: plan(), vault: vault(), instances, secrets: restoredPasswords() };
  return proveInstance(asked.request, { ...deps, clock, log: log(), secondsLeft });
});
