import { failedOf, formatFailed, httpSteps } from '../../domain/smoke/smoke-step.ts';
import { askApplication, orWhyNot, type Ran } from '../../restore/application/ask-application.ts';
import type { Restoring } from './restoring.ts';

/** How often the application is asked until it has found its new database, and the seconds between. */
const ROUNDS = 3;
const APART = 60;

/**
 * After the cutover: the requests of the smoke steps to production. Resolves with the problems that they found, P0 and
 * P1; a P2 is noted. Nothing is taken back: a person decides.
 */
export async function smokeProduction(restoring: Restoring): Promise<string[]> {
  const { target, log, durable, deps } = restoring;
  if (httpSteps(target.smoke).length === 0 || log.record.settings.cutover === 'none') return [];
  let ran: Ran;
  for (let round = 1; ; round++) {
    const name = `send the smoke steps to production, ${round}`;
    // A step before each round: whoever holds the restore is heard of.
    await durable.step(`${name}: begin`, async () => null);
    ran = await orWhyNot(
      () => askApplication(restoring, name),
      (why) => `the smoke steps could not be run: ${why}`,
    );
    if (round === ROUNDS || isSettled(ran)) break;
    await durable.pause(`wait to send the smoke steps again, ${round}`, Math.min(APART, deps.pace.most));
  }
  const { results, whyNot } = ran;
  await log.note('the smoke steps of production', {
    smoke: [
      ...(log.record.smoke ?? []),
      ...results.map((result) => ({ ...result, at: 'production' as const })),
    ],
    notes: [...log.record.notes, ...failedOf(results, 'P2').map(formatFailed)],
  });
  return [
    ...(whyNot ? [whyNot] : []),
    ...[...failedOf(results, 'P0'), ...failedOf(results, 'P1')].map(formatFailed),
  ];
}

/** What could not be found out is not asked again: its requests may have been sent. */
const isSettled = ({ results, whyNot }: Ran) =>
  whyNot !== undefined || [...failedOf(results, 'P0'), ...failedOf(results, 'P1')].length === 0;
