import { UnderstudyError } from '../../lib/domain/errors.ts';
import type { ExtractOf } from '../../lib/domain/incidents/extract.ts';
import type { ExtractJob } from '../../lib/domain/runs/job.ts';
import type { Run } from '../../lib/domain/runs/run.ts';
import { humanSeconds, secondsBetween, shortMoment, utc } from '../../lib/domain/time.ts';
import type { ExtractPlan, ExtractProgress } from '../../lib/workflows/operator/plan-extract.ts';
import { agreed } from './ask-person.ts';
import { DONE } from './exit-codes.ts';
import type { CommandResult } from './print-result.ts';
import type { InstanceWanted } from './restore-point.ts';
import type { Session } from './session.ts';
import { showProgress } from './show-progress.ts';

export type ExtractOptions = { yes?: boolean; again?: boolean };
export type Extract = Run & { extracted: NonNullable<Run['extracted']> };

/** Nobody agreed to it: nothing was begun. */
class NotAgreed extends UnderstudyError {}

/** The result of a command whose question was not answered with yes. */
export async function unlessDeclined(work: () => Promise<CommandResult>): Promise<CommandResult> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NotAgreed)) throw error;
    return { document: { begun: false }, lines: [error.message], exit: DONE };
  }
}

/**
 * Has the rows of a snapshot or a moment brought out of a scratch instance, unless the same is there or under way. Says
 * first what that takes, and asks.
 */
export async function obtainExtract(
  session: Session,
  target: string,
  wanted: InstanceWanted & Pick<ExtractOf, 'tables' | 'find'>,
  { yes, again }: ExtractOptions,
): Promise<Extract> {
  const plan = await planExtract(session, target, wanted, again === true);
  if (!plan.known && !(await agreed(formatQuestion(target, plan), yes === true)))
    throw new NotAgreed('not-agreed', 'nothing was begun, and nothing has changed');
  return makeExtract(session, plan);
}

export function planExtract(
  session: Session,
  target: string,
  wanted: InstanceWanted & Pick<ExtractOf, 'tables' | 'find'>,
  again: boolean,
): Promise<ExtractPlan> {
  const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
  return session.invoke('operator', { ask: 'extract', target, again, ...Object.fromEntries(given) });
}

function formatQuestion(target: string, { of, asOf, said }: ExtractPlan): string[] {
  const what = of.point ?? 'the moment';
  const tables = of.tables ? of.tables.join(', ') : 'every table';
  return [
    `${target} is restored as of ${shortMoment(asOf)} UTC (${what}) onto a scratch instance in its quarantine,`,
    `and the rows of ${tables} go into the bucket of files for a day, encrypted. Production is only read.`,
    `It takes ${said}.`,
  ];
}

/** The extract of a plan: the one that is known, or a new one. Leaving does not stop one of a deployed stage. */
export async function makeExtract(session: Session, { of, asOf, known }: ExtractPlan): Promise<Extract> {
  const title = `extract of ${of.target} as of ${shortMoment(asOf)} UTC`;
  if (known?.state === 'succeeded') {
    process.stderr.write(`${title}: taken from ${shortMoment(known.endedAt!)} UTC\n`);
    return ended(known);
  }
  const scheduledFor = known?.scheduledFor ?? utc(new Date());
  const message: ExtractJob = {
    ...of,
    job: 'extract',
    scheduledFor,
    requestedBy: await session.identity(),
  };
  const begin = known ? undefined : () => session.start('rehearse-instance', message);
  const run = await follow(session, title, of.target, scheduledFor, begin);
  return ended(run);
}

const SECONDS_BETWEEN_LOOKS = 5;
/** How long a function that was invoked may take to begin, in seconds. */
const BEGINS_WITHIN = 120;

async function follow(
  session: Session,
  title: string,
  target: string,
  scheduledFor: string,
  begin: (() => Promise<unknown>) | undefined,
): Promise<Run> {
  let over = false;
  let failure: unknown;
  const began = begin?.().then(
    () => {
      over = session.isLocal;
    },
    (error) => {
      failure = error;
    },
  );
  const look = () =>
    session.invoke<ExtractProgress>('operator', { ask: 'extract-progress', target, scheduledFor });
  const run = await showProgress(
    title,
    async ({ say, live }) => {
      const since = Date.now();
      for (let said = ''; ; ) {
        const isOver = over;
        const { run: found, phase } = await look();
        if (failure) throw failure;
        if (found && found.state !== 'running') return found;
        if (isOver || (!found && Date.now() - since > BEGINS_WITHIN * 1000)) throw notBegun(target);
        if (phase !== said) say(phase);
        said = phase;
        live(found ? `${phase}, ${humanSeconds(secondsBetween(found.startedAt, new Date()))}` : phase);
        await new Promise((resolve) =>
          setTimeout(resolve, (session.isLocal ? 1 : SECONDS_BETWEEN_LOOKS) * 1000),
        );
      }
    },
    ({ state }) => state === 'succeeded',
    {
      left: session.isLocal
        ? 'what it made is torn down by the next one of the same'
        : 'the extract goes on: the same command takes it up',
      cancel: () =>
        session.invoke('operator', {
          ask: 'cancel',
          target,
          job: 'extract',
          by: session.caller,
          local: session.isLocal,
        }),
    },
  );
  await began;
  return run;
}

function ended(run: Run): Extract {
  if (run.state === 'succeeded' && run.extracted) return run as Extract;
  const { code = 'extract-failed', message = run.summary ?? 'it failed', hint } = run.error ?? {};
  throw new UnderstudyError(code, message, { hint });
}

function notBegun(target: string): UnderstudyError {
  return new UnderstudyError(
    'extract-not-begun',
    `the function rehearse-instance has not begun the extract of ${target}`,
    {
      hint: 'its log says why',
    },
  );
}
