import { type CopyTo, type Policy, placeOf, type Target } from '../../../lib/domain/plan/policy.ts';
import type { PlatformSource } from '../../../lib/domain/points/platform-source.ts';
import type { SnapshotPoint } from '../../../lib/domain/points/recovery-point.ts';
import type { PreflightJob } from '../../../lib/domain/runs/job.ts';
import type { KeyState } from '../../../lib/points/check-snapshot.ts';
import type { RestoreConditions } from '../../../lib/ports/restore-conditions.ts';
import { type PreflightDeps, preflight } from '../../../lib/workflows/preflight/preflight.ts';
import {
  HOME,
  platformSnapshot,
  platformSource,
  policy,
  snapshotPoint,
  target,
} from '../../support/builders.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryDeps } from '../../support/doubles/deps.ts';
import { memoryPlatform } from '../../support/doubles/platform.ts';
import { type World as ConditionsWorld, memoryConditions } from '../../support/doubles/restore-conditions.ts';
import { claimRun, openIn, raiseFinding } from '../../support/records.ts';
import { instanceOf } from '../../support/rehearsals.ts';
import { snapshotOptions } from '../../support/snapshots.ts';

const KEY = `arn:aws:kms:${HOME}:111122223333:key/home`;
const NEWEST = `20261120T010000Z-automated@${HOME}`;
const LATEST = '2026-11-20T11:55:00Z';
const AT_SIX = { job: 'preflight', target: 'crm', scheduledFor: '2026-11-20T06:00:00Z' } as const;
type Options = { source?: Partial<PlatformSource>; policy?: Partial<Policy>; target?: Partial<Target> };

/** A target whose newest snapshot could be restored into the quarantine at once, and a source set up as promised. */
async function preflightWorld(options: Options = {}) {
  const clock = manualClock('2026-11-20T12:00:00Z');
  const source = platformSource(options.source);
  const { kind, id: sourceId, engine, engineVersion } = source;
  const platform = memoryPlatform({ clock, home: HOME, sources: [source] });
  const conditions = memoryConditions();
  const base = memoryDeps(clock);
  const { catalog, alerts } = base;
  for (const day of ['19', '20']) {
    const at = `2026-11-${day}T01:00:00Z`;
    const stored = { of: kind, id: `rds:crm-db-${day}`, sourceId, engine, engineVersion };
    platform.putSnapshot(platformSnapshot({ ...stored, type: 'automated', takenAt: at }));
    await catalog.adoptPoint(snapshotPoint(at, { kind: 'automated', snapshot: { ...stored, kmsKey: KEY } }));
  }
  const promised = policy({
    objectives: { rpo: { snapshot: 93_600, pitr: 900 }, rto: 1800 },
    schedules: { preflight: { cron: '0 6 * * *', timezone: 'UTC' } },
    ...options.policy,
  });
  const crm = target({ platform: { kind, id: sourceId }, policy: promised, ...options.target });
  /** Of copies: which keys cannot be used. */
  const keys: Record<string, KeyState> = {};
  const deps: PreflightDeps & typeof base = {
    ...base,
    platform,
    conditions,
    keyState: async (key: string) => keys[key] ?? 'usable',
    scratchNetwork: { subnetGroup: 'quarantine', securityGroup: 'sg-quarantine' },
    plan: { schemaVersion: 1, policies: [promised], targets: [crm] },
    secondsLeft: () => 900,
  };
  let hour = 6;
  return {
    ...base,
    deps,
    platform,
    conditions,
    /** What the conditions of a restore are, to be changed. */
    conditionsOf: conditions.world,
    keys,
    told: alerts.told,
    open: () => openIn(catalog),
    /** A preflight for an hour of its own, from six o’clock on. */
    run(changes: Partial<PreflightJob> = {}) {
      const scheduledFor = `2026-11-20T${String(hour++).padStart(2, '0')}:00:00Z`;
      return preflight({ ...AT_SIX, scheduledFor, requestedBy: 'schedule', ...changes }, deps);
    },
  };
}
type World = Awaited<ReturnType<typeof preflightWorld>>;

