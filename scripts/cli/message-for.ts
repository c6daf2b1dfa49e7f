import { InputError } from '../../lib/domain/errors.ts';
import { parsePointId, snapshotPointId } from '../../lib/domain/names.ts';
import { didYouMean } from '../../lib/domain/nearest.ts';
import { formatIssue } from '../../lib/domain/plan/issue.ts';
import { placeOf, type Target } from '../../lib/domain/plan/policy.ts';
import { askedJob } from '../../lib/domain/runs/job.ts';
import { utc } from '../../lib/domain/time.ts';
import { ASKED_JOBS } from './asked-jobs.ts';
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

export type AskedMessage = Record<string, unknown> & { job: string; target: string; scheduledFor: string };

/** Makes the message on topic `jobs` that a person asks for. Rejects with every mistake at once. */
export function messageFor(session: Session, job: string, target: string, options: RunOptions): AskedMessage {
  const known: readonly string[] = ASKED_JOBS;
  if (!known.includes(job))
    throw new InputError(
      `there is no job "${job}"`,
      [],
      didYouMean(job, known) ?? `there are ${known.join(', ')}`,
    );
  const { targets } = session.plan();
  const asked = targets.find((each) => each.id === target);
  if (!asked)
    throw new InputError(
      `there is no target "${target}" in ${session.options.config}`,
      [],
      didYouMean(
        target,
        targets.map(({ id }) => id),
      ) ?? './understudy targets lists them',
    );
  const from = fromOf(job, options);
  refuseMisfits(job, from, options);
  refuseImpossible(job, from, asked);
  const message = shape(job, from, target, session.caller, options);
  refuseMistakes(message, from, asked);
  return message;
}

function shape(job: string, from: string, target: string, caller: string, options: RunOptions): AskedMessage {
  const common = {
    target,
    scheduledFor: utc(new Date()),
    requestedBy: caller,
    ...given({ reason: options.reason }),
  };
  const point = given({ point: options.point });
  if (from === 'snapshot' || from === 'moment') {
    return { job: 'rehearse-instance', ...common, from, ...point, ...given({ moment: options.moment }) };
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
      return { job, ...common, ...given({ label: options.label }) };
    case 'copy':
      if (options.point === undefined || options.to === undefined)
        throw new InputError(
          'a copy needs a point and a place',
          [],
          'add --point ID --to REGION[/ACCOUNT]; ./understudy points T lists the points',
        );
      return { job, ...common, point: options.point, to: options.to };
    default:
      return { job, ...common };
  }
}

/** Options that were given, even if empty: an empty one is a mistake, not an omission. */
function given<T extends Record<string, string | undefined>>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** Refuses at once what a target can never do; as a message it would raise an alert. */
function refuseImpossible(job: string, from: string, { id, connection, platform }: Target): void {
  const ofDump = ['dump', 'verify', 'simulation'].includes(job) || (job === 'rehearse' && from === 'dump');
  const what = job.startsWith('rehearse') ? `rehearse from ${from}` : job;
  if (ofDump && !connection)
    throw new InputError(
      `${what} is about dumps, and ${id} has none`,
      [],
      'a target with a connection has dumps; ./understudy targets lists them',
    );
  if (ofDump || job === 'expire') return;
  if (!platform)
    throw new InputError(
      `${what} is about what AWS backs up, and ${id} has only dumps`,
      [],
      'give the target rds, aurora or elasticache in understudy.yml',
    );
  if (platform.kind === 'elasticache' && job !== 'snapshot' && job !== 'copy')
    throw new InputError(
      `${what} is about databases, and ${id} is a cache`,
      [],
      'its snapshots are taken and aged',
    );
}

/** Refuses wrong values of options, by the schemas of the messages they become. */
function refuseMistakes(message: AskedMessage, from: string, target: Target): void {
  const { error } = askedJob.safeParse(message);
  const mistakes = (error?.issues ?? []).map((issue) => {
    const option = String(issue.path[0]);
    return message[option] === '' ? `--${option} is empty` : `--${option}: ${formatIssue(issue, message)}`;
  });
  if (message['reason'] === '') mistakes.push('--reason is empty');
  const told = (mistake: string) => mistakes.some((other) => other.split(':')[0] === mistake.split(':')[0]);
  mistakes.push(...outOfReach(message, from, target).filter((mistake) => !told(mistake)));
  const kind = parsePointId(String(message['point'] ?? ''))?.kind;
  if (kind === 'dump' && (from === 'snapshot' || message.job === 'copy'))
    mistakes.push(
      `--point: ${String(message['point'])} is a dump, and ${message.job === 'copy' ? 'snapshots are copied' : '--from snapshot means a snapshot'}`,
    );
  if (kind !== undefined && kind !== 'dump' && (message.job === 'rehearse' || message.job === 'verify'))
    mistakes.push(
      `--point: ${String(message['point'])} is a snapshot, ${message.job === 'verify' ? 'which is verified as it is taken' : 'which --from snapshot rehearses'}`,
    );
  if (mistakes.length > 0)
    throw new InputError(
      'invalid options:',
      mistakes,
      './understudy points T lists the points; ./understudy run --help the options',
    );
}

/** Values that the plan and the clock rule out. */
function outOfReach(message: AskedMessage, from: string, { policy }: Target): string[] {
  const copies = policy.snapshot.copies.map(placeOf);
  const { to, moment } = message as { to?: string; moment?: string };
  const mistakes: string[] = [];
  if (message.job === 'copy' && to && !copies.includes(to))
    mistakes.push(
      `--to: the policy ${policy.name} copies ${copies.length > 0 ? `to ${copies.join(', ')}` : 'nowhere'}, not to ${to}`,
    );
  if (moment && new Date(moment) > new Date()) mistakes.push(`--moment: ${moment} is yet to come`);
  const place = parsePointId(String(message['point'] ?? ''))?.place;
  const there = policy.rehearsal.instance.place;
  const elsewhere = there === undefined ? copies.includes(place ?? '') : place !== there;
  if (from === 'snapshot' && place !== undefined && elsewhere)
    mistakes.push(
      `--point: it lies in ${place}, and the policy ${policy.name} rehearses ${there === undefined ? 'at home' : `in ${there}`} (rehearsal.instance.place)`,
    );
  return mistakes;
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

/** Refuses options that would have no effect. */
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
    throw new InputError('invalid options:', misfits, './understudy run --help lists the options');
}

/** What is rehearsed: a dump, unless the job or `--from` names another. */
function fromOf(job: string, { from }: RunOptions): string {
  if (job === 'rehearse-snapshot' || job === 'rehearse-moment') return job.slice('rehearse-'.length);
  if (job !== 'rehearse') return 'dump';
  if (from === undefined || ['dump', 'snapshot', 'moment'].includes(from)) return from ?? 'dump';
  throw new InputError(`cannot rehearse from "${from}"`, [], '--from dump, snapshot or moment');
}

/** The run of a message: rehearsals are named after what they restore, verifications and copies after their point. */
export function runOf(message: AskedMessage): { target: string; job: string; scheduledFor: string } {
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
