import { type Finding, type FindingCode, finding } from '../../domain/findings/finding.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { PlatformSource, Quota } from '../../domain/points/platform-source.ts';
import { humanSeconds, secondsBetween } from '../../domain/time.ts';
import type {
  Denial,
  EngineVersion,
  KeyFacts,
  SecurityGroupFacts,
  SubnetGroupFacts,
  SupportFacts,
  VersionFacts,
} from '../../ports/restore-conditions.ts';

/** The answers to a preflight's questions. An answer omits what does not exist. */
export type Facts = {
  source: { found?: PlatformSource };
  /** How far back the source can be restored to a moment; omitted if no policy promises it. */
  'pitr window': { earliest?: string };
  /** The newest verified snapshots, newest first, as the platform reports them now. */
  snapshot: { looked: { point: string; status?: string }[] };
  /** The keys of source and snapshot; none when nothing is encrypted. */
  key: { keys: { key: string; found?: KeyFacts }[] };
  'subnet group': { name: string; found?: SubnetGroupFacts };
  'security groups': { wanted: string[]; found: SecurityGroupFacts[] };
  'parameter group': { name: string; family?: string };
  'engine version': EngineVersion & { found?: VersionFacts };
  support: EngineVersion & { found: SupportFacts };
  quotas: { instances: Quota; snapshots: Quota };
  secret: { why?: string };
  permissions: { denied: Denial[] };
};
export type Question = keyof Facts;
/** The answers there are. A question that is missing here was not answered, and nothing follows from it. */
export type Answers = Partial<Facts>;

type Rule = {
  code: FindingCode;
  /** The question whose answer is judged, and the finding's subject. */
  about: Question;
  /** Other answers that a good result needs. */
  needs?: Question[];
  /** What is wrong, as far as the answers show it. */
  problem: (answers: Answers, target: Target, now: Date) => string | undefined;
};

const DAY = 86_400;
/** An end of support this near is reported. In seconds. */
const NEAR = 180 * DAY;
/** One for the instance, and a spare one that RDS wants for replacing it. */
const ADDRESSES = 2;

const RULES: readonly Rule[] = [
  { code: 'restore-snapshot-missing', about: 'snapshot', problem: noSnapshot },
  { code: 'restore-key-unusable', about: 'key', needs: ['source', 'snapshot'], problem: unusableKey },
  { code: 'restore-network-missing', about: 'subnet group', problem: noRoom },
  {
    code: 'restore-network-missing',
    about: 'security groups',
    needs: ['subnet group'],
    problem: wrongSecurityGroups,
  },
  {
    code: 'restore-parameters-missing',
    about: 'parameter group',
    needs: ['engine version'],
    problem: wrongParameters,
  },
  { code: 'engine-end-of-support', about: 'engine version', problem: withdrawn },
  { code: 'engine-end-of-support', about: 'support', problem: unsupported },
  { code: 'restore-quota', about: 'quotas', problem: noQuota },
  { code: 'restore-secret-unreadable', about: 'secret', problem: unreadableSecret },
  { code: 'restore-denied', about: 'permissions', problem: denials },
];

/** Would a restore succeed now? Judges only the answers. */
export function checkRestore(target: Target, answers: Answers, now: Date): Finding[] {
  return RULES.flatMap(({ code, about, problem }) => {
    const message = problem(answers, target, now);
    return message === undefined ? [] : [finding(code, { target, subject: about, message })];
  });
}

/** Were all the questions answered that this open finding's closing needs? */
export function mayClose({ code, subject }: Pick<Finding, 'code' | 'subject'>, answers: Answers): boolean {
  const rule = RULES.find((each) => each.code === code && each.about === subject);
  return rule !== undefined && [rule.about, ...(rule.needs ?? [])].every((question) => answers[question]);
}

/** What is wrong with a key, or undefined when a restore can use it. */
export function keyProblem(key: KeyFacts | undefined, now: Date): string | undefined {
  if (!key) return 'does not exist';
  const { state, deletedAt, validUntil } = key;
  if (deletedAt) return `is scheduled for deletion at ${deletedAt}`;
  // While a multi-Region key's primary moves it is `Updating`, and can be used.
  if (state !== 'Enabled' && state !== 'Updating') return `is in state ${state}`;
  if (!key.encrypts) return 'is not a symmetric encryption key';
  if (validUntil && new Date(validUntil) <= now)
    return `has lost its key material, which expired at ${validUntil}`;
  return undefined;
}

