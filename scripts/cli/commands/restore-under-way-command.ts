import { InputError, UnderstudyError } from '../../../lib/domain/errors.ts';
import { withOption } from '../../../lib/domain/findings/alert.ts';
import type { RestoreAnswer, RestoreRecord } from '../../../lib/domain/incidents/restore-record.ts';
import { humanSeconds, secondsBetween, utc } from '../../../lib/domain/time.ts';
import { NOT_BEGUN } from '../ask-person.ts';
import { beginWork, untilEnded } from '../begin-work.ts';
import { chooseRollback } from '../choose-put-back.ts';
import { DONE, type ExitCode, FOUND_WRONG } from '../exit-codes.ts';
import { deploymentOf } from '../for-shell.ts';
import { formatRestore } from '../format-restore.ts';
import type { CommandResult } from '../print-result.ts';
import { unknownWord } from '../refuse-misspelt.ts';
import type { ProgressLine } from '../renderer.ts';
import type { RestoreOptions } from '../restore-options.ts';
import { readRestore } from '../restore-requests.ts';
import type { Session } from '../session.ts';
import { showProgress } from '../show-progress.ts';
import { readAppChange, showAppChange } from './app-command.ts';

const WORDS = ['status', 'abort', 'rollback'] as const;

/** `restore status T`, `restore abort T` and `restore rollback T`. */
export async function restoreUnderWayCommand(
  session: Session,
  what: string,
  target: string,
  { follow, reason, restore }: RestoreOptions,
): Promise<CommandResult> {
  switch (WORDS.find((word) => word === what)) {
    case 'status':
      return follow ? followRestore(session, target, { id: restore }) : showStatus(session, target, restore);
    case 'abort':
      return answerCommand(session, 'abort', target, { reason });
    case 'rollback':
      return rollBackCommand(session, target, { reason, restore });
    case undefined:
      throw unknownWord('restore', what, WORDS, target);
  }
}

/** Answers a restore that is under way. */
export async function answerCommand(
  session: Session,
  ask: RestoreAnswer['answer'],
  target: string,
  { reason }: { reason?: string | undefined },
): Promise<CommandResult> {
  const by = await session.identity();
  const answer = await session.invoke<RestoreAnswer>('approve', {
    ask,
    target,
    by,
    ...(reason ? { reason } : {}),
  });
  const said = {
    approve: `approved: the restore of ${target} goes on`,
    reject: `rejected: production of ${target} stays as it was`,
    abort: `the restore of ${target} ends at its next look, within fifteen minutes; what it changed is undone`,
  }[ask];
  return {
    document: answer,
    exit: DONE,
    lines: [said, `./understudy restore status ${target} --follow shows it`],
  };
}

async function rollBackCommand(
  session: Session,
  target: string,
  options: Pick<RestoreOptions, 'reason' | 'restore'>,
): Promise<CommandResult> {
  const record = await chooseRollback(session, target, options);
  if (!record) return NOT_BEGUN;
  const { reason } = options;
  const message = {
    job: 'rollback',
    target,
    scheduledFor: utc(new Date()),
    requestedBy: await session.identity(),
    restore: record.id,
    ...(reason ? { reason } : {}),
  };
  return followRestore(session, target, {
    id: record.id,
    begin: () => session.start('restore', message),
    hasEnded: ({ state, endedAt }) => state !== 'running' && endedAt !== record.endedAt,
  });
}

/** The last restore, and the last restart or rollback of the application, where there was one. */
async function showStatus(session: Session, target: string, id?: string): Promise<CommandResult> {
  if (id !== undefined) return showRestore(await requireRestore(session, target, id));
  const change = await readAppChange(session, target);
  if (!change) return showRestore(await requireRestore(session, target));
  const ofApp = showAppChange(change);
  const record = await readRestore(session, target);
  if (!record) return { ...ofApp, document: { appChange: change } };
  const { exit, lines } = showRestore(record);
  return {
    document: { ...record, appChange: change },
    exit: exit === DONE ? ofApp.exit : exit,
    lines: [...lines, '', ...ofApp.lines],
  };
}

async function requireRestore(session: Session, target: string, id?: string): Promise<RestoreRecord> {
  const record = await readRestore(session, target, id);
  if (record) return record;
  throw new InputError(
    id ? `there is no restore ${id} of ${target}` : `nobody has restored ${target} yet`,
    [],
    `./understudy restore ${target} shows the ways back`,
  );
}

export function showRestore(record: RestoreRecord): CommandResult {
  return { document: record, exit: exitOfRestore(record), lines: formatRestore(record, new Date()) };
}

function exitOfRestore({ state, error, notPutBack }: RestoreRecord): ExitCode {
  if (state === 'running') return DONE;
  return state === 'not-done' || error || notPutBack.length > 0 ? FOUND_WRONG : DONE;
}

export type Followed = {
  /** The restore; the one that was last worked on by default. */
  id?: string | undefined;
  /** Begins it. With --local it is this process's own work, and resolves at its end. */
  begin?: () => Promise<unknown>;
  hasEnded?: (record: RestoreRecord) => boolean;
};

/** Shows a restore until it has ended. Leaving does not stop one of a deployed stage. */
export async function followRestore(
  session: Session,
  target: string,
  followed: Followed = {},
): Promise<CommandResult> {
  const { id, begin, hasEnded = ({ state }: RestoreRecord) => state !== 'running' } = followed;
  const begun = begin && beginWork(session, begin);
  let phase = '';
  const ended = await showProgress(
    `restore of ${target}`,
    (show) =>
      untilEnded<RestoreRecord | null>(
        begun,
        async () => {
          const record = await readRestore(session, target, id);
          if (begun?.outcome() || (record && hasEnded(record))) return { ended: record };
          phase = showPhase(record, phase, show, session);
          return { hasBegun: record !== null && (begun === undefined || record.state === 'running') };
        },
        () => notBegun(target),
      ),
    (record) => record !== null && exitOfRestore(record) === DONE,
    {
      left: session.isLocal
        ? 'with --local the restore ends with this command: ./understudy local down, and begin anew'
        : `the restore goes on: ./understudy ${deploymentOf(session)} restore status ${target} --follow`,
    },
  );
  await begun?.settled;
  const outcome = begun?.outcome();
  if (outcome?.outcome === 'refused' || outcome?.outcome === 'held')
    throw new UnderstudyError(outcome.code ?? 'restore-under-way', outcome.summary, { hint: outcome.hint });
  return showRestore(ended!);
}

/** Each phase is one line that stays; what is to be decided is shown whole. */
function showPhase(
  record: RestoreRecord | null,
  said: string,
  { say, live }: ProgressLine,
  session: Session,
): string {
  const phase = record?.phase ?? 'begins';
  // What is to be decided comes a moment after the phase.
  if (phase === 'approve' && record?.decideBy === undefined) return said;
  if (record && phase !== said) {
    if (phase === 'approve')
      for (const line of formatRestore(record, new Date())) say(withOption(line, deploymentOf(session)));
    else say(phase);
  }
  live(record ? `${phase}, ${humanSeconds(secondsBetween(record.phaseBeganAt, new Date()))}` : phase);
  return phase;
}

function notBegun(target: string): UnderstudyError {
  return new UnderstudyError(
    'restore-not-begun',
    `the function restore has not begun the restore of ${target}`,
    {
      hint: `the reason was sent as an alert: ./understudy alerts list ${target}`,
    },
  );
}
