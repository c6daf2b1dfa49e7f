import { heartbeatJob } from '../lib/domain/runs/job.ts';
import { catalog, clock, engine, log, plan, secrets } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';
import { writeHeartbeat } from '../lib/workflows/heartbeat/heartbeat.ts';

/** Topic `jobs`, a message a minute → one row in the source. In the database's network, without PostgreSQL's programs. */
export const handler = jobHandler(heartbeatJob, (job) =>
  writeHeartbeat(job, {
    plan: plan(),
    heartbeat: engine(job.target).heartbeat,
    secrets: secrets(),
    catalog: catalog(),
    clock,
    log: log(),
  }),
);
