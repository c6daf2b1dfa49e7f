import { type ErrorInfo, Refusal, toErrorInfo } from '../../domain/errors.ts';
import { nameOfService } from '../../domain/incidents/app-change.ts';
import { addressOf, type RestoreRecord, type Switched } from '../../domain/incidents/restore-record.ts';
import { restoredDatabase, restoredName } from '../../domain/names.ts';
import { humanSeconds, utc } from '../../domain/time.ts';
import { attempt, unwrap } from '../../execution/durable-run.ts';
import { poll, type Waiting } from '../../execution/poll.ts';
import type { Durable } from '../../ports/durable.ts';
import type { Deployment, ServiceRef, Services } from '../../ports/switching.ts';
import { CHANGE_TAKES, EVENTS_SAY_WHY } from '../../restore/instance/bring-up.ts';
import { renameDatabase } from './databases.ts';
import { releaseBeside } from './make-beside.ts';
import { isSameFamily } from './make-new.ts';
import { type Afterwards, instanceOf, type Restoring } from './restoring.ts';

/** How long a service may take until its new tasks have replaced the old ones, in seconds. */
export const STEADY_TAKES = 1800;
const SERVICE_SAYS_WHY = 'read the events of the service, and why its last tasks stopped';

/**
 * Ends the quarantine of the new database, after the old one was closed: with production's parameters it may act on
 * others, as production did.
 */
export async function releaseNew(restoring: Restoring): Promise<void> {
  const { target, declared, log, durable, deps } = restoring;
  const { made, kind, settings } = log.record;
  const { source } = declared;
  if (kind === 'database') return releaseBeside(restoring);
  const chosen = instanceOf(restoring);
  await log.phase('release');
  const own = await deps.platform.family(chosen);
  // Groups of another major fit nothing that is older: then the engine's own apply.
  const like = {
    securityGroups: source?.securityGroups ?? settings.securityGroups ?? [],
    parameterGroup: isSameFamily(restoring) ? source!.parameterGroup! : own.parameterGroup,
  };
  await poll(durable, deps, {
    name: 'end its quarantine',
    deadline: CHANGE_TAKES,
    look: async () => {
      const seen = await deps.restored.release(kind, like, made!.name);
      return seen === 'done' ? { state: 'done', value: null } : { state: 'waiting', seen };
    },
    late: (seen, waited) =>
      new Refusal(
        'release-late',
        `${made!.name} of ${target.id} still has its quarantine after ${humanSeconds(waited)}: ${seen}`,
        {
          hint: EVENTS_SAY_WHY,
        },
      ),
  });
}

/** Sends the application to the new database, by policy. What is switched is on record as it is switched. */
export async function cutOver(restoring: Restoring): Promise<void> {
  const { log, durable, deps } = restoring;
  const { settings } = log.record;
  if (settings.cutover === 'none') return;
  await log.phase('cut-over');
  const at = await durable.step('the time of the cutover', async () => utc(deps.clock.now()));
  await log.note('the cutover begins', { switched: { at, secrets: [] } });
  if (settings.cutover === 'secret') await switchSecrets(restoring);
  else await switchNames(restoring);
}

const switching = ({ switched }: RestoreRecord): Switched => switched!;

async function switchSecrets({ log, durable, deps }: Restoring): Promise<void> {
  const { old, made, secretsBefore, token } = log.record;
  const [from, to] = [addressOf(old)!, addressOf(made)!];
  for (const { secret, version } of secretsBefore) {
    const { switched } = log.record;
    // On record before it is done: an answer that is lost leaves no secret behind.
    const versions = { secret, before: version, after: token };
    await log.note(`switch ${secret}`, {
      switched: { ...switched!, secrets: [...switched!.secrets, versions] },
    });
    const tried = await attempt(durable, `switch the secret ${secret}`, () =>
      deps.applicationSecrets.redirect(secret, version, from, to, token),
    );
    // It is somebody else's now, and was never ours: there is nothing to put back.
    if (!tried.ok && tried.said.code === 'secret-changed')
      await log.note(`not switched ${secret}`, { switched: switched! });
    unwrap(tried);
  }
}

