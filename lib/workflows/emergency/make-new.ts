import { Refusal, toErrorInfo, UnderstudyError } from '../../domain/errors.ts';
import { runName } from '../../domain/names.ts';
import { TAGS } from '../../domain/points/platform-source.ts';
import { humanSeconds } from '../../domain/time.ts';
import { many } from '../../domain/words.ts';
import { poll } from '../../execution/poll.ts';
import type { MissingSetting, ScratchOrder } from '../../ports/platform.ts';
import { bringUp, CHANGE_TAKES, EVENTS_SAY_WHY } from '../../restore/instance/bring-up.ts';
import { assertionFindings } from '../../restore/prove/assertions.ts';
import { NOTHING_PROVEN, type ProveResult } from '../../restore/prove/proof-slices.ts';
import { proveCopy, whyNotProven } from '../../restore/prove/prove-copy.ts';
import { restoredInstance } from '../../restore/prove/restored-instance.ts';
import type { Admitted } from './admit-users.ts';
import { askInside } from './ask-inside.ts';
import { nameOfRestored } from './declare.ts';
import { atOld } from './freeze.ts';
import type { InsideMaster } from './inside-request.ts';
import { listLeftBehind } from './left-behind.ts';
import type { Loaded } from './load-dump.ts';
import { ABORTED } from './restore-log.ts';
import type { Restoring } from './restoring.ts';

/** How long tables may be read before approval, in seconds. */
const WARM_TAKES = 600;
const DAY = 86_400;

/** Makes the new database beside the old one, in quarantine, and everything that is to be known of it before approval. */
export async function makeNew(restoring: Restoring): Promise<void> {
  await bringUpNew(restoring);
  const isEmpty = restoring.log.record.way.kind === 'dump';
  if (isEmpty) await loadNew(restoring);
  await completeNew(restoring);
  // What was just loaded was compared row by row, and has been read.
  if (!isEmpty) await reopenNew(restoring);
  if (!isEmpty) await proveNew(restoring);
  await noteMigrations(restoring);
  if (!isEmpty) await warmNew(restoring);
  await letUsersIn(restoring);
}

/** Is the copy of the source's own major? Groups of another do not fit it. */
export function isSameFamily({ chosen, source }: Restoring['declared']): boolean {
  return source?.parameterGroup !== undefined && chosen.parametersFrom === source.parameterGroup;
}

function orderOfNew({ target, declared, log, deps }: Restoring): ScratchOrder {
  const { chosen, source } = declared;
  const { settings, id } = log.record;
  const subnetGroup = source?.subnetGroup ?? settings.subnetGroup;
  if (!subnetGroup)
    throw new Refusal('network-missing', `nothing says in which subnet group ${target.id} belongs`, {
      hint: 'say restore.subnetGroup in understudy.yml and deploy',
    });
  return {
    kind: chosen.kind,
    name: nameOfRestored(target, log.record),
    from: chosen.from,
    engine: chosen.engine,
    engineVersion: chosen.engineVersion,
    instanceClass: source?.instanceClass || target.policy.rehearsal.instance.class,
    subnetGroup,
    securityGroups:
      settings.quarantine.length > 0
        ? settings.quarantine
        : (source?.securityGroups ?? settings.securityGroups ?? []),
    ...(source?.optionGroup && isSameFamily(declared) ? { optionGroup: source.optionGroup } : {}),
    ...(source?.serverless ? { serverless: source.serverless } : {}),
    backupDays: source ? Math.max(1, source.backups.retention / DAY) : 7,
    tags: {
      [TAGS.run]: runName({ job: 'restore', target: target.id, scheduledFor: id }),
      [TAGS.target]: target.id,
      [TAGS.stage]: deps.stage,
      [TAGS.restore]: id,
    },
  };
}

async function bringUpNew(restoring: Restoring): Promise<void> {
  const { declared, log, durable, deps } = restoring;
  const { settings } = log.record;
  const order = orderOfNew(restoring);
  if (settings.quarantine.length === 0)
    await log.add(
      'its network',
      'until approval only its parameters keep the new database from acting on others: restore.quarantine names no security groups',
    );
  // Before the first call: what dies in between is found by its name.
  await log.note('its name', { made: { name: order.name, resourceId: '' } });
  const up = await bringUp(
    {
      order,
      parametersFrom: declared.chosen.parametersFrom,
      deadline: settings.deadline,
      option: 'restore.deadline',
      phase: (name) => log.phase(name as 'prepare' | 'restore' | 'secure'),
      // It is on record by its name, and by its id a moment later.
      identify: async () => undefined,
    },
    durable,
    { ...deps, scratch: deps.restored, scratchSecrets: deps.passwords },
  );
  await log.note('where it is', { made: { name: order.name, ...up }, masterPasswordIn: order.name });
}

