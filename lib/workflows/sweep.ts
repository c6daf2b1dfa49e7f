import { reasonOf, UnderstudyError } from '../domain/errors.ts';
import { DEPLOYMENT, type Finding, finding } from '../domain/finding.ts';
import { TAGS } from '../domain/platform.ts';
import { type Plan, targetOf } from '../domain/policy.ts';
import type { ScratchRecord } from '../domain/scratch.ts';
import { type Found, verdictOf } from '../domain/sweep.ts';
import { secondsBetween } from '../domain/time.ts';
import type { Secrets } from '../ports/database.ts';
import type { Place, ScratchInstances, ScratchSecrets, ScratchState } from '../ports/platform.ts';
import { placeNamed } from './places.ts';
import { clearRest } from './scratch-instance.ts';
import type { Telling } from './tell.ts';

export type SweepDeps = Telling & {
  plan: Plan;
  scratch: ScratchInstances;
  /** Scratch instances of other places, where policies rehearse there. */
  scratchAt?: (place: Place) => ScratchInstances;
  home: string;
  scratchSecrets: ScratchSecrets;
  /** To look whether somebody made a scratch instance his database. */
  secrets: Secrets;
};

/** A deletion takes minutes; what is still there after this is said. In seconds. */
const DELETION_TAKES = 3600;

/**
 * Deletes the scratch instances that outlived their rehearsals, and ends the records of those that are gone. Goes one step
 * a look: what is being deleted now is confirmed gone by a later one.
 */
export async function sweep(deps: SweepDeps, now: Date): Promise<Finding[]> {
  const failures: string[] = [];
  const findings: Finding[] = [];
  const guarded = (what: string, work: Promise<unknown>) =>
    work.catch((error) => void failures.push(`${what}: ${reasonOf(error)}`));

  const records = await deps.catalog.openScratches();
  for (const [place, there] of everywhere(deps)) {
    const here = records.filter((record) => (record.place ?? deps.home) === place);
    // What cannot be listed is not known to be gone: its records stay.
    const found = await there.scratch
      .list()
      .catch((error) => void failures.push(`${place}: ${reasonOf(error)}`));
    if (!found) continue;
    for (const state of found) {
      const record = here.find(({ name }) => name === state.name);
      await guarded(
        state.name,
        sweepOne(state, record, there, now).then((said) => void findings.push(...said)),
      );
    }
    const standing = new Set(found.map(({ name }) => name));
    for (const record of here) {
      if (standing.has(record.name) || new Date(record.expiresAt) > now) continue;
      await guarded(record.name, clearRest(record, there));
      deps.log.warn('a scratch instance nobody came back for is off the record', { name: record.name });
    }
  }
  if (failures.length > 0) throw new UnderstudyError('sweep-incomplete', failures.join('; '));
  return findings;
}

/** Every place where this plan's policies rehearse, with what reaches it. */
function everywhere(deps: SweepDeps): Map<string, SweepDeps> {
  const places = new Map([[deps.home, deps]]);
  for (const target of deps.plan.targets) {
    const { place } = target.policy.rehearsal.instance;
    if (place !== undefined && deps.scratchAt && !places.has(place))
      places.set(place, { ...deps, scratch: deps.scratchAt(placeNamed(target, place, deps.home)) });
  }
  return places;
}

async function sweepOne(
  state: ScratchState,
  record: ScratchRecord | undefined,
  deps: SweepDeps,
  now: Date,
): Promise<Finding[]> {
  const verdict = verdictOf(state, record, deps.stage, TAGS, now);
  if (verdict.do === 'leave') return [];
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
  const left = await deps.scratch.remove(state.kind, state.name);
  if (left === 'gone') {
    if (record) await clearRest(record, deps);
    return [];
  }
  const late = secondsBetween(state.tags[TAGS.expires]!, now) > DELETION_TAKES;
  return late ? [leftOver(state, record, deps, `it is ${state.status} and not gone yet`)] : [];
}

/** Somebody may have made it his database after all: then some target's secret leads to it. Unknown is not no. */
async function namedInSecret(state: Found & ScratchState, deps: SweepDeps): Promise<string | undefined> {
  const members = state.members.map(({ name }) => name);
  const names = [state.name, ...members, state.endpoint?.host].flatMap((name) => name ?? []);
  for (const target of deps.plan.targets) {
    if (!target.platform || !target.connection) continue;
    try {
      const host = (await deps.secrets.credentials(target)).host.toLowerCase();
      if (!isLoopback(host) && names.some((name) => host === name || host.split('.')[0] === name))
        return `the secret of ${target.id} names it`;
    } catch (error) {
      return `the secret of ${target.id} could not be read: ${reasonOf(error)}`;
    }
  }
  return undefined;
}

/** Local instances share an address; their names are in no host. */
function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === 'localhost' || host === '::1';
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
