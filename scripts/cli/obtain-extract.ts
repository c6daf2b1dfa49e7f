import { UnderstudyError } from '../../lib/domain/errors.ts';
import { type ExtractOf, isExtractOf } from '../../lib/domain/incidents/extract.ts';
import type { ExtractJob } from '../../lib/domain/runs/job.ts';
import type { Run } from '../../lib/domain/runs/run.ts';
import { humanSeconds, secondsBetween, shortMoment, utc } from '../../lib/domain/time.ts';
import type { ExtractPlan, ExtractProgress } from '../../lib/workflows/operator/plan-extract.ts';
import { agreed, NOT_BEGUN } from './ask-person.ts';
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
    return NOT_BEGUN;
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
  const plan = await askForExtract(session, target, wanted, again === true);
  if (!plan.known && !(await agreed(formatQuestion(target, plan), yes === true)))
    throw new NotAgreed('not-agreed', 'nothing was begun, and nothing has changed');
  return makeExtract(session, plan);
}

/** A run of this machine that is under way may be one whose process is gone: only a deployed one is taken up. */
export async function askForExtract(
  session: Session,
  target: string,
  wanted: InstanceWanted & Pick<ExtractOf, 'tables' | 'find'>,
  again: boolean,
): Promise<ExtractPlan> {
  refuseWithoutRds(session, target);
  const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
  const { known, ...plan } = await session.invoke<ExtractPlan>('operator', {
    ask: 'extract',
    target,
    again,
    ...Object.fromEntries(given),
  });
  return known && !(session.isLocal && known.state === 'running') ? { ...plan, known } : plan;
}

/** The local cloud has no RDS, and calls to the real one would never end. */
function refuseWithoutRds({ isLocal }: Session, target: string): void {
  if (!isLocal || process.env['AWS_ENDPOINT_URL_RDS']) return;
  throw new UnderstudyError(
    'not-local',
    `snapshots and moments of ${target} are restored by RDS, which the local cloud does not have`,
    { hint: 'a deployed stage does it with --stage NAME; dumps are compared here' },
  );
}

function formatQuestion(target: string, { of, asOf, said }: ExtractPlan): string[] {
  const tables = of.tables ? of.tables.join(', ') : 'every table';
  return [
    `${target} is restored as of ${of.point ? `${shortMoment(asOf)} UTC (${of.point})` : toSecond(asOf)} onto a scratch instance in its quarantine,`,
    `and the rows of ${tables} go into the bucket of files for a day, encrypted. Production is only read.`,
    `It takes ${said}.`,
  ];
}

/** `2026-11-20 13:43:39 UTC`: two moments of a search may lie in one minute. */
export const toSecond = (moment: string) => `${moment.slice(0, 10)} ${moment.slice(11, 19)} UTC`;

/** The extract of a plan: the one that is known, or a new one. Leaving does not stop one of a deployed stage. */
export async function makeExtract(session: Session, { of, asOf, known }: ExtractPlan): Promise<Extract> {
  const title = `extract of ${of.target} as of ${toSecond(asOf)}`;
  if (known?.state === 'succeeded') {
    process.stderr.write(`${title}: taken from ${shortMoment(known.endedAt!)} UTC\n`);
    return ended(known, of);
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
  return ended(run, of);
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
        ? 'the extract ended with it; the watch tears down what it made'
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

/** Two people may begin in the same second, and then the runs of both have one name. */
function ended(run: Run, of: ExtractOf): Extract {
  if (!isExtractOf(run, of))
    throw new UnderstudyError(
      'extract-of-another',
      `somebody else began another extract of ${of.target} in the same second`,
      {
        hint: 'begin again',
      },
    );
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
