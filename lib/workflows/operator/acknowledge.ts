import { InputError } from '../../domain/errors.ts';
import {
  type Acknowledgement,
  acknowledgementOf,
  LONGEST_ACKNOWLEDGED,
} from '../../domain/findings/acknowledgement.ts';
import { DEPLOYMENT, type FindingCode, severityOf } from '../../domain/findings/finding.ts';
import type { OpenFinding } from '../../domain/findings/finding-record.ts';
import { type Plan, requireTarget } from '../../domain/plan/policy.ts';
import { humanSeconds, secondsBetween, utc } from '../../domain/time.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';

export type AcknowledgeDeps = { plan: Plan; catalog: Catalog; clock: Clock };
type About = { target: string; code: FindingCode; subject?: string | undefined; by: string };
export type AcknowledgeRequest = About & { until: string; reason: string };
/** The open findings it applies to; none when it announces one. */
export type AcknowledgeAnswer = { acknowledgement: Acknowledgement; open: OpenFinding[] };

/**
 * Records that a person knows of a finding, or expects one: until then it sends no alert and does not make the target
 * bad. A P0 has to be open, and stays bad: only its reminders stop. Rejects with InputError.
 */
export async function acknowledge(
  { target, code, subject, by, until, reason }: AcknowledgeRequest,
  deps: AcknowledgeDeps,
): Promise<AcknowledgeAnswer> {
  const now = deps.clock.now();
  const severity = severityOf(code, targetNamed(deps.plan, target));
  const ahead = secondsBetween(now, until);
  if (ahead <= 0) throw new InputError(`--until ${until} is over`, [], 'name a moment to come, or 7d');
  if (ahead > LONGEST_ACKNOWLEDGED)
    throw new InputError(
      `--until ${until} is more than ${humanSeconds(LONGEST_ACKNOWLEDGED)} ahead`,
      [],
      'acknowledge it for a shorter time; it can be done again',
    );
  const acknowledgement: Acknowledgement = {
    target,
    code,
    ...(subject === undefined ? {} : { subject }),
    until: utc(new Date(until)),
    reason,
    by,
    at: utc(now),
  };
  const open = (await deps.catalog.openFindings(target)).filter((each) =>
    acknowledgementOf([acknowledgement], each, now),
  );
  if (severity === 'P0' && open.length === 0)
    throw new InputError(
      `${code} of ${target} is a P0 and not open${subject === undefined ? '' : ` about ${subject}`}: it cannot be acknowledged in advance`,
      [],
      `./understudy status ${target} shows what is open`,
    );
  await deps.catalog.acknowledge(acknowledgement);
  return { acknowledgement, open };
}

/** Ends an acknowledgement: the watch alerts again on what is still open, at its next look. */
export async function endAcknowledgement(
  { target, code, subject, by }: About,
  deps: AcknowledgeDeps,
): Promise<{ ended: Acknowledgement[] }> {
  targetNamed(deps.plan, target);
  const about = { target, code, ...(subject === undefined ? {} : { subject }) };
  const ended = await deps.catalog.endAcknowledgement(about, by, deps.clock.now());
  if (ended.length > 0) return { ended };
  throw new InputError(
    `no acknowledgement of ${code} of ${target} is in force`,
    [],
    `./understudy status ${target} shows them`,
  );
}

const targetNamed = (plan: Plan, id: string) => (id === DEPLOYMENT.id ? DEPLOYMENT : requireTarget(plan, id));
