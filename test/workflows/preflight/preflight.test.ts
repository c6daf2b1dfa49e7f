import { raise } from '../../../lib/alerting/alerts.ts';
import { openFinding } from '../../../lib/alerting/finding-records.ts';
import { finding } from '../../../lib/domain/findings/finding.ts';
import { type CopyTo, placeOf } from '../../../lib/domain/plan/policy.ts';
import type { SnapshotPoint } from '../../../lib/domain/points/recovery-point.ts';
import type { RestoreIntent } from '../../../lib/ports/restore-conditions.ts';
import { preflight } from '../../../lib/workflows/preflight/preflight.ts';
import { HOME, platformSnapshot, platformSource, policy, snapshotPoint } from '../../support/builders.ts';
import { KEY, NEWEST, preflightWorld } from '../../support/preflight.ts';

type World = Awaited<ReturnType<typeof preflightWorld>>;

describe('a preflight', () => {
  it('asks everything, finds nothing wrong, and says how much was asked', async () => {
    const { deps, job, open, catalog } = await preflightWorld();
    const first = job();
    expect(await preflight(first, deps)).toEqual({
      outcome: 'done',
      summary: '12 questions answered, 0 findings',
      findings: [],
    });
    expect(await open()).toEqual([]);
    expect(await catalog.run(first)).toMatchObject({ state: 'succeeded', requestedBy: 'schedule' });
  });

  it('is done once a name, however often its message comes', async () => {
    const { deps, job, platform } = await preflightWorld();
    const once = job();
    await preflight(once, deps);
    const asked = platform.calls.length;
    expect(await preflight(once, deps)).toMatchObject({ outcome: 'done-before', findings: [] });
    expect(platform.calls).toHaveLength(asked);
  });

  it('puts its message back while another worker is at it', async () => {
    const { deps, job, catalog, messages, platform } = await preflightWorld();
    const one = job();
    await catalog.claim({ ...one, now: deps.clock.now(), leaseSeconds: 60 });
    expect(await preflight(one, deps)).toMatchObject({ outcome: 'held' });
    expect(messages.postponed).toMatchObject([{ message: { job: 'preflight' } }]);
    expect(platform.calls).toEqual([]);
  });

  it('tells what it found, and that it is over once it is mended', async () => {
    const { deps, job, conditions, open, told } = await preflightWorld();
    conditions.world.keys[KEY]!.state = 'Disabled';
    expect(await preflight(job(), deps)).toMatchObject({
      outcome: 'done',
      summary: '12 questions answered, 1 finding',
      findings: [{ code: 'restore-key-unusable', severity: 'P0' }],
    });
    expect(told()).toEqual(['opened restore-key-unusable key']);
    conditions.world.keys[KEY]!.state = 'Enabled';
    await preflight(job(), deps);
    expect(told()).toEqual(['resolved restore-key-unusable key']);
    expect(await open()).toEqual([]);
  });

  it('takes back what RDS said of the source’s key once every key can be used, and no sooner', async () => {
    const { deps, job, conditions, open } = await preflightWorld();
    const said = { target: { id: 'crm' }, subject: 'crm-db', message: 'RDS says so' };
    await raise(deps, finding('restore-key-unusable', said));
    conditions.world.keys[KEY]!.state = 'Disabled';
    await preflight(job(), deps);
    expect(await open()).toEqual(['restore-key-unusable crm-db', 'restore-key-unusable key']);
    conditions.fail('key', new Error('AccessDenied'));
    await preflight(job(), deps);
    expect(await open()).toContain('restore-key-unusable crm-db');
    conditions.heal();
    conditions.world.keys[KEY]!.state = 'Enabled';
    await preflight(job(), deps);
    expect(await open()).toEqual([]);
  });

  it('asks about copies’ places too, and says of the account’s snapshots once', async () => {
    const { snapshot } = policy();
    const { deps, job, platform, open } = await preflightWorld({
      policy: { snapshot: { ...snapshot, copies: [{ region: 'eu-west-1', kmsKey: 'there' }] } },
    });
    platform.setQuota('snapshots', { used: 80, most: 100 });
    expect(await preflight(job(), deps)).toMatchObject({ summary: '13 questions answered, 2 findings' });
    expect(await open()).toEqual([`snapshot-quota-near ${HOME}`, 'snapshot-quota-near eu-west-1']);
    platform.setQuota('snapshots', { used: 10, most: 100 });
    await preflight(job(), deps);
    expect(await open()).toEqual([]);
  });
});

