import { InputError } from '../../../lib/domain/errors.ts';
import type { Plan } from '../../../lib/domain/plan/policy.ts';
import { copyJob, rehearseInstanceJob, rehearseJob, snapshotJob } from '../../../lib/domain/runs/job.ts';
import { messageFor, type RunOptions, runOf } from '../../../scripts/cli/message-for.ts';
import type { Session } from '../../../scripts/cli/session.ts';
import { planWith } from '../../support/plan.ts';
import { ABROAD, copiesTo, planOf } from '../../support/snapshots.ts';

const cachePlan = planOf({ target: { platform: { kind: 'elasticache', id: 'sessions' } } });
for (const each of cachePlan.targets) delete each.connection;

const sessionOf = (plan: Plan) =>
  ({ options: { config: 'understudy.yml' }, caller: 'somebody', plan: () => plan }) as unknown as Session;
const session = sessionOf(planOf({ policy: copiesTo(ABROAD) }));

const message = (job: string, options: RunOptions = {}) => messageFor(session, job, 'crm', options);
const mistakesOf = (job: string, options: RunOptions, of = session) => {
  try {
    messageFor(of, job, 'crm', options);
    return [];
  } catch (error) {
    return [...(error as InputError).mistakes];
  }
};

describe('what a person asks for', () => {
  it.each([
    ['snapshot', { label: 'release 4.2' }, snapshotJob, { label: 'release 4.2' }],
    ['rehearse', { from: 'dump' }, rehearseJob, { simulation: false }],
    ['rehearse', { from: 'snapshot' }, rehearseInstanceJob, { from: 'snapshot' }],
    ['rehearse', { from: 'moment', moment: '2026-11-20T01:00:00Z' }, rehearseInstanceJob, { from: 'moment' }],
    ['rehearse-snapshot', {}, rehearseInstanceJob, { from: 'snapshot' }],
    ['rehearse-moment', {}, rehearseInstanceJob, { from: 'moment' }],
    [
      'copy',
      { point: '20261120T010000Z-snapshot@eu-central-1', to: 'eu-west-1' },
      copyJob,
      { to: 'eu-west-1' },
    ],
  ] as const)(
    'is the message that a schedule or pipeline would publish: %s %j',
    (job, options, schema, expected) => {
      expect(schema.parse(message(job, options))).toMatchObject(expected);
    },
  );

  it.each([
    [
      'rehearse',
      { from: 'dump', moment: '2026-11-20T01:00:00Z' },
      ['--moment does not go with rehearse from dump'],
    ],
    [
      'rehearse',
      { from: 'snapshot', simulation: true },
      ['--simulation does not go with rehearse from snapshot'],
    ],
    ['dump', { label: 'x', point: 'y' }, ['--label does not go with dump', '--point does not go with dump']],
    ['verify', { dryRun: true }, ['--dry-run does not go with verify']],
    ['rehearse-moment', { point: 'x' }, ['--point does not go with rehearse from moment']],
  ] as const)('is refused where an option would do nothing: %s %j', (job, options, mistakes) => {
    expect(mistakesOf(job, options)).toEqual(mistakes);
  });

  it('is not refused for what goes with everything', () => {
    expect(mistakesOf('dump', { wait: true, reason: 'why' })).toEqual([]);
    expect(mistakesOf('verify', { again: false, wait: true })).toEqual([]);
  });

  it.each(['heartbeat', 'rehearse-instance', 'restore'])('is no job called %s', (job) => {
    expect(() => message(job)).toThrow(InputError);
  });

  it('is nothing that nothing is rehearsed from', () => {
    expect(() => message('rehearse', { from: 'tape' })).toThrow('nothing is rehearsed from "tape"');
  });

  it.each([
    ['snapshot', { label: '' }, ['--label is empty']],
    ['rehearse', { from: 'snapshot', point: '' }, ['--point is empty']],
    ['rehearse', { from: 'moment', moment: '' }, ['--moment is empty']],
    ['dump', { reason: '' }, ['--reason is empty']],
    [
      'rehearse',
      { from: 'moment', moment: 'yesterday' },
      ['--moment: expected a moment such as 2026-11-20T01:00:00Z'],
    ],
    [
      'copy',
      { point: 'nonsense', to: 'mars' },
      [
        '--point: expected a point id such as 20261120T010000Z-1',
        '--to: expected a place such as eu-west-1 or eu-west-1/123456789012',
      ],
    ],
    [
      'rehearse',
      { point: '20261120T010000Z-snapshot@eu-central-1' },
      ['--point: 20261120T010000Z-snapshot@eu-central-1 is a snapshot, which --from snapshot rehearses'],
    ],
    [
      'verify',
      { point: '20261120T010000Z-snapshot@eu-central-1' },
      ['--point: 20261120T010000Z-snapshot@eu-central-1 is a snapshot, which is verified as it is taken'],
    ],
    [
      'rehearse',
      { from: 'snapshot', point: '20261120T010000Z-1' },
      ['--point: 20261120T010000Z-1 is a dump, and --from snapshot means a snapshot'],
    ],
    [
      'copy',
      { point: '20261120T010000Z-1', to: 'eu-west-1' },
      ['--point: 20261120T010000Z-1 is a dump, and snapshots are copied'],
    ],
    [
      'copy',
      { point: '20261120T010000Z-snapshot@eu-central-1', to: 'eu-west-3' },
      ['--to: the policy production copies to eu-west-1, not to eu-west-3'],
    ],
    [
      'rehearse',
      { from: 'moment', moment: '2999-01-01T00:00:00Z' },
      ['--moment: 2999-01-01T00:00:00Z is yet to come'],
    ],
    [
      'rehearse',
      { from: 'snapshot', point: '20261120T010000Z-snapshot@eu-west-1' },
      [
        '--point: it lies in eu-west-1, and the policy production rehearses at home (rehearsal.instance.place)',
      ],
    ],
  ] as const)('is refused with all that is wrong about its options: %s %j', (job, options, mistakes) => {
    expect(mistakesOf(job, options)).toEqual(mistakes);
  });

  const CACHE = sessionOf(cachePlan);
  const DUMPED = sessionOf(planWith());
  it.each([
    ['dump', {}, CACHE, 'dump is about dumps, and crm has none'],
    ['verify', {}, CACHE, 'verify is about dumps, and crm has none'],
    ['rehearse', {}, CACHE, 'rehearse from dump is about dumps, and crm has none'],
    ['preflight', {}, CACHE, 'preflight is about databases, and crm is a cache'],
    [
      'rehearse',
      { from: 'snapshot' },
      CACHE,
      'rehearse from snapshot is about databases, and crm is a cache',
    ],
    ['snapshot', {}, DUMPED, 'snapshot is about what AWS backs up, and crm has only dumps'],
    ['preflight', {}, DUMPED, 'preflight is about what AWS backs up, and crm has only dumps'],
    [
      'rehearse-moment',
      {},
      DUMPED,
      'rehearse from moment is about what AWS backs up, and crm has only dumps',
    ],
  ])('is nothing that its target can never do: %s %j', (job, options, of, said) => {
    expect(() => messageFor(of, job, 'crm', options)).toThrow(said);
  });

  it('is everything that its target can do', () => {
    for (const job of ['snapshot', 'expire'])
      expect(messageFor(CACHE, job, 'crm', {})).toMatchObject({ job });
    for (const job of ['dump', 'verify', 'rehearse', 'simulation', 'expire'])
      expect(messageFor(DUMPED, job, 'crm', {})).toHaveProperty('job');
  });

  it('is a copy of one point to one place', () => {
    expect(() => message('copy', { point: '20261120T010000Z-snapshot@eu-central-1' })).toThrow(InputError);
  });
});

describe('the run that a message means', () => {
  it.each([
    [message('rehearse-snapshot'), 'rehearse-snapshot'],
    [message('rehearse', { simulation: true }), 'simulation'],
    [message('snapshot'), 'snapshot'],
  ])('is named after what it does: %j', (asked, job) => {
    expect(runOf(asked)).toEqual({ target: 'crm', job, scheduledFor: asked.scheduledFor });
  });

  it('is named after its copy, whoever asks for that', () => {
    const asked = message('copy', { point: '20261120T010000Z-snapshot@eu-central-1', to: 'eu-west-1' });
    expect(runOf(asked).scheduledFor).toBe('20261120T010000Z-snapshot@eu-west-1');
  });
});
