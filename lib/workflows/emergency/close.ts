import { raise, resolve } from '../../alerting/alerts.ts';
import { type ErrorInfo, reasonOf, toErrorInfo } from '../../domain/errors.ts';
import { finding } from '../../domain/findings/finding.ts';
import { lostSeconds, newName, type RestoreRecord } from '../../domain/incidents/restore-record.ts';
import { whatStays } from '../../domain/incidents/what-stays.ts';
import { humanSeconds, utc } from '../../domain/time.ts';
import { adoptAsTarget } from './adopt-target.ts';
import { askInside } from './ask-inside.ts';
import { restartServices } from './cut-over.ts';
import { thawOld } from './freeze.ts';
import { whyNotBack } from './go-back.ts';
import { closeHooks } from './hooks.ts';
import { stepsForReaders } from './readers.ts';
import { renewFunctions } from './renew-functions.ts';
import { type Restoring, whereMasterPassword } from './restoring.ts';
import { smokeProduction } from './smoke-production.ts';
import { persistently } from './undo.ts';

/** What does not work with the new database, and of that what a rollback tries again; and why it goes back, if it does. */
export type Settled = { problems: string[]; stuck: string[]; aborted?: ErrorInfo };

/**
 * Lets the application find the new database, and asks whether it works. Nothing is taken back by itself: only when a
 * person has aborted it and the old database is there.
 */
export async function settleNew(restoring: Restoring): Promise<Settled> {
  const { target, log, durable, deps } = restoring;
  const { settings } = log.record;
  await log.phase('close', { anyway: true });
  const problems = await verifyLogins(restoring);
  if (log.record.notClosed) problems.push(log.record.notClosed);
  if (settings.cutover === 'secret') {
    problems.push(...(await restartServices(restoring)));
    problems.push(...(await renewFunctions(restoring, log.record.id)));
  }
  const stuck: string[] = [];
  if (settings.cutover === 'none')
    await persistently(restoring, 'let it take writes', (name) => thawOld(restoring, name)).catch(
      (error) => void stuck.push(`the old database takes no writes: ${reasonOf(error)}`),
    );
  const hooks = await closeHooks(restoring);
  if (hooks.stopped) stuck.push(hooks.stopped);
  problems.push(...hooks.failed, ...stuck);
  // An application that a hook has stopped would fail every step.
  problems.push(...(await smokeProduction(restoring)));
  const aborted = await durable.step('ask whether it goes back', async () => (await log.aborted()) ?? null);
  if (aborted) {
    const obstacle = await whyNotBack(log.record, target, durable, deps);
    if (!obstacle) return { problems, stuck, aborted };
    problems.push(`${aborted.message}, but ${obstacle.message}`);
  }
  return { problems, stuck };
}

/** Production has the new database: it is the target from now on, and what does not work is told. */
export async function closeRestore(restoring: Restoring, settled: Settled): Promise<void> {
  const { target, log, durable, deps } = restoring;
  const { settings } = log.record;
  const { stuck } = settled;
  const problems = [...settled.problems];
  if (settings.cutover === 'rename' && log.record.kind !== 'database')
    await durable
      .step('know the new one as the target', () => adoptAsTarget(restoring, log.record.made!.resourceId))
      .catch((error) => void problems.push(`the watch will report a replaced source: ${reasonOf(error)}`));
  await durable
    .step('ask for its first backup', () => askForBackups(restoring))
    .catch((error) => void problems.push(`its first backup could not be asked for: ${reasonOf(error)}`));
  await tidyUp(restoring);
  const readers = await stepsForReaders(restoring);
  const endedAt = await durable.step('the end', async () => utc(deps.clock.now()));
  const lost = lostSeconds(log.record);
  await log.note('done', {
    state: 'done',
    endedAt,
    kept: keptOld(log.record),
    // A rollback tries it again.
    notPutBack: stuck,
    ...(problems.length > 0 ? { error: { code: 'restore-unsettled', message: problems.join('; ') } } : {}),
    notes: [...log.record.notes, ...whereMasterPassword(restoring)],
    next: [
      ...(lost === undefined
        ? []
        : [
            `lost: ${humanSeconds(lost)} of writes, from ${log.record.way.asOf} to ${log.record.lastWriteBefore}`,
          ]),
      ...readers,
      ...nextSteps(restoring),
    ],
  });
  await durable.step('tell that it is done', async () => {
    for (const code of ['restore-under-way', 'restore-stalled', 'restore-not-done'] as const)
      await resolve(deps, { target: target.id, code, subject: target.id });
    const message = `${newName(log.record)} serves ${target.id}, and: ${problems.join('; ')}`;
    if (problems.length > 0)
      await raise(deps, finding('restore-unsettled', { target, subject: target.id, message }));
  });
}

