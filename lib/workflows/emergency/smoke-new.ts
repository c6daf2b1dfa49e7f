import { Refusal } from '../../domain/errors.ts';
import type { RestoreRecord } from '../../domain/incidents/restore-record.ts';
import {
  failedOf,
  formatFailed,
  httpSteps,
  type SmokeResult,
  sqlSteps,
} from '../../domain/smoke/smoke-step.ts';
import { many } from '../../domain/words.ts';
import { askApplication, orWhyNot, type Ran } from '../../restore/application/ask-application.ts';
import { whyNotProven } from '../../restore/prove/prove-copy.ts';
import { askInside } from './ask-inside.ts';
import { withApplication } from './hooks.ts';
import { masterOfNew, type Restoring } from './restoring.ts';

/**
 * Before a person is asked: the questions of the smoke steps to the new database, and the requests to an application
 * that a hook starts against it, where there is one. A P0 that fails ends the restore; what could not be found out does not.
 */
export async function smokeNew(restoring: Restoring): Promise<void> {
  const { target, log } = restoring;
  const { smoke } = target;
  if (smoke.steps.length === 0) return;
  await log.phase('smoke');
  const asked = sqlSteps(smoke).length > 0 ? await askNew(restoring) : { results: [] };
  const sent = httpSteps(smoke).length > 0 ? await sendToNew(restoring) : { results: [] };
  const results = [...asked.results, ...sent.results];
  await log.note('the smoke steps', {
    smoke: results.map((result) => ({ ...result, at: 'copy' as const })),
    notes: [
      ...log.record.notes,
      ...results.filter(({ ok }) => !ok).map(formatFailed),
      ...[asked.whyNot, sent.whyNot].flatMap((why) => why ?? []),
    ],
  });
  const [failed] = failedOf(results, 'P0');
  if (!failed) return;
  throw new Refusal('smoke-failed', formatFailed(failed), {
    hint: `restore to another moment, or give the step another priority if the restore is good without it: ./understudy restore ${target.id}`,
  });
}

/** The part of the question to a person that is about smoke steps. */
export function askedAboutSmoke({ smoke = [], notes }: RestoreRecord): string[] {
  const failed = failedOf(smoke, 'P1');
  const names = failed.map(({ step }) => `"${step}"`).join(', ');
  return [
    ...(failed.length > 0 ? [`${many(failed.length, 'P1 smoke step')} failed: ${names}`] : []),
    ...(notes.some((note) => note.startsWith(NOT_RUN)) ? ['smoke steps did not run'] : []),
  ];
}

const NOT_RUN = 'smoke steps not run before approval';

async function askNew(restoring: Restoring): Promise<Ran> {
  const { target, declared, log, durable, deps } = restoring;
  const steps = sqlSteps(target.smoke);
  const master = masterOfNew(restoring);
  const why = whyNotProven(declared.chosen, target);
  if (!master || why) return { results: [], whyNot: notRun(why ?? 'the master user is unknown', steps) };
  const { settings, way } = log.record;
  const { connection } = target;
  return orWhyNot(
    () =>
      askInside<SmokeResult[]>(durable, 'ask the smoke steps', deps, {
        ask: 'smoke',
        target: target.id,
        master,
        secrets: [
          ...settings.secrets,
          ...(connection ? [connection.secret] : []),
          ...(settings.admin ? [settings.admin] : []),
        ],
        moment: way.asOf,
      }),
    (reason) => notRun(reason, steps),
  );
}

/** Only where a hook starts an application against the new database. */
async function sendToNew(restoring: Restoring): Promise<Ran> {
  const steps = httpSteps(restoring.target.smoke);
  const hook = restoring.log.record.settings.hooks.application;
  if (hook === undefined)
    return { results: [], whyNot: notRun('no application runs against the new database', steps) };
  return orWhyNot(
    () =>
      withApplication(restoring, hook, (url) =>
        askApplication(restoring, 'send the smoke steps to the copy', url),
      ),
    (reason) => notRun(reason, steps),
  );
}

function notRun(why: string, steps: readonly { name: string; priority: string }[]): string {
  return `${NOT_RUN}, because ${why}: ${steps.map(({ name, priority }) => `${name} (${priority})`).join(', ')}`;
}
