import * as z from 'zod';
import { clock, engine, files, log, plan, scratchSecretStore } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';
import { type ExtractInsideRequest, extractInside } from '../lib/workflows/emergency/extract-inside.ts';

const request = z
  .looseObject({ target: z.string(), name: z.string(), host: z.string(), attempt: z.int() })
  .transform((asked) => asked as unknown as ExtractInsideRequest);

/** Invoked by `rehearse-instance` → rows of a scratch instance, brought out of its quarantine into the bucket of files. */
export const handler = jobHandler(request, (asked, invocation) =>
  extractInside(asked, {
    plan: plan(),
    engine: engine(asked.target),
    instances: engine(asked.target).instances,
    secrets: scratchSecretStore(),
    files: files(),
    clock,
    log: log(),
    secondsLeft: invocation.secondsLeft,
  }),
);
