import { reasonOf, UnderstudyError } from '../../domain/errors.ts';
import { DEPLOYMENT, type Finding, finding } from '../../domain/findings/finding.ts';
import { targetOf } from '../../domain/plan/policy.ts';
import { TAGS } from '../../domain/points/platform-source.ts';
import type { ScratchRecord } from '../../domain/runs/scratch-record.ts';
import { leadsTo, namesOf, verdictOf } from '../../domain/runs/sweep-verdict.ts';
import { secondsBetween } from '../../domain/time.ts';
import { placeNamed } from '../../points/places.ts';
import type { ScratchState } from '../../ports/platform.ts';
import { heldByRestore } from '../../restore/held-by-restore.ts';
import { clearRest } from '../../restore/instance/teardown.ts';
import { endedLongAgo, hasEnded, recordFrom, type SweepDeps } from './scratch-records.ts';
import { sweepParameters } from './stray-parameters.ts';

export type { SweepDeps };

/** A deletion takes minutes; one that takes longer than this is reported. In seconds. */
const DELETION_TAKES = 3600;
/**
 * Deletes scratch instances that outlived their rehearsals, and ends the records of deleted ones. One step for each
 * look: a later look confirms a deletion. A failure stops no other, and is returned with the findings.
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
  // A list that failed does not show that one is deleted: this rejects, and its records stay.
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

/** The same in another place. Rejects if no policy tells any more how to reach it. */
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
  const restored = await heldByRestore(record?.target ?? state.tags[TAGS.target] ?? '', deps.catalog);
  if (restored) return [];
  const named = await namedInSecret(state, deps);
  if (named) return [leftOver(state, record, deps, `it is not deleted, because ${named}`)];
  deps.log.warn('a scratch instance is deleted', { name: state.name, why: verdict.why });
  try {
    // Its parameters and its secret must be found again after the deletion.
    const known = record ?? (await deps.catalog.beginScratch(recordFrom(state, place, deps, now)));
    const left = await deps.scratch.remove(state.kind, state.name);
    if (left === 'gone') {
      await clearRest(known, deps);
      return [];
    }
  } catch (error) {
    return [leftOver(state, record, deps, `it cannot be deleted: ${reasonOf(error)}`)];
  }
  // A finding from before its expiry stays open while it exists.
  const said = (await abandoned(state, record, deps)).length > 0;
  const late = secondsBetween(state.tags[TAGS.expires]!, now) > DELETION_TAKES;
  return said || late ? [leftOver(state, record, deps, `it is ${state.status} and not gone yet`)] : [];
}

/** Not expired yet, and its rehearsal is over: it is unused, and costs until it is deleted. */
async function abandoned(
  state: ScratchState,
  record: ScratchRecord | undefined,
  deps: SweepDeps,
): Promise<Finding[]> {
  if (!record || !(await hasEnded(record, deps))) return [];
  return [leftOver(state, record, deps, `its rehearsal has ended; it is deleted after ${record.expiresAt}`)];
}

/** It may be in use as a database after all: then a target's secret leads to it. Unknown does not mean no. */
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
