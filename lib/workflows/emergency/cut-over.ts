import { type ErrorInfo, Refusal, toErrorInfo } from '../../domain/errors.ts';
import type { RestoreRecord, Switched } from '../../domain/incidents/restore-record.ts';
import { restoredName } from '../../domain/names.ts';
import { requirePlatform } from '../../domain/plan/policy.ts';
import type { PlatformSource } from '../../domain/points/platform-source.ts';
import { humanSeconds, utc } from '../../domain/time.ts';
import { attempt, unwrap } from '../../execution/durable-run.ts';
import { poll } from '../../execution/poll.ts';
import type { ServiceRef } from '../../ports/switching.ts';
import { CHANGE_TAKES } from '../../restore/instance/bring-up.ts';
import { atOld } from './freeze.ts';
import { askInside } from './inside-databases.ts';
import type { Restoring } from './restoring.ts';

/** How long a service may take until its new tasks have replaced the old ones, in seconds. */
const STEADY_TAKES = 1800;

/**
 * Ends the quarantine of the new database, then lets nobody write into the old one any more: never two writers. Without
 * a cutover the old one stays as it is.
 */
export async function fenceOld(restoring: Restoring): Promise<void> {
  const { log, durable, deps } = restoring;
  await log.phase('release');
  await releaseNew(restoring);
  const at = atOld(restoring);
  if (log.record.settings.cutover === 'none' || !at) return;
  await log.phase('fence');
  const down = await durable.step('look whether the old one runs', () => whyDown(restoring));
  if (down)
    return log.note('not fenced', {
      notes: [...log.record.notes, `the old database was not closed, because it does not run: ${down}`],
    });
  // On record before it is done: what dies in between is undone all the same.
  await log.note('the fence', { fenced: true });
  const fenced = await askInside<{ at: string }>(durable, 'fence', deps.insideFunction, {
    ask: 'fence',
    ...at,
  });
  await log.note('fenced', { lastWriteBefore: log.record.frozenAt ?? fenced.at });
}

/** A database that does not run takes no writes. One that runs and cannot be closed must not be left behind. */
async function whyDown({ target, deps }: Restoring): Promise<string | null> {
  const source = await deps.platform.source(requirePlatform(target));
  if (!source) return 'it was deleted';
  return ['stopped', 'unusable', 'deleting'].includes(source.state) ? source.status : null;
}

async function releaseNew({ target, declared, log, durable, deps }: Restoring): Promise<void> {
  const { made, kind, settings } = log.record;
  const { chosen, source } = declared;
  const own = await deps.platform.family(chosen);
  const like = (source ?? {
    securityGroups: settings.securityGroups ?? [],
    parameterGroup: own.parameterGroup,
  }) as PlatformSource;
  await poll(durable, deps, {
    name: 'end its quarantine',
    deadline: CHANGE_TAKES,
    look: async () => {
      const seen = await deps.restored.release(kind, like, made!.name);
      return seen === 'done' ? { state: 'done', value: null } : { state: 'waiting', seen };
    },
    late: (_, waited) =>
      new Refusal(
        'release-late',
        `${made!.name} of ${target.id} still has its quarantine after ${humanSeconds(waited)}`,
        {
          hint: 'the events of the instance say why: aws rds describe-events --source-type db-instance',
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
  const [from, to] = [addressOf(old), addressOf(made)];
  for (const { secret, version } of secretsBefore) {
    const versions = unwrap(
      await attempt(durable, `switch the secret ${secret}`, () =>
        deps.applicationSecrets.redirect(secret, version, from, to, token),
      ),
    );
    const { switched } = log.record;
    await log.note(`switched ${secret}`, {
      switched: { ...switched!, secrets: [...switched!.secrets, versions] },
    });
  }
}

const addressOf = (side: RestoreRecord['old']) => ({ host: side!.host!, port: side!.port! });

/** The old one first: for a moment no database has the name. Either half is undone when the other fails. */
async function switchNames(restoring: Restoring): Promise<void> {
  const { log } = restoring;
  const { old, made, id } = log.record;
  const replaced = restoredName(old!.name, id, 'replaced');
  await log.note('the old one gets another name', {
    switched: { ...switching(log.record), oldIs: replaced },
  });
  await renamed(restoring, old!.resourceId, old!.name, replaced);
  await log.note('the new one gets its name', { switched: { ...switching(log.record), newIs: old!.name } });
  await renamed(restoring, made!.resourceId, made!.name, old!.name);
}

/** Waits until the resource with this id has the name. */
export async function renamed(
  { log, durable, deps }: Pick<Restoring, 'log' | 'durable' | 'deps'>,
  resourceId: string,
  from: string,
  to: string,
): Promise<void> {
  const { kind } = log.record;
  await poll(
    durable,
    { ...deps, cancelled: undefined },
    {
      name: `rename ${from} to ${to}`,
      deadline: CHANGE_TAKES,
      look: async () => {
        try {
          const seen = await deps.restored.rename(kind, resourceId, from, to);
          return seen === 'done' ? { state: 'done', value: null } : { state: 'waiting', seen };
        } catch (error) {
          const why = toErrorInfo(error);
          if (LASTING.includes(why.code)) return { state: 'refused', why };
          throw error;
        }
      },
      late: (seen, waited) =>
        new Refusal('rename-late', `${from} is not called ${to} after ${humanSeconds(waited)}: ${seen}`, {
          hint: 'the events of the instance say why: aws rds describe-events --source-type db-instance',
        }),
    },
  );
}

const LASTING = ['instance-exists', 'source-not-found', 'platform-refused'];

/** Starts the application's services anew; resolves with what is not steady, which takes nothing back. */
export async function restartServices({
  log,
  durable,
  deps,
}: Pick<Restoring, 'log' | 'durable' | 'deps'>): Promise<string[]> {
  const problems: string[] = [];
  for (const ref of log.record.settings.services) {
    const said = await restartOne(ref, durable, deps).then(
      () => undefined,
      (error) => toErrorInfo(error),
    );
    if (said) problems.push(said.message);
  }
  return problems;
}

async function restartOne(
  ref: ServiceRef,
  durable: Restoring['durable'],
  deps: Restoring['deps'],
): Promise<void> {
  const name = `${ref.service} in ${ref.cluster}`;
  unwrap(await attempt(durable, `start ${name} anew`, () => deps.services.startAnew(ref)));
  await poll(
    durable,
    { ...deps, cancelled: undefined },
    {
      name: `wait for ${name}`,
      deadline: STEADY_TAKES,
      look: async () => {
        const { state, seen } = await deps.services.look(ref);
        if (state === 'steady') return { state: 'done', value: null };
        const why: ErrorInfo = {
          code: 'service-failed',
          message: `the deployment of ${name} failed: ${seen}`,
        };
        return state === 'failed' ? { state: 'refused', why } : { state: 'waiting', seen };
      },
      late: (seen, waited) =>
        new Refusal('service-unsteady', `${name} is not steady after ${humanSeconds(waited)}: ${seen}`),
    },
  );
}