describe('what is asked about', () => {
  it('is the newest snapshot that can be restored, under the tags of a rehearsal and in the quarantine', async () => {
    const { deps, job, conditions, platform } = await preflightWorld();
    platform.setStatus('rds:crm-db-20', 'creating');
    expect(await preflight(job(), deps)).toMatchObject({ findings: [] });
    const [intent] = conditions.callsOf('denied')[0] as [RestoreIntent];
    expect(intent).toMatchObject({
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
    });
    expect(conditions.callsOf('securityGroups')).toEqual([[['sg-quarantine']]]);
  });

  it('is one snapshot when the newest is there, and none of another Region', async () => {
    const { deps, job, catalog, platform } = await preflightWorld();
    await preflight(job(), deps);
    expect(platform.callsOf('snapshot')).toHaveLength(1);
    for (const point of await catalog.points('crm')) await catalog.movePoint('crm', point.id, 'corrupt');
    await catalog.adoptPoint(
      snapshotPoint('2026-11-20T02:00:00Z', { kind: 'automated', place: 'eu-west-1' }),
    );
    platform.putSnapshot(platformSnapshot());
    expect(await preflight(job(), deps)).toMatchObject({
      findings: [{ message: 'crm has no verified snapshot in its own Region' }],
    });
  });

  it.each([
    ['default:postgres-15', undefined],
    ['audited', 'audited'],
  ])('is the option group %s as a rehearsal would name it: %s', async (optionGroup, named) => {
    const { deps, job, conditions } = await preflightWorld({ source: { optionGroup } });
    await preflight(job(), deps);
    expect(conditions.callsOf('denied')).toMatchObject([[{ optionGroup: named }]]);
  });

  it('is the network that the policy names, before the deployment’s quarantine', async () => {
    const { rehearsal } = policy();
    const instance = { ...rehearsal.instance, subnetGroup: 'private', securityGroups: ['sg-crm'] };
    const { deps, job, conditions } = await preflightWorld({
      policy: { rehearsal: { ...rehearsal, instance } },
    });
    expect(await preflight(job(), deps)).toMatchObject({ findings: [] });
    expect(conditions.callsOf('subnetGroup')).toEqual([['private']]);
  });

  it('is not the network of another place, which cannot be seen from here', async () => {
    const { rehearsal } = policy();
    const instance = {
      ...rehearsal.instance,
      place: 'eu-west-1',
      subnetGroup: 'irish',
      securityGroups: ['sg-irish'],
    };
    const { deps, job, conditions } = await preflightWorld({
      policy: { rehearsal: { ...rehearsal, instance } },
    });
    expect(await preflight(job(), deps)).toMatchObject({ findings: [] });
    expect(conditions.callsOf('subnetGroup')).toEqual([['quarantine']]);
    expect(conditions.callsOf('securityGroups')).toEqual([[['sg-quarantine']]]);
  });

  it('is no key where AWS encrypts with one of its own; one that RDS does not name is not known', async () => {
    const owned = await preflightWorld({ source: { keyOfAws: true, kmsKey: undefined as never } });
    for (const point of await owned.catalog.points('crm'))
      await owned.catalog.movePoint('crm', point.id, 'rehearsed', {
        snapshot: { ...(point as SnapshotPoint).snapshot, kmsKey: undefined as never, keyOfAws: true },
      });
    expect(await preflight(owned.job(), owned.deps)).toMatchObject({ findings: [] });
    expect(owned.conditions.callsOf('key')).toEqual([]);
    const unsaid = await preflightWorld({ source: { kmsKey: undefined as never } });
    expect(await preflight(unsaid.job(), unsaid.deps)).toMatchObject({
      findings: [
        { code: 'preflight-unknown', message: expect.stringContaining('does not say with which key') },
      ],
    });
  });

  it('is the source’s own network where there is no quarantine', async () => {
    const { deps, job, conditions } = await preflightWorld();
    const without = { ...deps, scratchNetwork: { subnetGroup: '', securityGroup: '' } };
    expect(await preflight(job(), without)).toMatchObject({ findings: [] });
    expect(conditions.callsOf('subnetGroup')).toEqual([['private']]);
    expect(conditions.callsOf('securityGroups')).toEqual([[['sg-crm']]]);
  });

  it('is a cluster with a cluster’s parameter group', async () => {
    const cluster = { kind: 'aurora', engine: 'aurora-postgresql', engineVersion: '15.4' } as const;
    const { deps, job, conditions } = await preflightWorld({
      source: { ...cluster, parameterGroup: 'default.aurora-postgresql15' },
    });
    expect(await preflight(job(), deps)).toMatchObject({ findings: [] });
    expect(conditions.callsOf('parameterFamily')).toEqual([['aurora', 'default.aurora-postgresql15']]);
  });

  it('is not a key where nothing is encrypted, nor a secret where there is no connection', async () => {
    const { deps, job, conditions, catalog } = await preflightWorld({
      source: { encrypted: false },
      target: { connection: undefined },
    });
    for (const point of await catalog.points('crm')) await catalog.movePoint('crm', point.id, 'corrupt');
    await preflight(job(), deps);
    expect(conditions.callsOf('key')).toEqual([]);
    expect(conditions.callsOf('secretProblem')).toEqual([]);
  });

  it('comes from the newest snapshot when the source is gone, which is when it matters most', async () => {
    const { deps, job, platform, conditions, open } = await preflightWorld();
    platform.removeSource('crm-db');
    expect(await preflight(job(), deps)).toMatchObject({
      summary: '10 questions answered, 2 not (pitr window, parameter group), 1 finding',
    });
    expect(await open()).toEqual(['source-missing crm-db']);
    expect(conditions.callsOf('engineVersion')).toEqual([[{ engine: 'postgres', version: '15.18' }]]);
    expect(conditions.callsOf('key')).toEqual([[KEY]]);
  });
});

