import { InputError } from '../../lib/domain/errors.ts';
import { JOBS } from '../../lib/domain/job.ts';
import { parsePointId, snapshotPointId } from '../../lib/domain/names.ts';
import { utc } from '../../lib/domain/time.ts';
import type { Session } from './session.ts';

export type RunOptions = {
  point?: string;
  again?: boolean;
  dryRun?: boolean;
  simulation?: boolean;
  wait?: boolean;
  reason?: string;
  label?: string;
  from?: string;
  moment?: string;
  to?: string;
};

export type Message = Record<string, unknown> & { job: string; target: string; scheduledFor: string };

/** Names of runs that are asked for by another job with something switched on. */
const ALIASES = ['simulation', 'rehearse-snapshot', 'rehearse-moment'];
/** Written by schedules alone: a row of now is named after its minute. */
const NOT_ASKED = ['ledger', 'rehearse-instance'];

/** The message on topic `jobs` that a person means. What does not fit the job is a mistake of his, all said at once. */
export function messageFor(session: Session, job: string, target: string, options: RunOptions): Message {
  const known = [...JOBS.filter((each) => !NOT_ASKED.includes(each)), ...ALIASES];
  if (!known.includes(job))
    throw new InputError(`there is no job "${job}"`, [], `there are ${known.join(', ')}`);
  if (!session.plan().targets.some((each) => each.id === target))
    throw new InputError(
      `there is no target "${target}" in ${session.options.config}`,
      [],
      './understudy targets lists them',
    );
  refuseMisfits(job, fromOf(job, options), options);
  const common = {
    target,
    scheduledFor: utc(new Date()),
    requestedBy: session.caller,
    ...(options.reason ? { reason: options.reason } : {}),
  };
  const point = options.point ? { point: options.point } : {};
  const from = fromOf(job, options);
  if (from === 'snapshot' || from === 'moment') {
    const moment = options.moment ? { moment: options.moment } : {};
    return { job: 'rehearse-instance', ...common, from, ...point, ...moment };
  }
  switch (job) {
    case 'simulation':
    case 'rehearse':
      return {
        job: 'rehearse',
        ...common,
        ...point,
        simulation: job === 'simulation' || options.simulation === true,
      };
    case 'verify':
      return { job, ...common, ...point, again: options.again ?? false };
    case 'expire':
      return { job, ...common, dryRun: false };
    case 'snapshot':
      return { job, ...common, ...(options.label ? { label: options.label } : {}) };
    case 'copy':
      if (!options.point || !options.to)
        throw new InputError(
          'a copy is of one point, to one place',
          [],
          'add --point ID --to REGION[/ACCOUNT]; ./understudy points T lists the points',
        );
      return { job, ...common, point: options.point, to: options.to };
    default:
      return { job, ...common };
  }
}

const FITS: Record<string, readonly (keyof RunOptions)[]> = {
  verify: ['point', 'again'],
  expire: ['dryRun'],
  snapshot: ['label'],
  copy: ['point', 'to'],
  dump: [],
  preflight: [],
  simulation: ['point', 'simulation', 'from'],
  'rehearse from dump': ['point', 'simulation', 'from'],
  'rehearse from snapshot': ['point', 'from'],
  'rehearse from moment': ['moment', 'from'],
};
const ANYWHERE: readonly (keyof RunOptions)[] = ['wait', 'reason'];

/** An option that would do nothing is a misunderstanding, and better said than ignored. */
function refuseMisfits(job: string, from: string, options: RunOptions): void {
  const name = job.startsWith('rehearse') ? `rehearse from ${from}` : job;
  const fits = [...(FITS[name] ?? []), ...ANYWHERE];
  const misfits = Object.entries(options)
    .filter(
      ([option, value]) =>
        value !== undefined && value !== false && !fits.includes(option as keyof RunOptions),
    )
    .map(([option]) => `--${option === 'dryRun' ? 'dry-run' : option} does not go with ${name}`);
  if (misfits.length > 0)
    throw new InputError('this cannot be meant', misfits, './understudy run --help lists the options');
}

/** What is rehearsed: a dump, unless the job or `--from` says otherwise. */
function fromOf(job: string, { from }: RunOptions): string {
  if (job === 'rehearse-snapshot' || job === 'rehearse-moment') return job.slice('rehearse-'.length);
  if (job !== 'rehearse') return 'dump';
  if (from === undefined || ['dump', 'snapshot', 'moment'].includes(from)) return from ?? 'dump';
  throw new InputError(`nothing is rehearsed from "${from}"`, [], '--from dump, snapshot or moment');
}

/** The run that a message means: rehearsals are named after what they restore, verifications and copies after their point. */
export function runOf(message: Message): { target: string; job: string; scheduledFor: string } {
  const { job, target, scheduledFor } = message;
  if (job === 'rehearse-instance')
    return { target, job: `rehearse-${String(message['from'])}`, scheduledFor };
  if (message['simulation'] === true) return { target, job: 'simulation', scheduledFor };
  if (job === 'verify' && message['point']) return { target, job, scheduledFor: String(message['point']) };
  if (job === 'copy') {
    const moment = parsePointId(String(message['point']))?.scheduledFor ?? scheduledFor;
    return { target, job, scheduledFor: snapshotPointId(moment, 'snapshot', String(message['to'])) };
  }
  return { target, job, scheduledFor };
}
