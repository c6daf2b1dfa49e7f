import { codeOf, Refusal, reasonOf } from '../../domain/errors.ts';
import type { Target } from '../../domain/plan/policy.ts';
import { TAGS } from '../../domain/points/platform-source.ts';
import type { ScratchRecord } from '../../domain/runs/scratch-record.ts';
import { foreignTo, leadsTo, namesOf } from '../../domain/runs/sweep-verdict.ts';
import { humanSeconds, utc } from '../../domain/time.ts';
import { type Poll, poll } from '../../execution/poll.ts';
import type { Durable } from '../../ports/durable.ts';
import { CHANGE_TAKES, type ScratchInstanceDeps } from './bring-up.ts';
import type { SourceHosts, SourceHostsRequest } from './source-changes.ts';

export type TeardownDeps = ScratchInstanceDeps & {
  stage: string;
  /** Reads the source's secret, which the rehearsal itself may not. */
  changesFunction: string;
};

/** How long a deletion may take before the watch continues it, in seconds. */
const DELETION_TAKES = 2 * 3600;

/**
 * Tears a scratch instance down in any state, and confirms that nothing is left: instance, cluster, parameters,
 * secret. Only then does its record end. Rejects with what is still there, which the watch deletes later.
 *
 * An instance of this name that this rehearsal did not make stays, and so does a copy that the source's secret leads
 * to: it may have become a database in use while it was being proven (docs/decisions/0016).
 */
export async function teardown(
  record: ScratchRecord,
  target: Target,
  durable: Durable,
  given: TeardownDeps,
): Promise<void> {
  const { kind, name } = record;
  // Who cancels the run wants the instance gone all the more.
  const deps = { ...given, cancelled: undefined };
  const { ours, names } = await poll(durable, deps, {
    name: 'look whose it is',
    deadline: CHANGE_TAKES,
    look: async () => ({ state: 'done', value: await ownership(record, deps) }),
    late: (seen) => leftOver(`RDS does not say what ${name} is: ${seen}`),
  });
  if (ours) {
    const why = await leadingThere(names, target, durable, deps);
    if (why) throw leftOver(`${name} is not deleted: ${why}`);
    await poll(durable, deps, {
      name: 'wait until it is gone',
      deadline: DELETION_TAKES,
      look: async () => doneOrWaiting(await deps.scratch.remove(kind, name), 'gone'),
      late: (seen, waited) => leftOver(`${name} is not gone after ${humanSeconds(waited)}: ${seen}`),
      onWaiting: (token) => deps.catalog.awaitNotice(`instance:${name}`, token, deps.clock.now()),
    });
  }
  await poll(durable, deps, {
    name: 'remove its parameters and its secret',
    deadline: CHANGE_TAKES,
    look: async () => doneOrWaiting(await clearRest(record, deps), undefined),
    late: leftOver,
  });
}

const leftOver = (message: string) =>
  new Refusal('scratch-left-over', message, { hint: 'delete it by hand, then rehearse again' });

/** Done when the look shows the awaited state. */
function doneOrWaiting<T>(seen: string | T, wanted: T): Poll<null> {
  return seen === wanted ? { state: 'done', value: null } : { state: 'waiting', seen: String(seen) };
}

/**
 * It is deleted too when nothing is visible and no secret leads to it: a restore that has just begun may appear a
 * moment later.
 */
async function ownership(
  record: ScratchRecord,
  deps: TeardownDeps,
): Promise<{ ours: boolean; names: string[] }> {
  const state = await deps.scratch.look(record.kind, record.name);
  if (!state) return { ours: true, names: [] };
  const known = (await deps.catalog.openScratches()).find(({ name }) => name === record.name) ?? record;
  const foreign = foreignTo(known, state, deps.stage, TAGS);
  return { ours: foreign === undefined, names: namesOf(state) };
}

/** How often the secrets are read again: one unreachable store must not keep an instance for a day. */
const ASKED = 5;

/** Why a secret keeps it; unknown does not mean no. */
async function leadingThere(
  names: readonly string[],
  target: Target,
  durable: Durable,
  deps: TeardownDeps,
): Promise<string | undefined> {
  if (names.length === 0 || !target.connection) return undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      const asked: SourceHostsRequest = { ask: 'hosts', target: target.id };
      const hosts = await durable.invoke<SourceHostsRequest, SourceHosts>(
        `ask where the source’s secrets lead, ${attempt}`,
        deps.changesFunction,
        asked,
      );
      const found = hosts.find(({ host }) => leadsTo(host, names));
      return found && `the secret of ${found.target} names it`;
    } catch (error) {
      if (attempt === ASKED)
        return `where the secrets of ${target.id} lead could not be read: ${reasonOf(error)}`;
      await durable.pause(`wait to ask about secrets again, ${attempt}`, deps.pace.most);
    }
  }
}

/**
 * Deletes the rest after the instance, and ends its record. A parameter group counts as in use for a while after its
 * instance is deleted, and for as long as the instance is in use under another name: then it stays, and so does the
 * secret, whose password is that instance's. Resolves with the reason; the watch finds both again by the group.
 */
export async function clearRest(
  record: ScratchRecord,
  deps: Pick<ScratchInstanceDeps, 'scratch' | 'scratchSecrets' | 'catalog' | 'clock'>,
): Promise<string | undefined> {
  const kept = await clearParameters(record, deps);
  await deps.catalog.endScratch(record, utc(deps.clock.now()));
  return kept;
}

/** Deletes parameters and secret of this name. Resolves with why they stay, if they are in use; rejects with any other error. */
async function clearParameters(
  { kind, name }: Pick<ScratchRecord, 'kind' | 'name'>,
  deps: Pick<ScratchInstanceDeps, 'scratch' | 'scratchSecrets'>,
): Promise<string | undefined> {
  try {
    await deps.scratch.removeParameters(kind, name);
  } catch (error) {
    // RDS refuses to delete what is in use; a failed request is another matter.
    if (codeOf(error) !== 'platform-refused') throw error;
    return `its parameter group cannot be removed: ${reasonOf(error)}`;
  }
  await deps.scratchSecrets.destroy(name);
  return undefined;
}
