import { hintOf, reasonOf, UnderstudyError } from '../../domain/errors.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { PlatformRef, PlatformSource, Quota } from '../../domain/points/platform-source.ts';
import { counts, isSnapshot, type SnapshotPoint } from '../../domain/points/recovery-point.ts';
import type { PreflightJob } from '../../domain/runs/job.ts';
import { owesWindow } from '../../domain/status/posture.ts';
import { utc } from '../../domain/time.ts';
import type { KeyState } from '../../points/check-snapshot.ts';
import { keyStateOf } from '../../points/conclude-snapshot.ts';
import { homePlace, placesOf } from '../../points/places.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/messages.ts';
import type { Place, Platform } from '../../ports/platform.ts';
import type { RestoreConditions } from '../../ports/restore-conditions.ts';
import { networkIn, scratchTags } from '../../restore/instance/quarantine.ts';
import type { Answers, Facts, Question } from './restorability.ts';

export type AskDeps = {
  catalog: Catalog;
  clock: Clock;
  log: Log;
  stage: string;
  platform: Platform;
  conditions: RestoreConditions;
  /** Can the key of a copy be used, in the Region where it lies? */
  keyState: (key: string, region: string) => Promise<KeyState>;
  /** The Region of the deployment and of its sources. */
  home: string;
  /** The quarantine of scratch instances, unless a policy names another. Empty if there is none. */
  scratchNetwork: { subnetGroup: string; securityGroup: string };
};

export type Restorable = PlatformRef & { kind: 'rds' | 'aurora' };

export type Asked = {
  answers: Answers;
  /** Manual snapshots, of every place whose quota is known. */
  quotas: Map<string, Quota>;
  /** The newest snapshot that counts of each other place, and its key. */
  copies: { point: SnapshotPoint; key: KeyState }[];
  unknown: { question: string; reason: string; hint?: string | undefined }[];
  /** Questions that depend on a missing answer. */
  left: string[];
};

/** How many of the newest snapshots are looked at: one of them must be restorable. */
const LOOKED_AT = 5;

/**
 * Asks everything that a restore depends on; a failing question stops no other. Source and snapshot come first: the
 * other questions depend on them.
 */
export async function askQuestions(
  target: Target,
  ref: Restorable,
  job: PreflightJob,
  deps: AskDeps,
): Promise<Asked> {
  const asked: Asked = { answers: {}, quotas: new Map(), copies: [], unknown: [], left: [] };
  const attempt = async (question: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      const reason = reasonOf(error);
      asked.unknown.push({ question, reason, hint: hintOf(error) });
      deps.log.error('the preflight could not find out', { target: target.id, question, reason });
    }
  };
  const ask = async (questions: Questions) => {
    for (const [question, answer] of Object.entries(questions)) {
      if (answer)
        await attempt(
          question,
          async () => void Object.assign(asked.answers, { [question]: await answer() }),
        );
      else asked.left.push(question);
    }
  };

  let points: SnapshotPoint[] = [];
  await ask({
    source: async () => ({ found: await deps.platform.source(ref) }),
    snapshot: async () => {
      points = await newestSnapshots(target, deps.home, deps);
      return { looked: await lookAt(points, deps) };
    },
  });
  const restorable = asked.answers.snapshot?.looked.find(({ status }) => status === 'available')?.point;
  const newest = points.find(({ id }) => id === restorable);
  await ask(questionsAbout(target, ref, asked.answers.source?.found, newest, job, deps));

  if (asked.answers.quotas) asked.quotas.set(deps.home, asked.answers.quotas.snapshots);
  for (const place of placesOf(target, deps.home).slice(1)) {
    await attempt(`quotas of ${place.name}`, async () => {
      asked.quotas.set(place.name, (await quotasOf(place, deps)).snapshots);
    });
    await attempt(`copies in ${place.name}`, async () => {
      const [copy] = await newestSnapshots(target, place.name, deps);
      const key = copy && (await keyOfCopy(copy, place, deps));
      if (key) asked.copies.push({ point: copy, key });
    });
  }
  return asked;
}

/** Another account may deny the question, which is not reported; in the own account that is a question without an answer. */
function keyOfCopy({ snapshot }: SnapshotPoint, place: Place, deps: AskDeps): Promise<KeyState> {
  if (place.account !== undefined || !snapshot.kmsKey) return keyStateOf(snapshot, place.name, deps);
  return deps.keyState(snapshot.kmsKey, place.region);
}

/** `undefined` where it is unknown what to ask for. */
type Questions = { [Q in Question]?: (() => Promise<Facts[Q]>) | undefined };

