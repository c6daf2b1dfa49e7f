import pc from 'picocolors';
import {
  type AppChange,
  type AppPlan,
  type ChangedService,
  type ServiceChange,
  shortDefinition,
  wayBack,
} from '../../lib/domain/incidents/app-change.ts';
import { humanSeconds, secondsBetween } from '../../lib/domain/time.ts';
import { formatTable } from './format-table.ts';

/** What would be done now, for the person who is asked whether it is meant. */
export function formatAppPlan({ target, job, services }: AppPlan): string[] {
  const does =
    job === 'restart-app'
      ? 'starts every task of these services anew, a few at a time; they keep their task definition:'
      : 'gives these services another task definition; its tasks replace those that run, a few at a time:';
  return [
    `${pc.bold(target)}: ${job} ${does}`,
    ...services.flatMap((service) => [
      `  ${formatChange(service)}`,
      ...(service.why ? [pc.dim(`    ${service.why}`)] : []),
    ]),
    'The database stays as it is.',
  ];
}

const STATES: Record<AppChange['state'], string> = {
  running: 'under way',
  done: 'done',
  'not-done': 'not done',
};

/** The last restart or rollback of an application: each service, and the way back. */
export function formatAppChange(change: AppChange, now: Date): string[] {
  const { target, job, id, state, by, reason, startedAt, endedAt, services, error } = change;
  const took = humanSeconds(secondsBetween(startedAt, endedAt ?? now));
  const paint = { running: pc.yellow, done: pc.green, 'not-done': pc.red }[state];
  return [
    `${pc.bold(target)}: ${job} ${id} is ${paint(STATES[state])}, ${took} since ${by} began it${reason ? ` (${reason})` : ''}`,
    ...formatTable(
      ['SERVICE', 'TASK DEFINITION', 'STATE', ''],
      services.map((each) => [
        `${each.cluster}/${each.service}`,
        definitions(each),
        each.state,
        each.seen ?? '',
      ]),
    ),
    ...(error ? [pc.red(`${error.code}: ${error.message}`)] : []),
    ...(state === 'running'
      ? []
      : wayBack(change).map(
          (command) => `${job === 'restart-app' ? 'if that does not help' : 'the way back'}: ${command}`,
        )),
  ];
}

const formatChange = (service: ServiceChange) =>
  `${service.cluster}/${service.service}: ${definitions(service)}`;

const definitions = ({ from, to }: ServiceChange | ChangedService) =>
  from === to ? shortDefinition(from) : `${shortDefinition(from)} → ${shortDefinition(to)}`;
