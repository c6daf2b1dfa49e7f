import { tick } from '../lib/domain/runs/job.ts';
import { log, messages, metrics, plan } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';
import { dispatch } from '../lib/workflows/dispatch/dispatch.ts';

/** A schedule of EventBridge Scheduler → one message a target on topic `jobs`. */
export const handler = jobHandler(tick, (message) =>
  dispatch(message, { plan: plan(), messages: messages(), metrics: metrics(), log: log() }),
);
