import { type ErrorInfo, toErrorInfo } from '../../domain/errors.ts';
import type { RestoreSide } from '../../domain/incidents/restore-record.ts';
import type { ChangeReader, FoundDatabase } from '../../ports/databases.ts';
import { askInside } from './ask-inside.ts';
import { atOld } from './freeze.ts';
import type { RestoreLog } from './restore-log.ts';
import type { Afterwards } from './restoring.ts';

type OnServer = Pick<Afterwards, 'target' | 'durable' | 'deps'> & { log: Pick<RestoreLog, 'record'> };

/** Asks about databases of the server that the restore is on, as who may close and rename them. */
const onServer = (restoring: OnServer) => {
  const { id: _, ...server } = atOld(restoring)!;
  return server;
};

/** What one side is called now. Before its id is on record, by the name that only this restore gives. */
export function findDatabase(
  restoring: OnServer,
  name: string,
  { resourceId, name: called }: RestoreSide,
): Promise<FoundDatabase | null> {
  const { durable, deps } = restoring;
  const which = resourceId === '' ? { name: called } : { id: resourceId };
  return askInside(durable, name, deps, { ask: 'find', ...onServer(restoring), which });
}

/** Gives the database with this id a name, after its sessions have ended. */
export async function renameDatabase(
  restoring: Afterwards,
  id: string,
  from: string,
  to: string,
): Promise<void> {
  const { durable, deps } = restoring;
  await askInside(durable, `rename ${from} to ${to}`, deps, {
    ask: 'rename',
    ...onServer(restoring),
    id,
    to,
  });
}

/** Who reads the changes of the old one. */
export function readersOfOld(restoring: OnServer, name: string): Promise<ChangeReader[]> {
  const { log, durable, deps } = restoring;
  const { resourceId: id } = log.record.old!;
  return askInside(durable, name, deps, { ask: 'readers', ...onServer(restoring), id });
}

/** The owners of what is loaded let in who restores, and still do: a person ends that. */
export async function stepsForMemberships(restoring: OnServer): Promise<string[]> {
  const { log, durable, deps } = restoring;
  const { memberships: before } = log.record;
  if (before === undefined) return [];
  const now = await askInside<string[]>(durable, 'look at the memberships of who restored', deps, {
    ...{ ask: 'memberships', ...onServer(restoring) },
  }).catch(() => undefined);
  if (!now)
    return ['look which roles the user who restored is a member of, and revoke those that it made him'];
  return now
    .filter((end) => !before.includes(end))
    .map(
      (end) => `who restored became a member of a role to give it what it owns; if nobody needs that: ${end}`,
    );
}

/** Closes the new one under whatever name it has. One that was dropped is not in the way. */
export async function closeNewDatabase(restoring: Afterwards): Promise<void> {
  const { log, durable, deps } = restoring;
  const { made } = log.record;
  const found = await findDatabase(restoring, 'look what the new one is called', made!);
  if (!found) return;
  await askInside(durable, 'close the new one', deps, {
    ...{ ask: 'fence', ...onServer(restoring), databases: [found.name], id: found.id },
  });
}

/** Why the old one is nothing to go back to: it was dropped, or its server does not answer or lets nobody do it. */
export async function whyNoOldDatabase(restoring: OnServer, gone: string): Promise<ErrorInfo | undefined> {
  const { log, durable, deps, target } = restoring;
  const { old, settings } = log.record;
  try {
    const found = await findDatabase(restoring, 'look for the old one', old!);
    if (!found) return { code: gone, message: `the old database ${old!.name} of ${target.id} was dropped` };
    await askInside(durable, 'ask whether it lets us in', deps, {
      ...{ ask: 'may', ...onServer(restoring), secrets: settings.secrets, all: false },
      databases: [found.name],
    });
    return undefined;
  } catch (error) {
    return toErrorInfo(error);
  }
}
