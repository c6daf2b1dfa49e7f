import { setTimeout as sleep } from 'node:timers/promises';
import { withCredentials } from '../lib/execution/credentials.ts';
import {
  clock,
  engine,
  onSmokeStep,
  plan,
  requests,
  secrets,
  secretTextStore,
} from '../lib/runtime/compose.ts';
import { personHandler } from '../lib/runtime/job-handler.ts';
import { runSmoke, smokeRequest } from '../lib/workflows/smoke/run-smoke.ts';

/** A person, or a restore → the smoke steps of a target against its application and its database. */
export const handler = personHandler(smokeRequest, (asked) =>
  runSmoke(asked, {
    plan: plan(),
    requests: requests(),
    secrets: secretTextStore(),
    ask: (target) => (sql, seconds) =>
      withCredentials(secrets(), target, (credentials) =>
        engine(target.id).instances.value(credentials, sql, seconds),
      ),
    pause: (seconds) => sleep(seconds * 1000),
    clock,
    onStep: onSmokeStep(),
  }),
);
