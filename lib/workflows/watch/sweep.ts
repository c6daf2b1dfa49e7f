import { reasonOf, UnderstudyError } from '../../domain/errors.ts';
import { DEPLOYMENT, type Finding, finding } from '../../domain/findings/finding.ts';
import { targetOf } from '../../domain/plan/policy.ts';
import { TAGS } from '../../domain/points/platform.ts';
import type { ScratchRecord } from '../../domain/runs/scratch.ts';
import { leadsTo, namesOf, verdictOf } from '../../domain/runs/sweep.ts';
import { secondsBetween } from '../../domain/time.ts';
import { placeNamed } from '../../points/places.ts';
import type { ScratchState } from '../../ports/platform.ts';
import { clearRest } from '../../restore/instance/teardown.ts';
import { endedLongAgo, hasEnded, recordFrom, type SweepDeps } from './scratch-records.ts';
import { sweepParameters } from './stray-parameters.ts';

export type { SweepDeps };

/** A deletion takes minutes; what is still there after this is said. In seconds. */
const DELETION_TAKES = 3600;
/**
 * Deletes the scratch instances that outlived their rehearsals, and ends the records of those that are gone. Goes one step
 * a look: what is being deleted now is confirmed gone by a later one. What fails stops nothing else, and is returned
 * beside what was found.
 */
export async function sweep(
  deps: SweepDeps,
  now: Date,
): Promise<{ findings: Finding[]; failures: string[] }> {
  const failures: string[] = [];
  const findings: Finding[] = [];
  const guarded = (what: string, work: Promise<unknown>) =>
    work.catch((error) => void failures.push(`${what}: ${reasonOf(error)}`));

  const records = await deps.catalog.openScratches();
  for (const place of new Set([
    deps.home,
    ...placesOfPlan(deps),
    ...records.flatMap((each) => each.place ?? []),
  ])) {
    const here = records.filter((record) => (record.place ?? deps.home) === place);
    const names = here.map(({ name }) => name).join(', ');
    const swept = sweepPlace(place, here, deps, now, findings, guarded);
    await guarded(names ? `${place} (${names})` : place, swept);
  }
  return { findings, failures };
}

type Guarded = (what: string, work: Promise<unknown>) => Promise<unknown>;

function placesOfPlan(deps: SweepDeps): string[] {
  return deps.plan.targets.flatMap(({ policy }) => policy.rehearsal.instance.place ?? []);
}

async function sweepPlace(
  place: string,
  records: readonly ScratchRecord[],
  deps: SweepDeps,
  now: Date,
  findings: Finding[],
  guarded: Guarded,
): Promise<void> {
  const there = reaching(place, records, deps);
  // What cannot be listed is not known to be gone: this rejects, and its records stay.
  const found = await there.scratch.list();
  for (const state of found) {
    const record = records.find(({ name }) => name === state.name);
    const swept = sweepOne(state, place, record, there, now).then((said) => void findings.push(...said));
    await guarded(state.name, swept);
  }
  const standing = new Set(found.map(({ name }) => name));
  for (const record of records) {
    if (standing.has(record.name)) continue;
    const ended = async () => {
      if (new Date(record.expiresAt) > now && !(await endedLongAgo(record, deps, now))) return;
      deps.log.warn('a scratch instance that no rehearsal waits for is gone', { name: record.name });
      await clearRest(record, there);
    };
    await guarded(record.name, ended());
  }
  const known = new Set([...standing, ...records.map(({ name }) => name)]);
  await guarded('parameter groups', sweepParameters(known, place, there, now, findings));
}

/** The same with what reaches that place. Rejects where no policy says any more how that is done. */
function reaching(place: string, records: readonly ScratchRecord[], deps: SweepDeps): SweepDeps {
  if (place === deps.home || !deps.scratchAt) {
    if (place === deps.home) return deps;
    throw new UnderstudyError('place-unknown', `scratch instances in ${place} cannot be reached from here`);
  }
  const owner =
    deps.plan.targets.find(({ policy }) => policy.rehearsal.instance.place === place) ??
    targetOf(deps.plan, records[0]?.target ?? '');
  if (!owner)
    throw new UnderstudyError(
      'place-unknown',
      `no target says how scratch instances in ${place} are reached`,
    );
  return { ...deps, scratch: deps.scratchAt(placeNamed(owner, place, deps.home)) };
}

async function sweepOne(
  state: ScratchState,
  place: string,
  record: ScratchRecord | undefined,
  deps: SweepDeps,
  now: Date,
): Promise<Finding[]> {
  const verdict = verdictOf(state, record, deps.stage, TAGS, now);
  if (verdict.do === 'leave') return abandoned(state, record, deps);
  if (verdict.do === 'report')
    return [
      finding('scratch-foreign', {
        target: DEPLOYMENT,
        subject: state.name,
        message: `${state.name} is left alone: ${verdict.why}`,
      }),
    ];
  const named = await namedInSecret(state, deps);
  if (named) return [leftOver(state, record, deps, `it is not deleted, because ${named}`)];
  deps.log.warn('a scratch instance is deleted', { name: state.name, why: verdict.why });
  try {
    // Its parameters and its secret are to be found again when it is gone.
    const known = record ?? (await deps.catalog.beginScratch(recordFrom(state, place, deps, now)));
    const left = await deps.scratch.remove(state.kind, state.name);
    if (left === 'gone') {
      await clearRest(known, deps);
      return [];
    }
  } catch (error) {
    return [leftOver(state, record, deps, `it cannot be deleted: ${reasonOf(error)}`)];
  }
  // What was said of it before its expiry is not taken back while it stands.
  const said = (await abandoned(state, record, deps)).length > 0;
  const late = secondsBetween(state.tags[TAGS.expires]!, now) > DELETION_TAKES;
  return said || late ? [leftOver(state, record, deps, `it is ${state.status} and not gone yet`)] : [];
}

/** Not expired yet, and its rehearsal is over: it stands for nobody, and costs until it is deleted. */
async function abandoned(
  state: ScratchState,
  record: ScratchRecord | undefined,
  deps: SweepDeps,
): Promise<Finding[]> {
  if (!record || !(await hasEnded(record, deps))) return [];
  return [leftOver(state, record, deps, `its rehearsal has ended; it is deleted after ${record.expiresAt}`)];
}

/** Somebody may have made it his database after all: then some target's secret leads to it. Unknown is not no. */
async function namedInSecret(state: ScratchState, deps: SweepDeps): Promise<string | undefined> {
  const names = namesOf(state);
  for (const target of deps.plan.targets) {
    if (!target.connection) continue;
    try {
      const { host } = await deps.secrets.credentials(target);
      if (leadsTo(host, names)) return `the secret of ${target.id} names it`;
    } catch (error) {
      return `the secret of ${target.id} could not be read: ${reasonOf(error)}`;
    }
  }
  return undefined;
}

function leftOver(
  state: ScratchState,
  record: ScratchRecord | undefined,
  deps: SweepDeps,
  why: string,
): Finding {
  const target = targetOf(deps.plan, record?.target ?? state.tags[TAGS.target] ?? '') ?? DEPLOYMENT;
  return finding('scratch-left-over', {
    target,
    subject: state.name,
    message: `${state.name} (${state.resourceId}) outlived its rehearsal: ${why}`,
  });
}
