import { InputError } from '../../../lib/domain/errors.ts';
import type { Plan } from '../../../lib/domain/plan/policy.ts';
import { copyJob, rehearseInstanceJob, rehearseJob, snapshotJob } from '../../../lib/domain/runs/job.ts';
import { runOf } from '../../../lib/domain/runs/run-of.ts';
import type { RunOptions } from '../../../scripts/cli/asked-message.ts';
import { messageFor } from '../../../scripts/cli/message-for.ts';
import type { Session } from '../../../scripts/cli/session.ts';
import { planWith } from '../../support/plan.ts';
import { ABROAD, copiesTo, planOf } from '../../support/snapshots.ts';

const POINT = '20261120T010000Z-snapshot@eu-central-1';
const DUMP = '20261120T010000Z-1';
const MOMENT = '2026-11-20T01:00:00Z';

const cachePlan = planOf({ target: { platform: { kind: 'elasticache', id: 'sessions' } } });
for (const each of cachePlan.targets) delete each.connection;
const sessionOf = (plan: Plan) =>
  ({ options: { config: 'understudy.yml' }, caller: 'anna', plan: () => plan }) as unknown as Session;
/** Sessions for a database on RDS, a cache, and a database that only dumps protect. */
const session = sessionOf(planOf({ policy: copiesTo(ABROAD) }));
const CACHE = sessionOf(cachePlan);
const DUMPED = sessionOf(planWith());
const MYSQL = sessionOf(planOf({ target: { engine: 'mysql' } }));

const message = (job: string, options: RunOptions = {}) => messageFor(session, job, 'crm', options);
const mistakesOf = (job: string, options: RunOptions) => {
  try {
    message(job, options);
    return [];
  } catch (error) {
    return [...(error as InputError).mistakes];
  }
};

test.each([
  ['snapshot', { label: 'release 4.2' }, snapshotJob, { label: 'release 4.2' }],
  ['rehearse', { from: 'dump' }, rehearseJob, { simulation: false }],
  ['rehearse', { from: 'snapshot' }, rehearseInstanceJob, { from: 'snapshot' }],
  ['rehearse', { from: 'moment', moment: MOMENT }, rehearseInstanceJob, { from: 'moment' }],
  ['rehearse-snapshot', {}, rehearseInstanceJob, { from: 'snapshot' }],
  ['rehearse-moment', {}, rehearseInstanceJob, { from: 'moment' }],
  ['copy', { point: POINT, to: 'eu-west-1' }, copyJob, { to: 'eu-west-1' }],
] as const)(
  'run %s %j publishes the message that a schedule or a pipeline would',
  (job, options, schema, expected) => {
    expect(schema.parse(message(job, options))).toMatchObject(expected);
  },
);

const NOT_WITH = 'does not go with';
const FUTURE = '2999-01-01T00:00:00Z';
const OF_A_DUMP = `--point: ${DUMP} is a dump,`;
const OF_A_SNAPSHOT = `--point: ${POINT} is a snapshot, which`;
test.each<[string, RunOptions, ...string[]]>([
  ['rehearse', { from: 'dump', moment: MOMENT }, `--moment ${NOT_WITH} rehearse from dump`],
  ['rehearse', { from: 'snapshot', simulation: true }, `--simulation ${NOT_WITH} rehearse from snapshot`],
  ['dump', { label: 'x', point: 'y' }, '--label does not go with dump', '--point does not go with dump'],
  ['verify', { dryRun: true }, '--dry-run does not go with verify'],
  ['rehearse-moment', { point: 'x' }, '--point does not go with rehearse from moment'],
  ['snapshot', { label: '' }, '--label is empty'],
  ['rehearse', { from: 'snapshot', point: '' }, '--point is empty'],
  ['rehearse', { from: 'moment', moment: '' }, '--moment is empty'],
  ['dump', { reason: '' }, '--reason is empty'],
  ['rehearse', { from: 'moment', moment: 'soon' }, `--moment: expected a moment such as ${MOMENT}`],
  ['rehearse', { from: 'moment', moment: FUTURE }, `--moment: ${FUTURE} is yet to come`],
  [
    'copy',
    { point: 'nonsense', to: 'mars' },
    '--point: expected a point id such as 20261120T010000Z-1',
    '--to: expected a place such as eu-west-1 or eu-west-1/123456789012',
  ],
  ['rehearse', { point: POINT }, `${OF_A_SNAPSHOT} --from snapshot rehearses`],
  ['verify', { point: POINT }, `${OF_A_SNAPSHOT} is verified as it is taken`],
  ['rehearse', { from: 'snapshot', point: DUMP }, `${OF_A_DUMP} and --from snapshot means a snapshot`],
  ['copy', { point: DUMP, to: 'eu-west-1' }, `${OF_A_DUMP} and snapshots are copied`],
  [
    'copy',
    { point: POINT, to: 'eu-west-3' },
    '--to: the policy production copies to eu-west-1, not to eu-west-3',
  ],
  [
    'rehearse',
    { from: 'snapshot', point: '20261120T010000Z-snapshot@eu-west-1' },
    '--point: it lies in eu-west-1, and the policy production rehearses at home (rehearsal.instance.place)',
  ],
])('run %s %j is refused: %s', (job, options, ...mistakes) => {
  expect(mistakesOf(job, options)).toEqual(mistakes);
});

