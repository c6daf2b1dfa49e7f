import { InputError } from '../../lib/domain/errors.ts';
import { didYouMean } from '../../lib/domain/nearest.ts';
import { utc } from '../../lib/domain/time.ts';
import type { AskedMessage, RunOptions } from './asked-message.ts';
import { refuseImpossible, refuseMisfits, refuseMistakes } from './refuse-misfits.ts';
import { refuseUnknownJob } from './refuse-misspelt.ts';
import type { Session } from './session.ts';

/** Makes the message on topic `jobs` that a person asks for. Rejects with every mistake at once. */
export function messageFor(session: Session, job: string, target: string, options: RunOptions): AskedMessage {
  refuseUnknownJob(job);
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

/** What is rehearsed: a dump, unless the job or `--from` names another. */
function fromOf(job: string, { from }: RunOptions): string {
  if (job === 'rehearse-snapshot' || job === 'rehearse-moment') return job.slice('rehearse-'.length);
  if (job !== 'rehearse') return 'dump';
  if (from === undefined || ['dump', 'snapshot', 'moment'].includes(from)) return from ?? 'dump';
  throw new InputError(`cannot rehearse from "${from}"`, [], '--from dump, snapshot or moment');
}
