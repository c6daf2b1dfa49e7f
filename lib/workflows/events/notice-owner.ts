import { DEPLOYMENT } from '../../domain/findings/finding.ts';
import { SCRATCH_PREFIX, snapshotName } from '../../domain/names.ts';
import { type Plan, type Target, targetOf } from '../../domain/plan/policy.ts';
import { TAGS } from '../../domain/points/platform-source.ts';
import { isSnapshot } from '../../domain/points/recovery-point.ts';
import type { AlarmNotice, Notice, RdsNotice } from '../../domain/runs/notice-event.ts';
import type { Catalog } from '../../ports/catalog.ts';

/** The targets whose timeline a notice belongs on, and how it concerns them. */
export type Owner = {
  target: Target | { id: string };
  as: /** Their instance, cluster or cache itself. */
    | 'source'
    /** An instance of their Aurora cluster. */
    | 'member'
    /** A snapshot that Understudy took of it. */
    | 'our-snapshot'
    /** One that AWS or any other tool took. */
    | 'their-snapshot'
    | 'scratch'
    /** Nothing that understudy.yml knows: it concerns the deployment. */
    | 'deployment';
};

export type OwnerDeps = {
  plan: Plan;
  stage: string;
  catalog: Pick<Catalog, 'openScratches' | 'points' | 'statuses'>;
};

const UNOWNED: Owner = { target: DEPLOYMENT, as: 'deployment' };
/**
 * A snapshot whose name does not tell its target is looked up in the catalog, one read for each target: not in a plan
 * of thousands.
 */
const MANY = 200;

/** The targets that a notice concerns; two targets may be databases of one instance. Without any it is the deployment. */
export async function ownersOf(notice: Notice, deps: OwnerDeps): Promise<Owner[]> {
  if (notice.from === 'unknown') return [UNOWNED];
  const found = notice.from === 'alarm' ? await ofAlarm(notice, deps) : await ofRds(notice, deps);
  return found.length > 0 ? found : [UNOWNED];
}

async function ofRds(notice: RdsNotice, deps: OwnerDeps): Promise<Owner[]> {
  const { source, subject } = notice;
  if (subject.replace(/^rds:/, '').startsWith(SCRATCH_PREFIX)) return [await ofScratch(subject, deps)];
  if (source.endsWith('snapshot')) return ofSnapshot(notice, deps);
  const sources = ofSource(subject, deps.plan);
  if (sources.length > 0) return sources;
  const members = ofMember(notice, deps.plan);
  return members.length > 0 ? members : ofSeenMember([subject], deps);
}

async function ofScratch(subject: string, deps: OwnerDeps): Promise<Owner> {
  const plain = subject.replace(/^rds:/, '');
  const records = await deps.catalog.openScratches();
  const record = records.find(({ name }) => plain === name || plain.startsWith(`${name}-`));
  if (!record) return { target: DEPLOYMENT, as: 'scratch' };
  return { target: targetOf(deps.plan, record.target) ?? { id: record.target }, as: 'scratch' };
}

function ofSource(id: string, plan: Plan): Owner[] {
  const targets = plan.targets.filter(
    ({ platform }) => platform?.id === id && platform.kind !== 'elasticache',
  );
  return targets.map((target) => ({ target, as: 'source' }));
}

/** By the watch's last look at each cluster: instances may have any name. */
async function ofSeenMember(ids: readonly string[], { plan, catalog }: OwnerDeps): Promise<Owner[]> {
  const clusters = plan.targets.filter(({ platform }) => platform?.kind === 'aurora');
  const seen = await catalog.statuses(clusters.map(({ id }) => id));
  return clusters
    .filter(({ id }) => seen.get(id)?.platform?.members?.some((member) => ids.includes(member)))
    .map((target) => ({ target, as: 'member' }));
}

/** The plan does not know a cluster's instances. The message may name the cluster; otherwise the console's naming does. */
function ofMember({ subject, message, arn, tags }: RdsNotice, plan: Plan): Owner[] {
  const text = [arn ?? '', message, ...Object.values(tags)].join(' ');
  const named = [...text.matchAll(/\bcluster[: ]+['"]?([a-z][a-z0-9-]*)/gi)].map((match) => match[1]);
  const clusters = plan.targets.filter(({ platform }) => platform?.kind === 'aurora');
  const found = clusters.filter(
    ({ platform }) => named.includes(platform!.id) || subject.startsWith(`${platform!.id}-instance-`),
  );
  return found.map((target) => ({ target, as: 'member' }));
}

async function ofSnapshot(notice: RdsNotice, deps: OwnerDeps): Promise<Owner[]> {
  const { subject, tags } = notice;
  const automated = /^rds:(.+)-\d{4}-\d\d-\d\d-\d\d-\d\d(?:-\d\d)?$/.exec(subject)?.[1];
  if (automated) return ofSource(automated, deps.plan).map((owner) => ({ ...owner, as: 'their-snapshot' }));
  const stage = tags[TAGS.stage];
  if (stage !== undefined && stage !== deps.stage) return [UNOWNED];
  const named = deps.plan.targets.find((target) => nameOfOurs(subject, target, deps.stage) === subject);
  const tagged = stage && tags[TAGS.target] ? targetOf(deps.plan, tags[TAGS.target]!) : undefined;
  const target = named ?? tagged;
  if (target) return [{ target, as: 'our-snapshot' }];
  // The target has left the plan, and its snapshots may be deleted by hand.
  if (stage) return [UNOWNED];
  return inCatalog(subject, deps);
}

const MOMENT = /-(\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)(\d\d)z$/;

/** The name that Understudy's snapshot of a target would have for the moment in this name. */
function nameOfOurs(subject: string, { id, platform }: Target, stage: string): string | undefined {
  const match = MOMENT.exec(subject);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const moment = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  return Number.isNaN(Date.parse(moment)) ? undefined : snapshotName(stage, id, moment, platform?.kind);
}

async function inCatalog(subject: string, { plan, catalog }: OwnerDeps): Promise<Owner[]> {
  const targets = plan.targets.filter(({ platform }) => platform && platform.kind !== 'elasticache');
  if (targets.length > MANY) return [];
  for (const target of targets) {
    const points = await catalog.points(target.id);
    if (points.some((point) => isSnapshot(point) && point.snapshot.id === subject))
      return [{ target, as: 'their-snapshot' }];
  }
  return [];
}

async function ofAlarm({ about }: AlarmNotice, deps: OwnerDeps): Promise<Owner[]> {
  const found = deps.plan.targets
    .filter((target) => about.some(({ id }) => isAbout(id, target)))
    .map((target): Owner => ({ target, as: 'source' }));
  return found.length > 0
    ? found
    : ofSeenMember(
        about.map(({ id }) => id),
        deps,
      );
}

/**
 * Nodes of a cache are named after it: `sessions-001`, or `sessions-0001-001` with shards. The console names a
 * cluster's instances likewise.
 */
function isAbout(id: string, { platform }: Target): boolean {
  if (!platform) return false;
  if (platform.id === id) return true;
  if (platform.kind === 'aurora') return id.startsWith(`${platform.id}-instance-`);
  const node = id.startsWith(`${platform.id}-`) ? id.slice(platform.id.length) : '';
  return platform.kind === 'elasticache' && /^(-\d{4})?-\d{3}$/.test(node);
}
