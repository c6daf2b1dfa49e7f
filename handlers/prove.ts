import * as z from 'zod';
import type { ProveRequest } from '../lib/restore/prove/proof-slices.ts';
import { proveInstance } from '../lib/restore/prove/prove-instance.ts';
import { clock, engine, log, plan, scratchSecretStore, vault } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';

const request = z
  .looseObject({ target: z.string(), name: z.string(), host: z.string(), from: z.int() })
  .transform((asked) => asked as unknown as ProveRequest);

/** Invoked by `rehearse-instance` → a scratch instance, or a part of it, proven from inside its quarantine. */
export const handler = jobHandler(request, (asked, invocation) =>
  proveInstance(asked, {
    plan: plan(),
    vault: vault(),
    instances: engine(asked.target).instances,
    secrets: scratchSecretStore(),
    clock,
    log: log(),
    secondsLeft: invocation.secondsLeft,
  }),
);