/** Breaks one thing each, so that there is something open that only an answer may take back. */
const BREAK: Record<string, (world: World) => unknown> = {
  source: ({ platform }) => platform.putSource(platformSource({ deletionProtection: false })),
  snapshot: ({ platform }) => {
    platform.setStatus('rds:crm-db-19', 'failed');
    platform.setStatus('rds:crm-db-20', 'failed');
  },
  key: ({ conditions: { world } }) => Object.assign(world, { keys: {} }),
  'subnet group': ({ conditions: { world } }) => Object.assign(world, { subnetGroups: {} }),
  'security groups': ({ conditions: { world } }) => Object.assign(world, { securityGroups: [] }),
  'parameter group': ({ conditions: { world } }) => Object.assign(world, { families: {} }),
  'engine version': ({ conditions: { world } }) =>
    Object.assign(world.versions['postgres 15.18']!, { offered: false }),
  support: ({ conditions: { world } }) =>
    Object.assign(world.support['postgres 15.18']!, { standardUntil: '2026-12-01T00:00:00Z' }),
  quotas: ({ platform }) => platform.setQuota('instances', { used: 40, most: 40 }),
  secret: ({ conditions: { world } }) => Object.assign(world, { secretProblem: 'it is gone' }),
  permissions: ({ conditions: { world } }) =>
    Object.assign(world, { denied: [{ action: 'rds:DeleteDBInstance', resource: 'x', why: 'denied' }] }),
};
const FAIL: Record<string, (world: World, error: Error) => void> = {
  source: ({ platform }, error) => platform.fail('source', error),
  snapshot: ({ platform }, error) => platform.fail('snapshot', error),
  key: ({ conditions }, error) => conditions.fail('key', error),
  'subnet group': ({ conditions }, error) => conditions.fail('subnetGroup', error),
  'security groups': ({ conditions }, error) => conditions.fail('securityGroups', error),
  'parameter group': ({ conditions }, error) => conditions.fail('parameterFamily', error),
  'engine version': ({ conditions }, error) => conditions.fail('engineVersion', error),
  support: ({ conditions }, error) => conditions.fail('support', error),
  quotas: ({ platform }, error) => platform.fail('quotas', error),
  secret: ({ conditions }, error) => conditions.fail('secretProblem', error),
  permissions: ({ conditions }, error) => conditions.fail('denied', error),
};
const QUESTIONS = Object.keys(FAIL);
const throttled = new Error('Rate exceeded');