function noSnapshot({ snapshot }: Answers, target: Target): string | undefined {
  if (!snapshot || snapshot.looked.some(({ status }) => status === 'available')) return undefined;
  if (snapshot.looked.length === 0) return `${target.id} has no verified snapshot in its own Region`;
  const said = snapshot.looked.map(({ point, status }) => `${point} is ${status ?? 'gone'}`).join(', ');
  return `no verified snapshot of ${target.id} can be restored: ${said}`;
}

function unusableKey({ key }: Answers, target: Target, now: Date): string | undefined {
  const said = key?.keys.flatMap((each) => {
    const problem = keyProblem(each.found, now);
    return problem ? [`the key ${each.key} ${problem}`] : [];
  });
  return said?.length ? `RDS cannot restore ${target.id}: ${said.join('; ')}` : undefined;
}

function noRoom({ 'subnet group': group }: Answers, target: Target): string | undefined {
  if (!group) return undefined;
  const what = `the subnet group ${group.name}, for restores of ${target.id},`;
  if (!group.found) return `${what} does not exist`;
  const { zones, freeAddresses } = group.found;
  if (zones.length < 2)
    return `${what} has subnets in ${zones.length === 1 ? `${zones[0]} only` : 'no zone'}; RDS needs two zones`;
  if (freeAddresses < ADDRESSES)
    return `${what} has ${freeAddresses === 1 ? 'one free address' : 'no free address'}; a restore needs ${ADDRESSES}`;
  return undefined;
}

function wrongSecurityGroups(
  { 'security groups': groups, 'subnet group': subnets }: Answers,
  target: Target,
): string | undefined {
  if (!groups) return undefined;
  const said = groups.wanted.flatMap((id) => {
    const group = groups.found.find((each) => each.id === id);
    if (!group) return [`${id} does not exist`];
    const vpc = subnets?.found?.vpc;
    return vpc && group.vpc !== vpc
      ? [`${id} belongs to ${group.vpc}, its subnet group ${subnets.name} to ${vpc}`]
      : [];
  });
  return said.length > 0 ? `the security groups for restores of ${target.id}: ${said.join('; ')}` : undefined;
}

function wrongParameters(
  { 'parameter group': group, 'engine version': version }: Answers,
  target: Target,
): string | undefined {
  if (!group) return undefined;
  const what = `the parameter group ${group.name} of ${target.id}`;
  if (group.family === undefined) return `${what} does not exist`;
  if (!version?.found || version.found.family === group.family) return undefined;
  return `${what} is of family ${group.family}; ${version.engine} ${version.version} needs ${version.found.family}`;
}

function withdrawn({ 'engine version': version }: Answers, target: Target): string | undefined {
  if (!version || version.found?.offered) return undefined;
  const said = version.found ? 'is deprecated' : 'is no longer offered';
  return `${version.engine} ${version.version} of ${target.id} ${said}; RDS would restore it as another version, or not at all`;
}

function unsupported({ support }: Answers, target: Target, now: Date): string | undefined {
  if (!support) return undefined;
  const { major, standardUntil, extendedUntil } = support.found;
  const left = secondsBetween(now, standardUntil);
  if (left > NEAR) return undefined;
  const what = `the standard support of ${support.engine} ${major}, which ${target.id} runs,`;
  const when = left >= 0 ? `ends in ${humanSeconds(left)}, at ${standardUntil}` : `ended at ${standardUntil}`;
  if (extendedUntil === undefined) return `${what} ${when}; AWS offers no extended support for it`;
  return new Date(extendedUntil) > now
    ? `${what} ${when}; extended support, which AWS charges for, ends at ${extendedUntil}`
    : `${what} ${when}, and its extended support at ${extendedUntil}`;
}

function noQuota({ quotas }: Answers, target: Target): string | undefined {
  if (!quotas || quotas.instances.used < quotas.instances.most) return undefined;
  const { used, most } = quotas.instances;
  return `the account has ${used} of ${most} instances: RDS would refuse one more for a restore of ${target.id}`;
}

function unreadableSecret({ secret }: Answers): string | undefined {
  return secret?.why;
}

function denials({ permissions }: Answers, target: Target): string | undefined {
  if (!permissions || permissions.denied.length === 0) return undefined;
  const said = permissions.denied.map(({ action, resource, why }) => `${action} on ${resource} (${why})`);
  return `IAM denies the role that restores ${target.id}: ${said.join(', ')}`;
}
