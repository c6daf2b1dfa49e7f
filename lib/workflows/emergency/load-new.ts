import { Refusal, refusalOf, toErrorInfo } from '../../domain/errors.ts';
import { formatDifference } from '../../domain/proof/proof.ts';
import { lackingIn } from '../../restore/prove/instance-findings.ts';
import { NOTHING_PROVEN, type ProveResult } from '../../restore/prove/proof-slices.ts';
import { proveCopy } from '../../restore/prove/prove-copy.ts';
import { isComplete } from '../../restore/prove/restored-instance.ts';
import { askInside } from './ask-inside.ts';
import type { Loaded } from './load-dump.ts';
import { ABORTED } from './restore-log.ts';
import { instanceOf, masterOfNew, type Restoring } from './restoring.ts';

/** The most calls of fifteen minutes: two days. */
const MOST_PARTS = 200;
/** How much of each list is kept: it is on the record. */
const SHOWN = 20;

/**
 * Loads the dump into the empty instance, or into a database that it makes with this mark, in as many calls as it takes,
 * and compares every row.
 */
export async function loadNew(restoring: Restoring, made: { mark?: string } = {}): Promise<Loaded> {
  const { log } = restoring;
  await log.phase('load');
  const loaded = await loadInParts(restoring, made);
  const { strength, differences, notes, unchecked = [] } = loaded;
  if (notes.length > 0) await log.add('what was loaded', ...notes);
  await log.note('loaded', {
    proof: strength ? { strength, differences, unchecked } : await proofOfParts(restoring, loaded),
  });
  return loaded;
}

async function loadInParts(restoring: Restoring, made: { mark?: string }): Promise<Loaded> {
  const { of, log, durable, deps } = restoring;
  const point = await durable.step('the dump', () => deps.catalog.point(of.id, log.record.way.point!));
  const master = masterOfNew(restoring)!;
  const whole: Loaded = { differences: [], notes: [] };
  let from: Loaded['next'];
  for (let part = 1; part <= MOST_PARTS; part++) {
    const loaded = await askInside<Loaded>(
      durable,
      part === 1 ? 'load the dump' : `load the dump, part ${part}`,
      { insideFunction: deps.loadFunction, clock: deps.clock },
      { ask: 'load', target: of.id, master, point: point!, ...made, ...(from ? { from } : {}) },
    );
    whole.differences = [...new Set([...whole.differences, ...loaded.differences])].slice(0, SHOWN);
    whole.notes = [...new Set([...whole.notes, ...loaded.notes])].slice(0, SHOWN);
    if (loaded.id !== undefined) whole.id = loaded.id;
    if (!loaded.next) return { ...loaded, ...whole };
    from = loaded.next;
    const aborted = await durable.step(`after part ${part}`, async () => (await log.aborted()) ?? null);
    if (aborted) throw refusalOf(aborted);
  }
  throw new Refusal('load-late', `${log.record.way.point} is not loaded after ${MOST_PARTS} calls`, {
    hint: `load it from your machine: ./understudy restore ${of.id} --point ${log.record.way.point} --to URL`,
  });
}

/** What takes more than one function's time is compared in parts, too: as a restored instance is. */
async function proofOfParts(restoring: Restoring, loaded: Loaded) {
  const { differences, leftOut } = loaded;
  const { of, log, durable, deps } = restoring;
  const { name, host, port, database } = log.record.made!;
  if (database !== undefined) return notCompared(loaded);
  const functions = { changesFunction: deps.changesFunction, proveFunction: deps.insideFunction };
  const proof = await proveCopy(of, instanceOf(restoring), name, { host: host!, port: port! }, durable, {
    ...functions,
    cancelled: log.aborted,
    known: { since: { definitions: 'untouched', changed: {}, written: [] } },
    loaded: leftOut ?? { extensions: [], exceptions: [] },
  }).catch((error): ProveResult => {
    const failure = toErrorInfo(error);
    if (failure.code === ABORTED) throw error;
    return { ...NOTHING_PROVEN, failure };
  });
  if (proof.notes.length > 0) await log.add('what was compared', ...proof.notes.slice(0, SHOWN));
  const found = [
    ...proof.assertions
      .filter(({ passed }) => !passed)
      .map(({ name: asked, detail }) => `"${asked}" ${detail}`),
    ...differences,
    ...proof.corrupt.map(({ name: damaged, problem }) => `${damaged} is damaged: ${problem}`),
    ...proof.differences.map(formatDifference),
  ];
  const unchecked = [
    // They are compared only where everything is loaded at once.
    'the positions of sequences, and large objects',
    ...(proof.failure ? [proof.failure.message] : lackingIn(proof)),
    ...proof.unchecked,
  ];
  return {
    strength:
      found.length > 0 ? ('none' as const) : isComplete(proof) ? ('bounded' as const) : ('restored' as const),
    differences: found.slice(0, SHOWN),
    unchecked: unchecked.slice(0, SHOWN),
    ...(proof.failure ? { unfinished: proof.failure.message } : {}),
  };
}

/** The function that compares in parts knows the users of instances alone. */
function notCompared({ differences, unchecked = [] }: Loaded) {
  return {
    strength: differences.length > 0 ? ('none' as const) : ('restored' as const),
    differences,
    unchecked: [
      'definitions, the rows, the positions of sequences, and large objects: they did not fit into one call, and beside the living database nothing compares them in parts',
      ...unchecked,
    ],
  };
}
