import { UnderstudyError } from '../../lib/domain/errors.ts';
import type { TargetInAll } from '../../lib/domain/incidents/restore-all.ts';
import { compactUtc } from '../../lib/domain/time.ts';
import { systemClock } from '../../lib/runtime/system-clock.ts';
import type { RestoreOutcome } from '../../lib/workflows/emergency/restoring.ts';
import type { RestoreAllPorts } from '../../lib/workflows/restore-all/run-restore-all.ts';
import { answerTo } from './ask-person.ts';
import type { Shown } from './renderer.ts';
import { readRestore, readWays, restoreMessage } from './restore-requests.ts';
import type { Session } from './session.ts';

/** Everything that restore-all asks of the deployment, of functions of the person's own, and of the person. */
export function restoreAllPorts(
  session: Session,
  { at, reason }: { at: string | undefined; reason: string | undefined },
  shown: Shown,
): RestoreAllPorts {
  return {
    clock: systemClock,
    say: shown.say,
    live: shown.live,
    ask: (question) => askPerson(question, shown),
    restore: (target, id) => readRestore(session, target, id),
    begin: (restore) => begin(session, restore, at, reason),
    async invoke(name, within, request) {
      const { invokeStep } = await import('./invoke-step.ts');
      const stage = session.options.stage ?? 'local';
      return invokeStep(name, within, { ...request, stage, requestedBy: await session.identity() });
    },
  };
}

/** What is confirmed is an hour old at most, so it is asked for anew: the same way, as it is known now. */
async function begin(
  session: Session,
  { target, way: shown }: TargetInAll,
  at: string | undefined,
  reason: string | undefined,
) {
  const { ways } = await readWays(session, target, { at });
  const way = ways.find(
    ({ kind, point, confirm }) => confirm && kind === shown!.kind && point === shown!.point,
  );
  if (!way)
    throw new UnderstudyError('no-way', `${target} has no ${shown!.kind} ${shown!.point ?? ''} any more`, {
      hint: './understudy restore-all shows the ways back',
    });
  const message = await restoreMessage(session, target, way, way.confirm!, reason ?? 'restore-all');
  let refused: string | undefined;
  const started = session.start('restore', message);
  // With --local it is this process's own work, and resolves at its end.
  if (session.isLocal)
    started.then(
      (value) => {
        const { outcome, summary } = value as RestoreOutcome;
        if (outcome === 'refused' || outcome === 'held') refused = summary;
      },
      (error: Error) => {
        refused = error.message;
      },
    );
  else await started;
  return { id: compactUtc(message.scheduledFor), refused: () => refused };
}

/** The live line stands still meanwhile. Ctrl-C is no. */
async function askPerson(question: string, shown: Shown): Promise<boolean> {
  shown.pause();
  try {
    const typed = await answerTo(`${question} Type yes to go on; anything else ends it: `);
    return typed.toLowerCase() === 'yes';
  } finally {
    shown.resume();
  }
}
