import * as z from 'zod';
import { extractJob, rehearseInstanceJob } from '../lib/domain/runs/job.ts';
import {
  changesFunction,
  extractFunction,
  hooks,
  pick,
  platformDeps,
  proveFunction,
  scratchAt,
  scratchInstances,
  scratchNetwork,
  scratchSecretStore,
  smokeFunction,
} from '../lib/runtime/compose.ts';
import { durableHandler } from '../lib/runtime/durable-handler.ts';
import { type ExtractOutcome, extract } from '../lib/workflows/emergency/extract.ts';
import type { RehearsalOutcome } from '../lib/workflows/rehearse/rehearse.ts';
import { rehearseInstance } from '../lib/workflows/rehearse/rehearse-instance.ts';

const job = z.discriminatedUnion('job', [rehearseInstanceJob, extractJob]);

/**
 * Topic `jobs` → a snapshot or a moment restored onto a scratch instance and proven; a person → its rows brought out, to be
 * compared. A durable function: it takes hours.
 */
export const handler = durableHandler(
  job,
  async (asked, durable): Promise<ExtractOutcome | RehearsalOutcome> => {
    const deps = {
      ...platformDeps(),
      scratch: scratchInstances(),
      scratchAt,
      scratchSecrets: scratchSecretStore(),
      network: scratchNetwork(),
      proveFunction: proveFunction(),
      extractFunction: extractFunction(),
      changesFunction: changesFunction(),
      smokeFunction: smokeFunction(),
      hooks: hooks(),
      pick,
    };
    if (asked.job === 'extract') return extract(asked, durable, deps);
    return rehearseInstance(asked, durable, deps);
  },
);
