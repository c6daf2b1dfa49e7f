import * as z from 'zod';
import type { DumpPoint } from '../lib/domain/points/recovery-point.ts';
import { restoreAndProve } from '../lib/restore/on-server.ts';
import { clock, engine, log, plan, vault } from '../lib/runtime/compose.ts';
import { jobHandler } from '../lib/runtime/job-handler.ts';

const request = z.strictObject({
  point: z
    .looseObject({ id: z.string(), target: z.string() })
    .transform((point) => point as unknown as DumpPoint),
  simulation: z.boolean(),
});

/** Invoked by `rehearse` → one point restored onto a scratch PostgreSQL in /tmp, proven, deleted. */
export const handler = jobHandler(request, (asked, invocation) =>
  restoreAndProve(asked, {
    plan: plan(),
    vault: vault(),
    scratch: engine(asked.point.target).scratch(invocation.secondsLeft),
    clock,
    log: log(),
    secondsLeft: invocation.secondsLeft,
  }),
);