/** The master user of the new database, as functions are asked to connect. */
export function masterOfNew({ declared, log }: Restoring): InsideMaster | undefined {
  const { masterUser: user, database } = declared.chosen;
  const { name, host, port } = log.record.made!;
  return user === undefined ? undefined : { name, user, database, at: { host: host!, port: port! } };
}

/** Loads the dump into the empty instance, and compares every row. */
async function loadNew(restoring: Restoring): Promise<void> {
  const { target, log, durable, deps } = restoring;
  await log.phase('load');
  const point = await durable.step('the dump', () => deps.catalog.point(target.id, log.record.way.point!));
  const { strength, differences, notes } = await askInside<Loaded>(
    durable,
    'load the dump',
    { insideFunction: deps.loadFunction, clock: deps.clock },
    { ask: 'load', target: target.id, master: masterOfNew(restoring)!, point: point! },
  );
  await log.note('loaded', {
    proof: { strength, differences, unchecked: [] },
    notes: [...log.record.notes, ...notes],
  });
}

/** Everything that a restore does not bring back, as far as a request can give it; the rest is named with its command. */
async function completeNew(restoring: Restoring): Promise<void> {
  const { declared, log, durable, deps } = restoring;
  await log.phase('complete');
  const { made, kind, old } = log.record;
  if (!old || !declared.source) {
    await log.note('its settings', {
      incomplete: ['every setting: the old instance is gone, so they are not known'],
    });
    return;
  }
  const missing = await poll<MissingSetting[]>(durable, deps, {
    name: 'complete its settings',
    deadline: CHANGE_TAKES,
    look: async () => {
      const found = await deps.restored.complete(kind, old.name, made!.name);
      const waiting = found.filter(({ command }) => command === undefined);
      return waiting.length === 0
        ? { state: 'done', value: found }
        : { state: 'waiting', seen: waiting.map(({ what }) => what).join(', ') };
    },
    late: (seen, waited) =>
      new Refusal('settings-late', `${made!.name} still lacks ${seen} after ${humanSeconds(waited)}`, {
        hint: EVENTS_SAY_WHY,
      }),
  }).catch((error) => {
    // Data that waits is worse than a setting that is missing: a person decides.
    const { code, message } = toErrorInfo(error);
    if (code === ABORTED) throw error;
    return [{ what: message, command: 'set it by hand' }];
  });
  const elsewhere = await listLeftBehind(restoring);
  await log.note('its settings', {
    incomplete: [...missing, ...elsewhere].map(({ what, command }) =>
      command ? `${what}: ${command}` : what,
    ),
  });
}

/** At its moment an earlier restore may have frozen or closed the databases, and the copy has that too. */
async function reopenNew(restoring: Restoring): Promise<void> {
  const { target, declared, log, durable, deps } = restoring;
  const master = masterOfNew(restoring);
  if (!master || !target.connection || whyNotProven(declared.chosen, target)) return;
  const { was } = log.record;
  const databases = [...new Set([master.database, ...Object.keys(was ?? {})])];
  const denied = await askInside<string[]>(durable, 'open what was closed at its moment', deps, {
    ...{ ask: 'reopen', target: target.id, master, databases },
    ...(was ? { held: was } : {}),
  }).catch((error) => [`all (${toErrorInfo(error).message})`]);
  if (denied.length > 0)
    await log.add(
      'what may be closed',
      `not opened, so closed if they were at that moment: ${denied.join(', ')}`,
    );
}

