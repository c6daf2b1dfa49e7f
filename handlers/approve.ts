import { catalog, clock, plan, wakes } from '../lib/runtime/compose.ts';
import { personHandler } from '../lib/runtime/job-handler.ts';
import { answerRequest, answerToRestore } from '../lib/workflows/emergency/answer.ts';

/** A person → the answer to a restore that waits for it. A function of its own: IAM says who may invoke it. */
export const handler = personHandler(answerRequest, (request) =>
  answerToRestore(request, { plan: plan(), catalog: catalog(), wakes: wakes(), clock }),
);
