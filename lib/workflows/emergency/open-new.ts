import { toErrorInfo } from '../../domain/errors.ts';
import { many } from '../../domain/words.ts';
import { whyNotProven } from '../../restore/prove/prove-copy.ts';
import type { Admitted } from './admit-users.ts';
import { askInside } from './ask-inside.ts';
import { masterOfNew, type Restoring } from './restoring.ts';

/** How long tables may be read before approval, in seconds. */
const WARM_TAKES = 600;

/** At its moment an earlier restore may have frozen or closed the databases, and the copy has that too. */
export async function reopenNew(restoring: Restoring): Promise<void> {
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

/** Storage of a restored instance loads when it is first read: the first users would wait for it. */
export async function warmNew(restoring: Restoring): Promise<void> {
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
export async function letUsersIn(restoring: Restoring): Promise<void> {
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