/** The old database, where nobody needs it any more; without a cutover that is for a person to say. */
function keptOld({ settings, old, switched }: RestoreRecord): NonNullable<RestoreRecord['kept']> {
  if (!old || settings.cutover === 'none') return [];
  return [{ name: switched?.oldIs ?? old.name, resourceId: old.resourceId }];
}

/** How long names and pools may take to lead to the new database, in seconds. */
const LOGIN_TAKES = 600;

/** Whoever holds the secret gets into the database that it names now; the old one lets nobody in. */
async function verifyLogins({ target, log, durable, deps }: Restoring): Promise<string[]> {
  const { settings } = log.record;
  const secrets =
    settings.cutover === 'secret' ? log.record.secretsBefore.map(({ secret }) => secret) : settings.secrets;
  if (settings.cutover === 'none' || secrets.length === 0) return [];
  const until = LOGIN_TAKES / deps.pace.most;
  for (let attempt = 1; ; attempt++) {
    const why = await askInside(durable, `log in as the application, ${attempt}`, deps, {
      ask: 'log-in',
      target: target.id,
      secrets,
    }).then(
      () => undefined,
      (error) => toErrorInfo(error).message,
    );
    if (why === undefined) return [];
    if (attempt > until) return [`the application cannot log in: ${why}`];
    if (
      await durable.step(`ask whether to log in again, ${attempt}`, async () => (await log.aborted()) ?? null)
    )
      return [why];
    await durable.pause(`wait to log in again, ${attempt}`, deps.pace.most);
  }
}

async function askForBackups({ target, log, deps }: Restoring): Promise<void> {
  const { schedules } = target.policy;
  const scheduledFor = utc(deps.clock.now());
  const asked = {
    target: target.id,
    scheduledFor,
    requestedBy: 'restore',
    reason: `after the restore ${log.record.id}`,
  };
  // Only by name does the plan still mean this instance, or where it is the same one.
  const { settings, kind } = log.record;
  const isSame = settings.cutover === 'rename' || (kind === 'database' && settings.cutover !== 'none');
  if (schedules.snapshot && isSame) await deps.messages.publish({ job: 'snapshot', ...asked });
  if (schedules.dump && log.record.settings.cutover !== 'none')
    await deps.messages.publish({ job: 'dump', ...asked });
}

/** Its quarantine's parameters and password are not needed any more, unless that is the only one of its master. */
async function tidyUp({ log, durable, deps }: Restoring): Promise<void> {
  const { made, kind, masterPasswordIn } = log.record;
  if (kind === 'database') return;
  await durable
    .step('tidy up', async () => {
      await deps.restored.removeParameters(kind, made!.name);
      if (masterPasswordIn === undefined) await deps.passwords.destroy(made!.name);
    })
    .catch(() => undefined);
}

function nextSteps(restoring: Restoring): string[] {
  const { target, log } = restoring;
  const { settings, made, old, switched, kind } = log.record;
  const oldName = switched?.oldIs ?? old?.name;
  const database = made!.database === undefined ? '' : `, database ${made!.database},`;
  return [
    ...(settings.cutover === 'none'
      ? [`send the application to ${made!.host}:${made!.port}${database} yourself`]
      : [`the way back, with what was written since lost: ./understudy restore rollback ${target.id}`]),
    ...stepsInConfig(restoring),
    ...(oldName && kind !== 'database' ? [`${oldName} stays and costs; delete it when you are sure`] : []),
    ...(oldName && kind === 'database' ? [whatStays(log.record, oldName)] : []),
  ];
}

/** What understudy.yml says of the target is of the old database, unless it goes by a name or a secret that was switched. */
function stepsInConfig({ target, log }: Restoring): string[] {
  const { settings, made, kind, secretsBefore } = log.record;
  if (settings.cutover === 'rename') return [];
  if (kind !== 'database')
    return [`in understudy.yml the target’s ${kind}: is ${made!.name} now; deploy that`];
  const own = target.connection!.secret;
  if (secretsBefore.some(({ secret }) => secret === own)) return [];
  return [`the connection of ${target.id}, ${own}, names the old database still: let it name ${made!.name}`];
}