/** The old one first: for a moment no database has the name. Either half is undone when the other fails. */
async function switchNames(restoring: Restoring): Promise<void> {
  const { log } = restoring;
  const { old, made, id, kind } = log.record;
  const replaced = (kind === 'database' ? restoredDatabase : restoredName)(old!.name, id, 'replaced');
  await log.note('the old one gets another name', {
    switched: { ...switching(log.record), oldIs: replaced },
  });
  await renamed(restoring, old!.resourceId, old!.name, replaced);
  await log.note('the new one gets its name', { switched: { ...switching(log.record), newIs: old!.name } });
  await renamed(restoring, made!.resourceId, made!.name, old!.name, old!.resourceId);
}

/** Waits until the resource with this id has the name, which `leaving` may still have for a moment. */
export async function renamed(
  restoring: Afterwards,
  resourceId: string,
  from: string,
  to: string,
  leaving?: string,
): Promise<void> {
  const { log, durable, deps } = restoring;
  const { kind } = log.record;
  if (kind === 'database') return renameDatabase(restoring, resourceId, from, to);
  await poll(durable, deps, {
    name: `rename ${from} to ${to}`,
    deadline: CHANGE_TAKES,
    look: async () => {
      try {
        const seen = await deps.restored.rename(kind, resourceId, from, to, leaving);
        return seen === 'done' ? { state: 'done', value: null } : { state: 'waiting', seen };
      } catch (error) {
        const why = toErrorInfo(error);
        if (LASTING.includes(why.code)) return { state: 'refused', why };
        throw error;
      }
    },
    late: (seen, waited) =>
      new Refusal('rename-late', `${from} is not called ${to} after ${humanSeconds(waited)}: ${seen}`, {
        hint: EVENTS_SAY_WHY,
      }),
  });
}

const LASTING = ['instance-exists', 'source-not-found', 'platform-refused'];

/** Starts the application's services anew, all at once; resolves with what is not steady, which takes nothing back. */
export async function restartServices({ log, durable, deps }: Afterwards): Promise<string[]> {
  const problems: string[] = [];
  const trying = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      problems.push(toErrorInfo(error).message);
      return undefined;
    }
  };
  const begun: { ref: ServiceRef; deployment: Deployment }[] = [];
  for (const ref of log.record.settings.services) {
    const deployment = await trying(async () =>
      unwrap(await attempt(durable, `start ${nameOfService(ref)} anew`, () => deps.services.startAnew(ref))),
    );
    if (deployment !== undefined) begun.push({ ref, deployment });
  }
  for (const { ref, deployment } of begun) await trying(() => untilSteady(ref, deployment, durable, deps));
  return problems;
}

/** Waits for a deployment; resolves with what was seen of it, and rejects with `service-failed` or `service-unsteady`. */
export async function untilSteady(
  ref: ServiceRef,
  deployment: Deployment,
  durable: Durable,
  deps: Waiting & { services: Services },
): Promise<string> {
  const name = nameOfService(ref);
  return poll(durable, deps, {
    name: `wait for ${name}`,
    deadline: STEADY_TAKES,
    look: async () => {
      const { state, seen } = await deps.services.look(ref, deployment);
      if (state === 'steady') return { state: 'done', value: seen };
      const why: ErrorInfo = {
        code: 'service-failed',
        message: `the deployment of ${name} failed: ${seen}`,
        hint: SERVICE_SAYS_WHY,
      };
      return state === 'failed' ? { state: 'refused', why } : { state: 'waiting', seen };
    },
    late: (seen, waited) =>
      new Refusal('service-unsteady', `${name} is not steady after ${humanSeconds(waited)}: ${seen}`, {
        hint: SERVICE_SAYS_WHY,
      }),
  });
}
