import { Refusal, reasonOf, toErrorInfo, UnderstudyError } from '../../domain/errors.ts';
import { assertionFindings } from '../../restore/prove/assertions.ts';
import { NOTHING_PROVEN, type ProveResult } from '../../restore/prove/proof-slices.ts';
import { proveCopy, whyNotProven } from '../../restore/prove/prove-copy.ts';
import { restoredInstance } from '../../restore/prove/restored-instance.ts';
import type { Restored } from '../../restore/restored.ts';
import { askInside } from './ask-inside.ts';
import { callHook } from './call-hook.ts';
import { atOld } from './freeze.ts';
import { ABORTED } from './restore-log.ts';
import { instanceOf, masterOfNew, type Restoring } from './restoring.ts';

/** Proves it as a rehearsal would. Resolves with what was measured, if it could be compared. */
export async function proveNew(restoring: Restoring): Promise<Restored | undefined> {
  const { of, log, durable, deps } = restoring;
  const chosen = instanceOf(restoring);
  await log.phase('proof');
  const why = whyNotProven(chosen, of);
  if (why) {
    await log.note('not proven', { proof: { strength: 'restored', differences: [], unchecked: [why] } });
    return undefined;
  }
  const { name, host, port } = log.record.made!;
  const functions = { changesFunction: deps.changesFunction, proveFunction: deps.insideFunction };
  const proof = await proveCopy(of, chosen, name, { host: host!, port: port! }, durable, {
    ...functions,
    cancelled: deps.cancelled,
  }).catch((error): ProveResult => {
    const failure = toErrorInfo(error);
    if (failure.code === ABORTED) throw error;
    return { ...NOTHING_PROVEN, failure };
  });
  // A copy that acts on production ends here. Any other failure of the proof is for a person to weigh.
  if (proof.failure?.code === 'quarantine-open')
    throw new UnderstudyError(proof.failure.code, proof.failure.message);
  const restored = restoredInstance(of, chosen, {
    phases: [],
    began: chosen.plannedAt,
    notes: [],
    proof,
  });
  // Smoke steps have a phase of their own.
  const answers = restored.assertions.filter(({ smoke }) => !smoke);
  const about = { what: chosen.sort, asOf: chosen.moment, sort: chosen.sort };
  const findings = [...restored.findings, ...assertionFindings(of, answers, about)];
  const said = restored.differences.map(
    ({ kind, name, what, detail }) => `${kind} ${name} ${what}${detail ? `: ${detail}` : ''}`,
  );
  await log.note('proven', {
    proof: {
      strength: restored.strength === 'exact' ? 'bounded' : restored.strength,
      differences: [...said, ...findings.map(({ message }) => message)].slice(0, 20),
      unchecked: [...proof.unchecked, ...(proof.failure ? [proof.failure.message] : [])].slice(0, 20),
      ...(proof.failure ? { unfinished: proof.failure.message } : {}),
    },
  });
  return restored;
}

/** The application that is deployed expects the migrations that were applied when it was. */
export async function noteMigrations(restoring: Restoring): Promise<void> {
  await noteExpected(restoring);
  const { target, log, durable, deps } = restoring;
  const master = masterOfNew(restoring);
  const at = atOld(restoring);
  if (!master || !at || !target.connection || whyNotProven(restoring.declared.chosen, target)) return;
  const notes = await askInside<string[]>(durable, 'compare migrations', deps, {
    ...{ ask: 'migrations', ...at, master },
    ...(log.record.old?.database === undefined ? {} : { database: log.record.old.database }),
  }).catch((error) => [`migrations were not compared: ${toErrorInfo(error).message}`]);
  if (notes.length > 0) await log.add('its migrations', ...notes);
}

/** Only where a hook says what the application expects. What cannot be found out ends nothing: a person decides. */
async function noteExpected(restoring: Restoring): Promise<void> {
  const { target, declared, log, durable, deps } = restoring;
  const hook = log.record.settings.hooks.migrations;
  if (hook === undefined) return;
  const master = masterOfNew(restoring);
  const why = whyNotProven(declared.chosen, target);
  const asking = async () => {
    if (!master || why) throw new Refusal('not-comparable', why ?? 'the master user is unknown');
    const { expected = [] } = await callHook(restoring, hook, 'migrations');
    const request = { ask: 'expected-migrations' as const, target: target.id, master, expected };
    return askInside<string>(durable, 'compare with what the application expects', deps, request);
  };
  const said = await asking().catch(
    (error) => `the migrations that the application expects were not compared: ${reasonOf(error)}`,
  );
  await log.add('what the application expects', said);
}