test('run takes the options --wait and --reason, and those that are off, with every job', () => {
  expect(mistakesOf('dump', { wait: true, reason: 'why' })).toEqual([]);
  expect(mistakesOf('verify', { again: false, wait: true })).toEqual([]);
});

test.each(['heartbeat', 'rehearse-instance', 'restore'])(
  'run refuses %s, which is no job to ask for',
  (job) => {
    expect(() => message(job)).toThrow(InputError);
  },
);

test('run rehearse refuses --from tape', () => {
  expect(() => message('rehearse', { from: 'tape' })).toThrow('cannot rehearse from "tape"');
});

test('run copy needs the place to copy to', () => {
  expect(() => message('copy', { point: POINT })).toThrow(InputError);
});

const AWS_ONLY = 'is about what AWS backs up, and crm has only dumps';
test.each([
  ['dump', {}, CACHE, 'dump is about dumps, and crm has none'],
  ['verify', {}, CACHE, 'verify is about dumps, and crm has none'],
  ['rehearse', {}, CACHE, 'rehearse from dump is about dumps, and crm has none'],
  ['dump', {}, MYSQL, 'dump is about dumps, which need PostgreSQL, and crm is mysql'],
  ['verify', {}, MYSQL, 'verify is about dumps, which need PostgreSQL, and crm is mysql'],
  ['preflight', {}, CACHE, 'preflight is about databases, and crm is a cache'],
  ['rehearse', { from: 'snapshot' }, CACHE, 'rehearse from snapshot is about databases, and crm is a cache'],
  ['snapshot', {}, DUMPED, `snapshot ${AWS_ONLY}`],
  ['preflight', {}, DUMPED, `preflight ${AWS_ONLY}`],
  ['rehearse-moment', {}, DUMPED, `rehearse from moment ${AWS_ONLY}`],
])('run refuses %s %j for a target that cannot do it', (job, options, of, said) => {
  expect(() => messageFor(of, job, 'crm', options)).toThrow(said);
});

test.each([
  ['a cache', CACHE, ['snapshot', 'expire']],
  ['a database that is only dumped', DUMPED, ['dump', 'verify', 'rehearse', 'simulation', 'expire']],
] as const)('run accepts for %s every job that it can do', (_what, of, jobs) => {
  for (const job of jobs) expect(messageFor(of, job, 'crm', {})).toHaveProperty('job');
});

test.each([
  ['rehearse-snapshot', {}, 'rehearse-snapshot'],
  ['rehearse', { simulation: true }, 'simulation'],
  ['snapshot', {}, 'snapshot'],
])('the message of run %s %j means a run of %s', (asked, options, job) => {
  const of = message(asked, options);
  expect(runOf(of)).toEqual({ target: 'crm', job, scheduledFor: of.scheduledFor });
});

test('the message of run copy means a run that is named after the copy', () => {
  const { scheduledFor } = runOf(message('copy', { point: POINT, to: 'eu-west-1' }));
  expect(scheduledFor).toBe('20261120T010000Z-snapshot@eu-west-1');
});