describe('the preflight job', () => {
  it('answers every question, and finds nothing wrong', async () => {
    const { run, open, catalog } = await preflightWorld();
    const summary = '12 questions answered, 0 findings';
    expect(await run()).toEqual({ outcome: 'done', summary, findings: [] });
    expect(await open()).toEqual([]);
    expect(await catalog.run(AT_SIX)).toMatchObject({ state: 'succeeded', requestedBy: 'schedule' });
  });

  it('asks once for each scheduled hour, however often its message is delivered', async () => {
    const { run, platform } = await preflightWorld();
    await run();
    const asked = platform.calls.length;
    expect(await run(AT_SIX)).toMatchObject({ outcome: 'done-before', findings: [] });
    expect(platform.calls).toHaveLength(asked);
  });

  it('puts its message back while another worker holds the run', async () => {
    const { run, catalog, messages, platform, clock } = await preflightWorld();
    await claimRun(catalog, AT_SIX, clock.now());
    expect(await run()).toMatchObject({ outcome: 'held' });
    expect(messages.postponed).toMatchObject([{ message: { job: 'preflight' } }]);
    expect(platform.calls).toEqual([]);
  });

  it('alerts about what it finds, and resolves it when it is found no longer', async () => {
    const { run, conditionsOf, open, told } = await preflightWorld();
    conditionsOf.keys[KEY]!.state = 'Disabled';
    expect(await run()).toMatchObject({
      outcome: 'done',
      summary: '12 questions answered, 1 finding',
      findings: [{ code: 'restore-key-unusable', severity: 'P0' }],
    });
    expect(told()).toEqual(['opened P0 restore-key-unusable crm key']);
    conditionsOf.keys[KEY]!.state = 'Enabled';
    await run();
    expect(told()).toEqual(['resolved P0 restore-key-unusable crm key']);
    expect(await open()).toEqual([]);
  });

  it('resolves what RDS said about the source’s key when every key can be used, and no sooner', async () => {
    const { run, deps, conditions, conditionsOf, open } = await preflightWorld();
    await raiseFinding(deps, 'restore-key-unusable', 'crm-db');
    conditionsOf.keys[KEY]!.state = 'Disabled';
    await run();
    expect(await open()).toEqual(['restore-key-unusable crm-db', 'restore-key-unusable key']);
    conditions.fail('key', new Error('AccessDenied'));
    await run();
    expect(await open()).toContain('restore-key-unusable crm-db');
    conditions.heal();
    conditionsOf.keys[KEY]!.state = 'Enabled';
    await run();
    expect(await open()).toEqual([]);
  });

  it('keeps what another job found about a snapshot', async () => {
    const { run, deps, open } = await preflightWorld();
    await raiseFinding(deps, 'restore-key-unusable', NEWEST);
    await run();
    expect(await open()).toEqual([`restore-key-unusable ${NEWEST}`]);
  });

  it('asks about quotas in the places of copies too', async () => {
    const copies = [{ region: 'eu-west-1', kmsKey: 'there' }];
    const { run, platform, open } = await preflightWorld({ policy: snapshotOptions({ copies }) });
    platform.setQuota('snapshots', { used: 80, most: 100 });
    expect(await run()).toMatchObject({ summary: '13 questions answered, 2 findings' });
    expect(await open()).toEqual([`snapshot-quota-near ${HOME}`, 'snapshot-quota-near eu-west-1']);
    platform.setQuota('snapshots', { used: 10, most: 100 });
    await run();
    expect(await open()).toEqual([]);
  });

  it.each([
    ['a target without an instance', undefined, 'crm has no instance or cluster'],
    ['a cache', { kind: 'elasticache', id: 'crm-cache' }, 'crm is a cache'],
  ] as const)('refuses %s before it claims a run', async (_what, platform, said) => {
    const { run, catalog } = await preflightWorld({ target: { platform } });
    const message = expect.stringContaining(said);
    await expect(run()).rejects.toMatchObject({ code: 'input-invalid', message });
    expect(await catalog.run(AT_SIX)).toBeUndefined();
  });

  it('writes nothing of what it asked when its time is over', async () => {
    const { run, deps, platform, clock, open } = await preflightWorld();
    deps.secondsLeft = () => 10;
    platform.source = async () => {
      await clock.advance(2);
      return platformSource({ backups: { retention: 0 } });
    };
    await expect(run()).rejects.toMatchObject({ code: 'out-of-time' });
    expect(await open()).toEqual(['job-failed preflight']);
  });
});

