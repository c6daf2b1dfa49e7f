import { availableParallelism } from 'node:os';
import { clock, engine, log, plan, restoredPasswords, secrets, vault } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';
import { loadDump, loadRequest } from '../lib/workflows/emergency/load-dump.ts';

/** Invoked by `restore` → a dump of the vault loaded into the empty database that the restore has made, and proven. */
export const handler = jobHandler(loadRequest, (asked, { secondsLeft }) =>
  loadDump(asked, {
    plan: plan(),
    vault: vault(),
    passwords: restoredPasswords(),
    secrets: secrets(),
    ...engine(asked.target),
    jobs: availableParallelism(),
    clock,
    log: log(),
    secondsLeft,
  }),
);
