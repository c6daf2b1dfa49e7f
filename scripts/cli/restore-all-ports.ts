import { UnderstudyError } from '../../lib/domain/errors.ts';
import type { TargetInAll } from '../../lib/domain/incidents/restore-all.ts';
import type { RestoreRecord } from '../../lib/domain/incidents/restore-record.ts';
import type { RestorePlan } from '../../lib/domain/incidents/way.ts';
import type { RestoreJob } from '../../lib/domain/runs/job.ts';
import { compactUtc, utc } from '../../lib/domain/time.ts';
import { systemClock } from '../../lib/runtime/system-clock.ts';
import type { RestoreOutcome } from '../../lib/workflows/emergency/restoring.ts';
import type { RestoreAllPorts } from '../../lib/workflows/restore-all/run-restore-all.ts';
import { answerTo } from './ask-person.ts';
import type { Shown } from './renderer.ts';
import type { Session } from './session.ts';

/** The plan of one target, as the deployment sees it now. */
export function planOfOne(session: Session, target: string, at: string | undefined): Promise<RestorePlan> {
  return session.invoke<RestorePlan>('operator', {
    ask: 'plan',
    target,
    ...(at === undefined ? {} : { at }),
  });
}

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
    restore: (target, id) =>
      session.invoke<RestoreRecord | null>('operator', {
        ask: 'restore',
        target,
        ...(id === undefined ? {} : { restore: id }),
      }),
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
  const { ways } = await planOfOne(session, target, at);
  const way = ways.find(
    ({ kind, point, confirm }) => confirm && kind === shown!.kind && point === shown!.point,
  );
  if (!way)
    throw new UnderstudyError('no-way', `${target} has no ${shown!.kind} ${shown!.point ?? ''} any more`, {
      hint: './understudy restore-all shows the ways back',
    });
  const scheduledFor = utc(new Date());
  const message: RestoreJob = {
    job: 'restore',
    target,
    scheduledFor,
    requestedBy: await session.identity(),
    reason: reason ?? 'restore-all',
    way: way.kind as RestoreJob['way'],
    ...(way.point === undefined ? {} : { point: way.point }),
    asOf: way.asOf,
    confirm: way.confirm!,
  };
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
  return { id: compactUtc(scheduledFor), refused: () => refused };
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