describe('a question that cannot be answered', () => {
  test.each(QUESTIONS)(
    '("%s") is the only finding, is named, and stops no other question',
    async (question) => {
      const world = await preflightWorld();
      FAIL[question]!(world, throttled);
      const { outcome, findings } = await preflight(world.job(), world.deps);
      expect(outcome).toBe('done');
      expect(findings).toMatchObject([
        { code: 'preflight-unknown', subject: question, message: `${question} of crm: Rate exceeded` },
      ]);
      expect(world.log.said('error')).toEqual(['the preflight could not find out']);
    },
  );

  test.each(QUESTIONS)('("%s") takes nothing back of what was found before', async (question) => {
    const world = await preflightWorld();
    BREAK[question]!(world);
    await preflight(world.job(), world.deps);
    const before = await world.open();
    expect(before).toHaveLength(1);
    FAIL[question]!(world, throttled);
    await preflight(world.job(), world.deps);
    expect(await world.open()).toEqual([...before, `preflight-unknown ${question}`].sort());
    expect(world.told().filter((each) => each.startsWith('resolved'))).toEqual([]);
  });

  test.each(QUESTIONS)('("%s") is taken back with its first answer', async (question) => {
    const world = await preflightWorld();
    FAIL[question]!(world, throttled);
    await preflight(world.job(), world.deps);
    world.platform.heal();
    world.conditions.heal();
    await preflight(world.job(), world.deps);
    expect(await world.open()).toEqual([]);
    expect(world.told()).toEqual([
      `opened preflight-unknown ${question}`,
      `resolved preflight-unknown ${question}`,
    ]);
  });

  it('stays one while nobody can say what to ask for', async () => {
    const world = await preflightWorld();
    FAIL['parameter group']!(world, throttled);
    await preflight(world.job(), world.deps);
    world.platform.removeSource('crm-db');
    await preflight(world.job(), world.deps);
    expect(await world.open()).toEqual(['preflight-unknown parameter group', 'source-missing crm-db']);
  });

  it('about the account’s snapshots leaves what was said of them as it is', async () => {
    const world = await preflightWorld();
    world.platform.setQuota('snapshots', { used: 80, most: 100 });
    await preflight(world.job(), world.deps);
    FAIL['quotas']!(world, throttled);
    await preflight(world.job(), world.deps);
    expect(await world.open()).toEqual(['preflight-unknown quotas', `snapshot-quota-near ${HOME}`]);
  });

  it('about how far back it reaches leaves what was said of that as it is', async () => {
    const world = await preflightWorld();
    const latest = '2026-11-20T11:55:00Z';
    world.platform.putSource(platformSource({ pitr: { earliest: '2026-11-19T00:00:00Z', latest } }));
    await preflight(world.job(), world.deps);
    world.platform.putSource(platformSource({ pitr: { latest } }));
    await preflight(world.job(), world.deps);
    expect(await world.open()).toEqual(['pitr-window-short crm-db', 'preflight-unknown pitr window']);
  });

  it('is what RDS leaves out of its answers, too: quotas, a key, how far back it reaches', async () => {
    const pitr = { latest: '2026-11-20T11:55:00Z' };
    const world = await preflightWorld({ source: { pitr, kmsKey: undefined } as never });
    const deps = { ...world.deps, platform: { ...world.platform, quotas: async () => ({}) } };
    expect((await preflight(world.job(), deps)).findings.map(({ code, subject }) => [code, subject])).toEqual(
      [
        ['preflight-unknown', 'pitr window'],
        ['preflight-unknown', 'key'],
        ['preflight-unknown', 'quotas'],
      ],
    );
  });

  it('fails nothing but itself when all of them fail: that is twelve answers short, and said', async () => {
    const world = await preflightWorld();
    for (const question of QUESTIONS) FAIL[question]!(world, throttled);
    expect(await preflight(world.job(), world.deps)).toMatchObject({ outcome: 'done' });
    expect((await world.open()).every((each) => each.startsWith('preflight-unknown'))).toBe(true);
    expect(await world.open()).toContain('preflight-unknown source');
  });
});

