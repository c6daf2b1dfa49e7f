import { ledgerJob } from '../lib/domain/runs/job.ts';
import { catalog, clock, ledger, log, plan, secrets } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';
import { writeLedger } from '../lib/workflows/heartbeat/ledger.ts';

/** Topic `jobs`, a message a minute → one row in the source. In the database's network; PostgreSQL's programs are not needed. */
export const handler = jobHandler(ledgerJob, (job) =>
  writeLedger(job, {
    plan: plan(),
    ledger: ledger(),
    secrets: secrets(),
    catalog: catalog(),
    clock,
    log: log(),
  }),
);