async function proveNew(restoring: Restoring): Promise<void> {
  const { target, declared, log, durable, deps } = restoring;
  const { chosen } = declared;
  await log.phase('proof');
  const why = whyNotProven(chosen, target);
  if (why) {
    await log.note('not proven', { proof: { strength: 'restored', differences: [], unchecked: [why] } });
    return;
  }
  const { name, host, port } = log.record.made!;
  const functions = { changesFunction: deps.changesFunction, proveFunction: deps.insideFunction };
  const proof = await proveCopy(target, chosen, name, { host: host!, port: port! }, durable, {
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
  const restored = restoredInstance(target, chosen, {
    phases: [],
    began: chosen.plannedAt,
    notes: [],
    proof,
  });
  // Smoke steps have a phase of their own.
  const answers = restored.assertions.filter(({ smoke }) => !smoke);
  const about = { what: chosen.sort, asOf: chosen.moment, sort: chosen.sort };
  const findings = [...restored.findings, ...assertionFindings(target, answers, about)];
  const said = restored.differences.map(
    ({ kind, name, what, detail }) => `${kind} ${name} ${what}${detail ? `: ${detail}` : ''}`,
  );
  await log.note('proven', {
    proof: {
      strength: restored.strength === 'exact' ? 'bounded' : restored.strength,
      differences: [...said, ...findings.map(({ message }) => message)].slice(0, 20),
      unchecked: [...proof.unchecked, ...(proof.failure ? [proof.failure.message] : [])].slice(0, 20),
    },
  });
}

/** The application that is deployed expects the migrations that were applied when it was. */
async function noteMigrations(restoring: Restoring): Promise<void> {
  const { target, log, durable, deps } = restoring;
  const master = masterOfNew(restoring);
  const at = atOld(restoring);
  if (!master || !at || !target.connection || whyNotProven(restoring.declared.chosen, target)) return;
  const notes = await askInside<string[]>(durable, 'compare migrations', deps, {
    ...{ ask: 'migrations', ...at, master },
  }).catch((error) => [`migrations were not compared: ${toErrorInfo(error).message}`]);
  if (notes.length > 0) await log.add('its migrations', ...notes);
}

/** Storage of a restored instance loads when it is first read: the first users would wait for it. */
async function warmNew(restoring: Restoring): Promise<void> {
  const { target, log, durable, deps } = restoring;
  const master = masterOfNew(restoring);
  if (!master || whyNotProven(restoring.declared.chosen, target)) return;
  await log.phase('warm');
  const note = await askInside<{ read: number; cold: number; first: string[] }>(durable, 'warm', deps, {
    ask: 'warm',
    target: target.id,
    master,
    tables: log.record.settings.warm,
    seconds: WARM_TAKES,
  }).then(
    ({ cold, first }) =>
      cold === 0
        ? undefined
        : `${many(cold, 'table')} not read yet, so slow at first: ${first.join(', ')}${cold > first.length ? ' …' : ''}`,
    (error) => `no table was read, so all are slow at first: ${toErrorInfo(error).message}`,
  );
  if (note) await log.add('what is not warm', note);
}

/** The application's users can log in: passwords inside the copy are those of its moment. */
async function letUsersIn(restoring: Restoring): Promise<void> {
  const { target, log, durable, deps } = restoring;
  const { settings } = log.record;
  const master = masterOfNew(restoring);
  const { connection } = target;
  // Without a cutover nobody depends on them yet. The connection's own user and the administrator may be newer.
  const needed = settings.cutover === 'none' ? [] : settings.secrets;
  const secrets = new Set([
    ...settings.secrets,
    ...(connection ? [connection.secret] : []),
    ...(settings.admin ? [settings.admin] : []),
  ]);
  if (!master || secrets.size === 0 || whyNotProven(restoring.declared.chosen, target)) return;
  await log.phase('roles');
  const admitted = await askInside<Admitted>(durable, 'let the users in', deps, {
    ask: 'admit',
    target: target.id,
    master,
    secrets: needed,
    also: [...secrets].filter((secret) => !needed.includes(secret)),
  });
  const isGiven = admitted.some(({ user, as }) => user === master.user && as !== 'missing');
  const missing = admitted.filter(({ as }) => as === 'missing').map(({ user }) => user);
  const set = admitted.filter(({ as }) => as === 'password-set').map(({ user }) => user);
  await log.note('who may log in', {
    ...(isGiven ? { masterPasswordIn: undefined } : {}),
    notes: [
      ...log.record.notes,
      ...(missing.length > 0
        ? [`cannot log in to the new database: ${[...new Set(missing)].join(', ')}`]
        : []),
      ...(set.length > 0 ? [`given the passwords of their secrets: ${[...new Set(set)].join(', ')}`] : []),
    ],
  });
}