describe('the source', () => {
  it('that reaches less far back than was promised is found, and mended by time alone', async () => {
    const world = await preflightWorld();
    const since = (earliest: string) =>
      world.platform.putSource(platformSource({ pitr: { earliest, latest: '2026-11-20T11:55:00Z' } }));
    since('2026-11-19T00:00:00Z');
    await preflight(world.job(), world.deps);
    expect(await world.open()).toEqual(['pitr-window-short crm-db']);
    since('2026-11-13T12:00:00Z');
    await preflight(world.job(), world.deps);
    expect(await world.open()).toEqual([]);
  });

  it('that is gone takes back nothing that was found in it', async () => {
    const world = await preflightWorld();
    world.platform.putSource(platformSource({ publiclyAccessible: true, backups: { retention: 0 } }));
    await preflight(world.job(), world.deps);
    world.platform.removeSource('crm-db');
    await preflight(world.job(), world.deps);
    expect(await world.open()).toEqual([
      'backups-disabled crm-db',
      'posture-public crm-db',
      'source-missing crm-db',
    ]);
    world.platform.putSource(platformSource());
    await preflight(world.job(), world.deps);
    expect(await world.open()).toEqual([]);
  });
});

it('leaves alone what another job found about a snapshot of its own', async () => {
  const world = await preflightWorld();
  await openFinding(
    world.catalog,
    {
      code: 'restore-key-unusable',
      target: 'crm',
      subject: NEWEST,
      severity: 'P0',
      message: 'm',
      next: 'n',
    },
    ['alerts'],
    world.clock.now(),
  );
  await preflight(world.job(), world.deps);
  expect(await world.open()).toEqual([`restore-key-unusable ${NEWEST}`]);
});

describe('refuses, before it claims anything,', () => {
  test.each([
    ['a target without an instance', undefined, 'crm has no instance or cluster'],
    ['a cache', { kind: 'elasticache', id: 'crm-cache' }, 'crm is a cache'],
  ] as const)('%s', async (_what, platform, message) => {
    const { deps, job, catalog } = await preflightWorld({ target: { platform } });
    const one = job();
    await expect(preflight(one, deps)).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining(message),
    });
    expect(await catalog.run(one)).toBeUndefined();
  });
});

test('a run that ends too late writes nothing of what it asked', async () => {
  const world = await preflightWorld();
  const deps = { ...world.deps, secondsLeft: () => 10 };
  world.platform.source = async () => {
    await world.clock.advance(2);
    return platformSource({ backups: { retention: 0 } });
  };
  await expect(preflight(world.job(), deps)).rejects.toMatchObject({ code: 'out-of-time' });
  expect(await world.open()).toEqual(['job-failed preflight']);
});

describe('the newest copy in another place', () => {
  const AWAY = 'arn:aws:kms:eu-west-1:111122223333:key/away';
  const at = '2026-11-20T01:00:00Z';
  const world = async (to: CopyTo = { region: 'eu-west-1' }) => {
    const made = await preflightWorld({
      policy: { snapshot: { ...policy().snapshot, copies: [{ ...to, kmsKey: AWAY }] } },
    });
    const copy = snapshotPoint(at, { place: placeOf(to), snapshot: { id: 'copy', kmsKey: AWAY } });
    await made.catalog.adoptPoint(copy);
    return { ...made, subject: copy.id };
  };

  it('whose key has been switched off since would not restore when its own Region is gone: P0 until it can be used', async () => {
    const { deps, job, keys, told, subject } = await world();
    keys[AWAY] = 'unusable';
    expect(await preflight(job(), deps)).toMatchObject({
      findings: [{ code: 'restore-key-unusable', subject }],
    });
    expect(told()).toEqual([`opened restore-key-unusable ${subject}`]);
    keys[AWAY] = 'unknown';
    await preflight(job(), deps);
    expect(told()).toEqual([]);
    keys[AWAY] = 'usable';
    await preflight(job(), deps);
    expect(told()).toEqual([`resolved restore-key-unusable ${subject}`]);
  });

  it('whose key cannot be asked about is a question without an answer', async () => {
    const { deps, job } = await world();
    Object.assign(deps, { keyState: () => Promise.reject(new Error('AccessDenied')) });
    expect(await preflight(job(), deps)).toMatchObject({
      findings: [{ code: 'preflight-unknown', subject: 'copies in eu-west-1' }],
    });
  });

  it('is left in peace in another account, whose keys we may have no right to ask about', async () => {
    const role = 'arn:aws:iam::444455556666:role/r';
    const { deps, job } = await world({ region: 'eu-west-1', account: '444455556666', role });
    Object.assign(deps, { keyState: () => Promise.reject(new Error('AccessDenied')) });
    expect(await preflight(job(), deps)).toMatchObject({ findings: [] });
  });
});
