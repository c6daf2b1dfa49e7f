import * as z from 'zod';
import { DEPLOYMENT, FINDINGS, type FindingCode } from '../../domain/findings/finding.ts';
import { chooseToPutBack } from '../../domain/incidents/put-back.ts';
import { requireTarget } from '../../domain/plan/policy.ts';
import { askedJob } from '../../domain/runs/job.ts';
import { utc } from '../../domain/time.ts';
import { askedMoment as moment } from '../../points/asked-moment.ts';
import { requireUsablePoint } from '../../points/refuse-named-point.ts';
import type { Alerts, JobMessages } from '../../ports/messages.ts';
import type { Services } from '../../ports/switching.ts';
import { planAppChange } from '../../restore/application/plan-app-change.ts';
import { estimateOf, formatEstimate } from '../../restore/instance/budget.ts';
import { acknowledge, endAcknowledgement } from './acknowledge.ts';
import { alertHistory } from './alert-history.ts';
import { cancel } from './cancel.ts';
import { history } from './history.ts';
import { extractPlanRequest, followExtract, planExtract } from './plan-extract.ts';
import { planRestore } from './plan-restore.ts';
import { showPoint } from './show-point.ts';
import { listPoints, type StatusDeps, status } from './status.ts';
import { testAlerts } from './test-alerts.ts';

const target = z.string().min(1);
const about = {
  target,
  code: z.enum(Object.keys(FINDINGS) as FindingCode[], { error: 'expected the code of a finding' }),
  subject: z.string().min(1).max(500).optional(),
  by: z.string().min(1).max(256).default('unknown'),
};

/** Requests that a person may send to a deployment. */
export const operatorRequest = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.literal('status'), target: target.optional() }),
  z.strictObject({ ask: z.literal('points'), target, limit: z.int().min(1).max(1000).default(100) }),
  z.strictObject({ ask: z.literal('point'), target, point: z.string().min(1) }),
  z.strictObject({
    ask: z.literal('plan'),
    target,
    at: moment.optional(),
    point: z.string().min(1).optional(),
    beside: z.boolean().optional(),
  }),
  z.strictObject({ ask: z.literal('restore'), target, restore: z.string().optional() }),
  z.strictObject({ ask: z.literal('to-put-back'), target }),
  z.strictObject({
    ask: z.literal('app-plan'),
    target,
    job: z.enum(['restart-app', 'rollback-app']),
    to: z.string().min(1).max(500).optional(),
  }),
  z.strictObject({ ask: z.literal('app-change'), target }),
  z.strictObject({
    ask: z.literal('run'),
    message: askedJob,
  }),
  z.strictObject({
    ask: z.literal('cancel'),
    target,
    job: z.string().min(1),
    by: z.string().min(1).max(256).default('unknown'),
    /** Its worker is a process of the caller's own machine. */
    local: z.boolean().default(false),
  }),
  z.strictObject({ ask: z.literal('estimate'), target, from: z.enum(['snapshot', 'moment']) }),
  extractPlanRequest,
  z.strictObject({ ask: z.literal('extract-progress'), target, scheduledFor: z.string() }),
  z.strictObject({ ask: z.literal('outcome'), target, job: z.string(), scheduledFor: z.string() }),
  z.strictObject({ ask: z.literal('evidence'), target, limit: z.int().min(1).max(100).default(1) }),
  z.strictObject({ ask: z.literal('timeline'), target, limit: z.int().min(1).max(1000).default(50) }),
  z.strictObject({ ask: z.literal('alerts'), target, limit: z.int().min(1).max(1000).default(50) }),
  z.strictObject({
    ask: z.literal('acknowledge'),
    ...about,
    until: z.iso.datetime({ offset: true, error: 'expected a moment such as 2026-11-20T01:00:00Z' }),
    reason: z.string().min(1).max(500),
  }),
  z.strictObject({ ask: z.literal('end-acknowledgement'), ...about }),
  z.strictObject({ ask: z.literal('test-alerts'), by: z.string().default('a person') }),
]);
export type OperatorRequest = z.infer<typeof operatorRequest>;

