import type { Policy, Target } from '../plan/policy.ts';
import { codesClosedBy, type Entry, FINDINGS, type FindingCode } from './registry.ts';
import { milder, type Severity } from './severity.ts';

export { codesClosedBy, FINDINGS, type FindingCode };

/** A judgement about one subject of one target. Code and subject together are its identity while it is open. */
export type Finding = {
  code: FindingCode;
  target: string;
  /** The subject: a point's id, a job, a table, a schedule, a topic. */
  subject: string;
  severity: Severity;
  /** What happened, in one sentence with its figures. */
  message: string;
  /** The exact next thing to do. */
  next: string;
  /** What it means for the objectives, where that is known. */
  objectives?: string;
  /** The moment of the data that the finding is about, the latest of several: older data cannot close it. */
  asOf?: string;
};

/** The longest message: e-mails and pagers have limits, and a database's error must not make an alert undeliverable. */
const LONGEST = 2000;

/** Makes a finding with the policy's severity: by code, else from the table, and never above the target's priority. */
export function finding(
  code: FindingCode,
  about: {
    target: Target | { id: string };
    subject: string;
    message: string;
    job?: string;
    /** Id of the instance, cluster or cache, for the command that fixes it; else the target's own. */
    id?: string;
    days?: number;
    /** Other parts of the command. */
    fill?: Record<string, string>;
    objectives?: string | undefined;
    asOf?: string;
    /** Instead of the table's. */
    severity?: Severity;
  },
): Finding {
  const next = nextStep(code, about);
  return {
    code,
    target: about.target.id,
    subject: about.subject,
    severity: severityOf(code, about.target, about.severity),
    message: about.message.length > LONGEST ? `${about.message.slice(0, LONGEST)} …` : about.message,
    next,
    objectives: about.objectives,
    asOf: about.asOf,
  };
}

/** Merges a finding that was found again in other data: the later moment counts. */
export function asOfBoth(known: Finding | undefined, found: Finding): Pick<Finding, 'asOf'> {
  const asOf = [known?.asOf ?? '', found.asOf ?? ''].sort().at(-1);
  return asOf ? { asOf } : {};
}

/** The next step with its gaps filled. `{modify}` and `{delete}` are the commands for an instance or a cluster. */
function nextStep(
  code: FindingCode,
  about: Pick<Parameters<typeof finding>[1], 'target' | 'job' | 'id' | 'days' | 'fill'>,
): string {
  const { target } = about;
  const [platform, policy] = 'policy' in target ? [target.platform, target.policy] : [];
  const isCluster = platform?.kind === 'aurora';
  const id = about.id ?? platform?.id ?? '…';
  const days = about.days ?? (policy && Math.ceil(policy.pitr.window / 86_400));
  const gaps: Record<string, string> = {
    target: target.id,
    job: about.job ?? 'dump',
    id,
    days: String(days ?? '…'),
    modify: isCluster
      ? `aws rds modify-db-cluster --db-cluster-identifier ${id}`
      : `aws rds modify-db-instance --db-instance-identifier ${id}`,
    delete: isCluster
      ? `aws rds delete-db-cluster --db-cluster-identifier ${id}`
      : `aws rds delete-db-instance --db-instance-identifier ${id}`,
    ...about.fill,
  };
  const entry: Entry = FINDINGS[code];
  const text = (isCluster && entry.ofCluster) || entry.next;
  return text.replace(/\{(\w+)\}/g, (_, gap: string) => gaps[gap] ?? '…');
}

/** The severity that the policy gives a code: by name, else the table's, but not above the target's priority. */
export function severityOf(
  code: FindingCode,
  target: Target | { id: string },
  usual: Severity = FINDINGS[code].severity,
): Severity {
  if (!('policy' in target)) return usual;
  const policy: Policy = target.policy;
  return policy.severities[code] ?? milder(usual, target.priority);
}

/** The pseudo-target of findings about the deployment itself: schedules, topics, unknown jobs. */
export const DEPLOYMENT = { id: 'understudy' } as const;
