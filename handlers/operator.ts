import {
  alerts,
  catalog,
  clock,
  home,
  messages,
  plan,
  replicaName,
  services,
  stage,
  vaultName,
} from '../lib/runtime/compose.ts';
import { personHandler } from '../lib/runtime/job-handler.ts';
import { operate, operatorRequest } from '../lib/workflows/operator/operate.ts';

/** A person, through ./understudy → an answer, a requested job, a trial alert. */
export const handler = personHandler(operatorRequest, (request) =>
  operate(request, {
    plan: plan(),
    catalog: catalog(),
    messages: messages(),
    alerts: alerts(),
    clock,
    stage: stage(),
    home: home(),
    vaultName: vaultName(),
    services: services(),
    replicaName: replicaName(),
  }),
);