function questionsAbout(
  target: Target,
  ref: Restorable,
  source: PlatformSource | undefined,
  newest: SnapshotPoint | undefined,
  job: PreflightJob,
  deps: AskDeps,
): Questions {
  const { conditions } = deps;
  const { subnetGroup, securityGroups } = networkOf(target, source, deps);
  const seen = source ?? newest?.snapshot;
  const version = seen && { engine: seen.engine, version: seen.engineVersion };
  const group = source?.parameterGroup;
  return {
    'pitr window': source && (async () => windowOf(target, source, deps.clock.now())),
    key: seen && (() => lookAtKeys([source, newest?.snapshot], conditions)),
    'subnet group': subnetGroup
      ? async () => ({ name: subnetGroup, found: await conditions.subnetGroup(subnetGroup) })
      : undefined,
    'security groups':
      securityGroups.length > 0
        ? async () => ({ wanted: securityGroups, found: await conditions.securityGroups(securityGroups) })
        : undefined,
    'parameter group': group
      ? async () => ({ name: group, family: await conditions.parameterFamily(ref.kind, group) })
      : undefined,
    'engine version':
      version && (async () => ({ ...version, found: await conditions.engineVersion(version) })),
    support: version && (async () => ({ ...version, found: await conditions.support(version) })),
    quotas: () => quotasOf(homePlace(deps.home), deps),
    secret: async () => (target.connection ? { why: await conditions.secretProblem(target) } : {}),
    permissions:
      seen &&
      (async () => ({
        denied: await conditions.denied({
          kind: ref.kind,
          sourceArn: source?.arn,
          snapshotArn: newest?.snapshot.arn,
          kmsKey: newest?.snapshot.kmsKey ?? source?.kmsKey,
          subnetGroup,
          // A restore does not name a default one.
          optionGroup: source?.optionGroup?.startsWith('default:') ? undefined : source?.optionGroup,
          tags: scratchTags(target, { ...job, job: 'rehearse-snapshot' }, deps.stage, utc(deps.clock.now())),
        }),
      })),
  };
}

async function newestSnapshots(
  target: Target,
  place: string,
  { catalog }: AskDeps,
): Promise<SnapshotPoint[]> {
  const points = await catalog.points(target.id, { states: ['verified', 'rehearsed'] });
  return points
    .filter(isSnapshot)
    .filter((point) => point.place === place && counts(point))
    .slice(0, LOOKED_AT);
}

/** Newest first, until one can be restored. */
async function lookAt(points: readonly SnapshotPoint[], deps: AskDeps): Promise<Facts['snapshot']['looked']> {
  const looked: Facts['snapshot']['looked'] = [];
  for (const { id, snapshot } of points) {
    const found = await deps.platform.snapshot(snapshot.of, snapshot.id, homePlace(deps.home));
    looked.push({ point: id, ...(found ? { status: found.status } : {}) });
    if (found?.status === 'available') break;
  }
  return looked;
}

type Encrypted = { encrypted: boolean; kmsKey?: string; keyOfAws?: true };

async function lookAtKeys(
  what: readonly (Encrypted | undefined)[],
  conditions: RestoreConditions,
): Promise<Facts['key']> {
  const keys = what.flatMap((each) => {
    if (!each?.encrypted || each.keyOfAws) return [];
    if (each.kmsKey) return [each.kmsKey];
    throw new UnderstudyError('key-unsaid', 'it is encrypted, and RDS does not say with which key');
  });
  return {
    keys: await Promise.all(
      [...new Set(keys)].map(async (key) => ({ key, found: await conditions.key(key) })),
    ),
  };
}

function windowOf(target: Target, source: PlatformSource, now: Date): Facts['pitr window'] {
  const earliest = source.pitr?.earliest;
  if (earliest !== undefined) return { earliest };
  if (!owesWindow(target, source, now)) return {};
  throw new UnderstudyError('window-unsaid', `RDS does not say from when on ${source.id} can be restored to`);
}

async function quotasOf(place: Place, { platform }: AskDeps): Promise<Facts['quotas']> {
  const { instances, snapshots } = await platform.quotas(place);
  if (instances && snapshots) return { instances, snapshots };
  throw new UnderstudyError('quota-unsaid', `RDS does not say what the quotas are in ${place.name}`);
}

/**
 * Where it would be restored to in this Region; next to the source if there is no quarantine. The network of another
 * place is not visible from here; the rehearsals there show whether it works.
 */
function networkOf(
  target: Target,
  source: PlatformSource | undefined,
  { scratchNetwork, home }: AskDeps,
): { subnetGroup: string | undefined; securityGroups: string[] } {
  const { subnetGroup, securityGroups } = networkIn(home, target, scratchNetwork);
  return {
    subnetGroup: subnetGroup || source?.subnetGroup,
    securityGroups: securityGroups.length > 0 ? securityGroups : (source?.securityGroups ?? []),
  };
}