export type OperatorDeps = StatusDeps & {
  messages: JobMessages;
  alerts: Alerts;
  stage: string;
  home: string;
  /** The vault's bucket, only named in answers. */
  vaultName: string;
  services: Services;
  /** And the vault's replica. */
  replicaName?: { bucket: string; region: string } | undefined;
};

/** Answers one request. A job's work is not done here: it is requested on topic `jobs`, as a schedule would. */
export async function operate(request: OperatorRequest, deps: OperatorDeps): Promise<unknown> {
  switch (request.ask) {
    case 'status':
      if (request.target) requireTarget(deps.plan, request.target);
      return briefly(await status(deps, request.target));
    case 'points':
      return listPoints(deps, requireTarget(deps.plan, request.target).id, request.limit);
    case 'point':
      return showPoint(requireTarget(deps.plan, request.target).id, request.point, deps);
    case 'plan':
      return planRestore(
        requireTarget(deps.plan, request.target),
        { at: request.at, point: request.point, beside: request.beside },
        deps,
      );
    case 'restore':
      return (
        (await deps.catalog.restore(requireTarget(deps.plan, request.target).id, request.restore)) ?? null
      );
    case 'to-put-back':
      return chooseToPutBack(await deps.catalog.restoresOf(requireTarget(deps.plan, request.target).id));
    case 'app-plan': {
      const asked = requireTarget(deps.plan, request.target);
      return planAppChange(request, asked, utc(deps.clock.now()), deps.services);
    }
    case 'app-change':
      return (await deps.catalog.appChange(requireTarget(deps.plan, request.target).id)) ?? null;
    case 'run':
      requireTarget(deps.plan, request.message.target);
      await requireUsablePoint(deps.catalog, request.message);
      await deps.messages.publish(request.message);
      return { published: request.message };
    case 'cancel':
      requireTarget(deps.plan, request.target);
      return cancel(request, deps);
    case 'estimate': {
      const asked = requireTarget(deps.plan, request.target);
      const estimate = await estimateOf(asked, `rehearse-${request.from}`, deps);
      return { estimate, said: formatEstimate(estimate) };
    }
    case 'extract':
      return planExtract(request, requireTarget(deps.plan, request.target), deps);
    case 'extract-progress':
      requireTarget(deps.plan, request.target);
      return followExtract(request.target, request.scheduledFor, deps.catalog);
    case 'outcome':
      requireTarget(deps.plan, request.target);
      return (await deps.catalog.run(request)) ?? null;
    case 'evidence':
      return deps.catalog.evidence(requireTarget(deps.plan, request.target).id, request.limit);
    case 'timeline':
      // Events without a target are on the deployment’s own timeline.
      if (request.target !== DEPLOYMENT.id) requireTarget(deps.plan, request.target);
      return history(deps.catalog, request.target, request.limit);
    case 'alerts':
      if (request.target !== DEPLOYMENT.id) requireTarget(deps.plan, request.target);
      return alertHistory(deps.catalog, request.target, request.limit);
    case 'acknowledge':
      return acknowledge(request, deps);
    case 'end-acknowledgement':
      return endAcknowledgement(request, deps);
    case 'test-alerts':
      return testAlerts(deps.alerts, deps.stage, request.by);
  }
}

/** Lambda's answers are limited to 6 MB: of very many targets only those that are not good are listed. */
const MANY = 500;

function briefly(whole: Awaited<ReturnType<typeof status>>) {
  if (whole.targets.length <= MANY) return whole;
  const unwell = whole.targets.filter((each) => each.state !== 'good');
  return {
    ...whole,
    targets: unwell.slice(0, MANY),
    notShown: { good: whole.targets.length - unwell.length, unwell: Math.max(0, unwell.length - MANY) },
  };
}
