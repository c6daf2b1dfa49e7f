import { InputError } from '../../lib/domain/errors.ts';
import { parsePointId } from '../../lib/domain/names.ts';
import { does } from '../../lib/domain/plan/engines.ts';
import { formatIssue } from '../../lib/domain/plan/issue.ts';
import { placeOf, type Target } from '../../lib/domain/plan/policy.ts';
import { askedJob } from '../../lib/domain/runs/job.ts';
import type { AskedMessage, RunOptions } from './asked-message.ts';

/** Refuses at once what a target can never do; as a message it would raise an alert. */
export function refuseImpossible(job: string, from: string, target: Target): void {
  const { id, connection, engine, platform } = target;
  const ofDump = ['dump', 'verify', 'simulation'].includes(job) || (job === 'rehearse' && from === 'dump');
  const what = job.startsWith('rehearse') ? `rehearse from ${from}` : job;
  if (ofDump && !connection)
    throw new InputError(
      `${what} is about dumps, and ${id} has none`,
      [],
      'a target with a connection has dumps; ./understudy targets lists them',
    );
  if (ofDump && !does(engine, 'dump'))
    throw new InputError(
      `${what} is about dumps, which need PostgreSQL, and ${id} is ${engine}`,
      [],
      `./understudy run snapshot ${id} takes a snapshot`,
    );
  if (job === 'drill' && !target.drill)
    throw new InputError(
      `${id} is not drilled: a drill replaces its database for a while`,
      [],
      'add drill: { of: … } to a staging target in understudy.yml, and never to production',
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
export function refuseMistakes(message: AskedMessage, from: string, target: Target): void {
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
export function refuseMisfits(job: string, from: string, options: RunOptions): void {
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