describe('the preflight job asks', () => {
  it('about the newest snapshot that can be restored, with a rehearsal’s tags and in the quarantine', async () => {
    const { run, conditions, platform } = await preflightWorld();
    platform.setStatus('rds:crm-db-20', 'creating');
    expect(await run()).toMatchObject({ findings: [] });
    expect(conditions.callsOf('denied')[0]).toMatchObject([
      {
        kind: 'rds',
        sourceArn: platformSource().arn,
        snapshotArn: expect.stringContaining(':snapshot:rds:crm-db-19'),
        kmsKey: KEY,
        subnetGroup: 'quarantine',
        tags: {
          'understudy:target': 'crm',
          'understudy:stage': 'test',
          'understudy:run': expect.stringMatching(/^rehearse-snapshot\/crm\//),
        },
      },
    ]);
    expect(conditions.callsOf('securityGroups')).toEqual([[['sg-quarantine']]]);
  });

  it('about one snapshot when the newest is there, and about none of another Region', async () => {
    const { run, catalog, platform } = await preflightWorld();
    await run();
    expect(platform.callsOf('snapshot')).toHaveLength(1);
    for (const point of await catalog.points('crm')) await catalog.movePoint('crm', point.id, 'corrupt');
    const abroad = { kind: 'automated', place: 'eu-west-1' } as const;
    await catalog.adoptPoint(snapshotPoint('2026-11-20T02:00:00Z', abroad));
    platform.putSnapshot(platformSnapshot());
    const message = 'crm has no verified snapshot in its own Region';
    expect(await run()).toMatchObject({ findings: [{ message }] });
  });

  it.each([
    ['no option group', 'default:postgres-15', undefined],
    ['the option group', 'audited', 'audited'],
  ])('about %s that the rehearsal would name for %s', async (_what, optionGroup, named) => {
    const { run, conditions } = await preflightWorld({ source: { optionGroup } });
    await run();
    expect(conditions.callsOf('denied')).toMatchObject([[{ optionGroup: named }]]);
  });

  const ABROAD = { place: 'eu-west-1', subnetGroup: 'irish', securityGroups: ['sg-irish'] };
  const NO_QUARANTINE = { subnetGroup: '', securityGroup: '' };
  it.each([
    [
      'the policy’s network',
      instanceOf({ subnetGroup: 'private', securityGroups: ['sg-crm'] }),
      undefined,
      'private',
      'sg-crm',
    ],
    [
      'the quarantine where the policy’s network is elsewhere',
      instanceOf(ABROAD),
      undefined,
      'quarantine',
      'sg-quarantine',
    ],
    ['the source’s network where there is no quarantine', {}, NO_QUARANTINE, 'private', 'sg-crm'],
  ])('about %s', async (_what, of, scratchNetwork, subnetGroup, securityGroup) => {
    const { run, deps, conditions } = await preflightWorld({ policy: of });
    if (scratchNetwork) deps.scratchNetwork = scratchNetwork;
    expect(await run()).toMatchObject({ findings: [] });
    expect(conditions.callsOf('subnetGroup')).toEqual([[subnetGroup]]);
    expect(conditions.callsOf('securityGroups')).toEqual([[[securityGroup]]]);
  });

  it('about a cluster’s parameter group', async () => {
    const parameterGroup = 'default.aurora-postgresql15';
    const { run, conditions } = await preflightWorld({
      source: { kind: 'aurora', engine: 'aurora-postgresql', engineVersion: '15.4', parameterGroup },
    });
    expect(await run()).toMatchObject({ findings: [] });
    expect(conditions.callsOf('parameterFamily')).toEqual([['aurora', parameterGroup]]);
  });

  it('about no key of AWS’s own', async () => {
    const keyOfAws = { keyOfAws: true as const, kmsKey: undefined as never };
    const { run, catalog, conditions } = await preflightWorld({ source: keyOfAws });
    for (const point of await catalog.points('crm'))
      await catalog.movePoint('crm', point.id, 'rehearsed', {
        snapshot: { ...(point as SnapshotPoint).snapshot, ...keyOfAws },
      });
    expect(await run()).toMatchObject({ findings: [] });
    expect(conditions.callsOf('key')).toEqual([]);
  });

  it('about no key where nothing is encrypted, and about no secret where there is no connection', async () => {
    const { run, conditions, catalog } = await preflightWorld({
      source: { encrypted: false },
      target: { connection: undefined },
    });
    for (const point of await catalog.points('crm')) await catalog.movePoint('crm', point.id, 'corrupt');
    await run();
    expect(conditions.callsOf('key')).toEqual([]);
    expect(conditions.callsOf('secretProblem')).toEqual([]);
  });

  it('about the newest snapshot’s engine and key when the source is gone', async () => {
    const { run, platform, conditions, open } = await preflightWorld();
    platform.removeSource('crm-db');
    const summary = '10 questions answered, 2 not (pitr window, parameter group), 1 finding';
    expect(await run()).toMatchObject({ summary });
    expect(await open()).toEqual(['source-missing crm-db']);
    expect(conditions.callsOf('engineVersion')).toEqual([[{ engine: 'postgres', version: '15.18' }]]);
    expect(conditions.callsOf('key')).toEqual([[KEY]]);
  });
});

/** Each question, the port and method that answer it, and what breaks so that only an answer may resolve the finding. */
const QUESTIONS: [question: string, (world: World, error: Error) => void, (world: World) => unknown][] = [
  [
    'source',
    ({ platform }, error) => platform.fail('source', error),
    ({ platform }) => platform.putSource(platformSource({ deletionProtection: false })),
  ],
  [
    'snapshot',
    ({ platform }, error) => platform.fail('snapshot', error),
    ({ platform }) => ['19', '20'].map((day) => platform.setStatus(`rds:crm-db-${day}`, 'failed')),
  ],
  [
    'quotas',
    ({ platform }, error) => platform.fail('quotas', error),
    ({ platform }) => platform.setQuota('instances', { used: 40, most: 40 }),
  ],
  condition('key', 'key', () => ({ keys: {} })),
  condition('subnet group', 'subnetGroup', () => ({ subnetGroups: {} })),
  condition('security groups', 'securityGroups', () => ({ securityGroups: [] })),
  condition('parameter group', 'parameterFamily', () => ({ families: {} })),
  condition('engine version', 'engineVersion', ({ versions }) => ({
    versions: { 'postgres 15.18': { ...versions['postgres 15.18']!, offered: false } },
  })),
  condition('support', 'support', ({ support }) => ({
    support: { 'postgres 15.18': { ...support['postgres 15.18']!, standardUntil: '2026-12-01T00:00:00Z' } },
  })),
  condition('secret', 'secretProblem', () => ({ secretProblem: 'it is gone' })),
  condition('permissions', 'denied', () => ({
    denied: [{ action: 'rds:DeleteDBInstance', resource: 'x', why: 'denied' }],
  })),
];
function condition(
  question: string,
  method: Exclude<keyof RestoreConditions, 'world'>,
  broken: (world: ConditionsWorld) => Partial<ConditionsWorld>,
): (typeof QUESTIONS)[number] {
  return [
    question,
    ({ conditions }, error) => conditions.fail(method, error),
    ({ conditionsOf }) => Object.assign(conditionsOf, broken(conditionsOf)),
  ];
}
const throttled = new Error('Rate exceeded');

describe('the preflight job (a question without an answer)', () => {
  describe.each(QUESTIONS)('about "%s"', (question, fails, breaks) => {
    const unknown = `preflight-unknown ${question}`;

    it('finds only that, asks every other question, and resolves it with the first answer', async () => {
      const world = await preflightWorld();
      fails(world, throttled);
      const { outcome, findings } = await world.run();
      expect(outcome).toBe('done');
      const found = {
        code: 'preflight-unknown',
        subject: question,
        message: `${question} of crm: Rate exceeded`,
      };
      expect(findings).toMatchObject([found]);
      expect(world.log.said('error')).toEqual(['the preflight could not find out']);
      world.platform.heal();
      world.conditions.heal();
      await world.run();
      expect(await world.open()).toEqual([]);
      expect(world.told().map((line) => line.split(' ')[0])).toEqual(['opened', 'resolved']);
    });

    it('keeps what an earlier answer found', async () => {
      const world = await preflightWorld();
      breaks(world);
      await world.run();
      const before = await world.open();
      expect(before).toHaveLength(1);
      fails(world, throttled);
      await world.run();
      expect(await world.open()).toEqual([...before, unknown].sort());
      expect(world.told().join()).not.toContain('resolved');
    });
  });

  it('keeps the finding about it while it is unknown what to ask for', async () => {
    const world = await preflightWorld();
    world.conditions.fail('parameterFamily', throttled);
    await world.run();
    world.platform.removeSource('crm-db');
    await world.run();
    expect(await world.open()).toEqual(['preflight-unknown parameter group', 'source-missing crm-db']);
  });

  it('keeps what was found about the account’s snapshots when quotas have no answer', async () => {
    const { run, platform, open } = await preflightWorld();
    platform.setQuota('snapshots', { used: 80, most: 100 });
    await run();
    platform.fail('quotas', throttled);
    await run();
    expect(await open()).toEqual(['preflight-unknown quotas', `snapshot-quota-near ${HOME}`]);
  });

  it('keeps what was found about how far the source reaches back when RDS does not say it', async () => {
    const { run, platform, open } = await preflightWorld();
    platform.putSource(platformSource({ pitr: { earliest: '2026-11-19T00:00:00Z', latest: LATEST } }));
    await run();
    platform.putSource(platformSource({ pitr: { latest: LATEST } }));
    await run();
    expect(await open()).toEqual(['pitr-window-short crm-db', 'preflight-unknown pitr window']);
  });

  it('finds that RDS says nothing of quotas, of the key and of how far back the source reaches', async () => {
    const { run, deps, platform } = await preflightWorld({
      source: { pitr: { latest: LATEST }, kmsKey: undefined as never },
    });
    deps.platform = { ...platform, quotas: async () => ({}) } as never;
    expect(await run()).toMatchObject({
      findings: [
        { code: 'preflight-unknown', subject: 'pitr window' },
        { code: 'preflight-unknown', subject: 'key', message: expect.stringContaining('with which key') },
        { code: 'preflight-unknown', subject: 'quotas' },
      ],
    });
  });

  it('finds nothing but unanswered questions when none has an answer', async () => {
    const world = await preflightWorld();
    for (const [, fails] of QUESTIONS) fails(world, throttled);
    expect(await world.run()).toMatchObject({ outcome: 'done' });
    expect((await world.open()).every((each) => each.startsWith('preflight-unknown'))).toBe(true);
    expect(await world.open()).toContain('preflight-unknown source');
  });
});

describe('the preflight job (the source)', () => {
  it('finds a source that reaches less far back than promised, until it does', async () => {
    const { run, platform, open } = await preflightWorld();
    platform.putSource(platformSource({ pitr: { earliest: '2026-11-19T00:00:00Z', latest: LATEST } }));
    await run();
    expect(await open()).toEqual(['pitr-window-short crm-db']);
    platform.putSource(platformSource({ pitr: { earliest: '2026-11-13T12:00:00Z', latest: LATEST } }));
    await run();
    expect(await open()).toEqual([]);
  });

  it('keeps what it found about a source that is gone', async () => {
    const { run, platform, open } = await preflightWorld();
    platform.putSource(platformSource({ publiclyAccessible: true, backups: { retention: 0 } }));
    await run();
    const bad = ['backups-disabled crm-db', 'posture-public crm-db'];
    expect(await open()).toEqual(bad);
    platform.removeSource('crm-db');
    await run();
    expect(await open()).toEqual([...bad, 'source-missing crm-db']);
    platform.putSource(platformSource());
    await run();
    expect(await open()).toEqual([]);
  });
});

describe('the preflight job (the newest copy in another place)', () => {
  const AWAY = 'arn:aws:kms:eu-west-1:111122223333:key/away';
  const world = async (to: CopyTo = { region: 'eu-west-1' }) => {
    const copies = [{ ...to, kmsKey: AWAY }];
    const made = await preflightWorld({ policy: snapshotOptions({ copies }) });
    const snapshot = { id: 'copy', kmsKey: AWAY };
    const copy = snapshotPoint('2026-11-20T01:00:00Z', { place: placeOf(to), snapshot });
    await made.catalog.adoptPoint(copy);
    return { ...made, subject: copy.id };
  };

  it('finds a copy whose key is switched off, until the key can be used', async () => {
    const { run, keys, told, subject } = await world();
    keys[AWAY] = 'unusable';
    expect(await run()).toMatchObject({ findings: [{ code: 'restore-key-unusable', subject }] });
    expect(told()).toEqual([`opened P0 restore-key-unusable crm ${subject}`]);
    keys[AWAY] = 'unknown';
    await run();
    expect(told()).toEqual([]);
    keys[AWAY] = 'usable';
    await run();
    expect(told()).toEqual([`resolved P0 restore-key-unusable crm ${subject}`]);
  });

  it.each<[string, CopyTo, object[]]>([
    [
      'finds a question without an answer in another Region',
      { region: 'eu-west-1' },
      [{ code: 'preflight-unknown', subject: 'copies in eu-west-1' }],
    ],
    [
      'finds nothing in another account, which may forbid the question',
      { region: 'eu-west-1', account: '444455556666', role: 'arn:aws:iam::444455556666:role/r' },
      [],
    ],
  ])('%s when KMS denies it', async (_what, to, findings) => {
    const { run, deps } = await world(to);
    deps.keyState = () => Promise.reject(new Error('AccessDenied'));
    expect(await run()).toMatchObject({ findings });
  });
});
