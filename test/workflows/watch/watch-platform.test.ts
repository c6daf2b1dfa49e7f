import { toAwsCron } from '../../../lib/adapters/aws/cron.ts';
import { raise } from '../../../lib/alerting/alerts.ts';
import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { finding } from '../../../lib/domain/findings/finding.ts';
import { scratchName, snapshotName } from '../../../lib/domain/names.ts';
import type { Policy, Target } from '../../../lib/domain/plan/policy.ts';
import { TAGS } from '../../../lib/domain/points/platform.ts';
import type { Secrets } from '../../../lib/ports/database.ts';
import type { Platform } from '../../../lib/ports/platform.ts';
import { type WatchDeps, watch } from '../../../lib/workflows/watch/watch.ts';
import {
  DAY,
  HOME,
  HOUR,
  platformSnapshot,
  platformSource,
  policy,
  snapshotPoint,
  target,
} from '../../support/builders.ts';
import { memoryAlerts } from '../../support/doubles/alerts.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryMessages } from '../../support/doubles/job-messages.ts';
import { recordingLog } from '../../support/doubles/log.ts';
import { recordingMetrics } from '../../support/doubles/metrics.ts';
import { memoryPlatform } from '../../support/doubles/platform.ts';
import { schedulesOf } from '../../support/doubles/schedules.ts';
import { memoryScratchInstances, memoryScratchSecrets } from '../../support/doubles/scratch-instances.ts';
import { memoryVault } from '../../support/doubles/vault.ts';

const START = '2026-11-20T12:00:00Z';

/** Two targets of one policy, each with an instance; nothing is scheduled, so that nothing is owed. */
function world(options: { policy?: Partial<Policy>; targets?: Partial<Target>[] } = {}) {
  const clock = manualClock(START);
  const made = policy({
    objectives: { rpo: { pitr: 900 }, rto: HOUR },
    schedules: {},
    ...options.policy,
  });
  const wanted = options.targets ?? [{ id: 'crm' }, { id: 'erp' }];
  const targets = wanted.map((changes) =>
    target({
      policy: made,
      platform: { kind: 'rds', id: `${changes.id}-db` },
      connection: { secret: `understudy/${changes.id}` },
      ...changes,
    }),
  );
  const plan = { schemaVersion: 1 as const, policies: [made], targets };
  const fresh = { earliest: '2026-11-01T00:00:00Z', latest: '2026-11-20T11:56:00Z' };
  const source = (id: string) => platformSource({ id, resourceId: `db-${id}`, pitr: fresh });
  const platform = memoryPlatform({
    clock,
    home: HOME,
    sources: targets.map(({ id }) => source(`${id}-db`)),
  });
  const alerts = memoryAlerts();
  for (const topic of ['alerts', 'pages', 'alarms'] as const)
    alerts.subscribe(topic, { protocol: 'email', endpoint: `${topic}@example.org`, confirmed: true });
  const deployed = schedulesOf(plan);
  const metrics = recordingMetrics();
  const catalog = memoryCatalog(clock, HOME);
  const scratch = memoryScratchInstances();
  const deps: WatchDeps = {
    clock,
    alerts,
    metrics,
    catalog,
    platform,
    scratch,
    scratchSecrets: memoryScratchSecrets(),
    plan,
    stage: 'test',
    home: HOME,
    log: recordingLog(),
    vault: memoryVault(clock),
    messages: memoryMessages(clock),
    schedules: { deployed: async () => deployed, expression: toAwsCron },
    keyState: async () => 'usable' as const,
    secrets: {
      credentials: async () => ({
        host: 'db.internal',
        port: 1,
        database: 'x',
        user: 'u',
        password: 'p',
        sslmode: 'require',
      }),
    } as Secrets,
  };
  return {
    deps,
    clock,
    catalog,
    platform,
    scratch,
    source,
    look: () => watch(deps),
    /** A look every five minutes, moments trailing as they do. */
    async looks(times: number) {
      for (let look = 0; look < times; look++) {
        await watch(deps);
        await clock.advance(300);
      }
    },
    told: () =>
      alerts.taken
        .splice(0)
        .filter(({ topic }) => topic === 'alerts')
        .map(
          ({ json }) =>
            `${json['occasion']} ${json['severity']} ${json['code']} ${json['target']} ${json['subject']}`,
        ),
    open: async () =>
      (await catalog.openFindings())
        .map(({ code, target: of, subject }) => `${code} ${of} ${subject}`)
        .sort(),
    completed: () => metrics.counted.filter(({ name }) => name === 'WatchCompleted').length,
    /** The platform, with one target’s source not to be reached. */
    without(id: string): Platform {
      const no = () => Promise.reject(new UnderstudyError('platform-unreachable', 'Rate exceeded'));
      return {
        ...platform,
        source: (ref) => (ref.id === id ? no() : platform.source(ref)),
        snapshots: (ref, place) => (ref.id === id ? no() : platform.snapshots(ref, place)),
      };
    },
    async good(of: string, at: string) {
      const id = snapshotName('test', of, at);
      const tags = { [TAGS.run]: `snapshot/${of}/${at}`, [TAGS.stage]: 'test' };
      platform.putSnapshot(platformSnapshot({ id, sourceId: `${of}-db`, tags, createdAt: at, takenAt: at }));
      const point = snapshotPoint(at, { target: of, snapshot: { id } });
      await catalog.adoptPoint(point);
      return point;
    },
  };
}

describe('the watch, of what AWS backs up', () => {
  it('has nothing to say while moments are fresh and nothing is gone', async () => {
    const { look, told, completed } = world();
    await look();
    expect(told()).toEqual([]);
    expect(completed()).toBe(1);
  });

  it('says that a source is missing although a place of its copies does not answer, and takes nothing back then', async () => {
    const { look, told, platform, deps, completed } = world({
      policy: {
        objectives: { rpo: {}, rto: HOUR },
        snapshot: { ...policy().snapshot, copies: [{ region: 'eu-west-1' }] },
      },
      targets: [{ id: 'crm' }],
    });
    const silent = (of: Partial<Platform> = {}): Platform => ({
      ...platform,
      snapshots: (ref, place) =>
        place.region === 'eu-west-1'
          ? Promise.reject(new UnderstudyError('platform-unreachable', 'Rate exceeded'))
          : platform.snapshots(ref, place),
      ...of,
    });
    deps.platform = silent({ source: async () => undefined });
    await look();
    expect(told()).toEqual(['opened P0 source-missing crm crm-db']);
    deps.platform = silent();
    await look();
    expect([told(), completed()]).toEqual([[], 0]);
    deps.platform = platform;
    await look();
    expect([told(), completed()]).toEqual([['resolved P0 source-missing crm crm-db'], 1]);
  });

  it('drops what it knows of a place that the policy copies to no longer, and of no other', async () => {
    const { look, told, open, deps } = world({
      policy: { snapshot: { ...policy().snapshot, copies: [{ region: 'eu-west-1' }] } },
      targets: [{ id: 'crm' }],
    });
    for (const place of ['eu-west-1', 'eu-north-1'])
      for (const [code, subject] of [
        ['copy-impossible', place],
        ['job-failed', `copy to ${place}`],
      ] as const)
        await raise(deps, finding(code, { target: { id: 'crm' }, subject, message: 'no' }));
    told();
    await look();
    expect(told().sort()).toEqual([
      'dropped P1 copy-impossible crm eu-north-1',
      'dropped P1 job-failed crm copy to eu-north-1',
    ]);
    expect(await open()).toEqual(['copy-impossible crm eu-west-1', 'job-failed crm copy to eu-west-1']);
  });

  it('drops what a rehearsal said of a snapshot that was AWS’s own and is gone, and of no other', async () => {
    const { look, open, deps, catalog } = world({ targets: [{ id: 'crm' }] });
    const subjects: string[] = [];
    for (const [kind, state] of [
      ['automated', 'expired'],
      ['automated', 'corrupt'],
      ['foreign', 'expired'],
      ['snapshot', 'expired'],
    ] as const) {
      const point = snapshotPoint(`2026-11-0${subjects.length + 1}T01:00:00Z`, {
        kind,
        state,
        place: 'eu-north-1',
      });
      await catalog.adoptPoint(point);
      subjects.push(point.id);
      const bad = { target: { id: 'crm' }, subject: point.id, message: 'no' };
      await raise(deps, finding('proof-mismatch', bad));
    }
    await look();
    expect(await open()).toEqual([`proof-mismatch crm ${subjects[1]}`, `proof-mismatch crm ${subjects[3]}`]);
  });

  it.each<[string, Parameters<typeof finding>[0], string, Partial<Target> | undefined]>([
    ['a key of somebody’s snapshot that he has deleted', 'restore-key-unusable', 'POINT', undefined],
    [
      'a key of a copy in a place that nothing is copied to any more',
      'restore-key-unusable',
      '20261101T010000Z-snapshot@eu-north-1',
      undefined,
    ],
    ['a former name that was deleted', 'instance-deleted', 'crm-db-1', undefined],
    [
      'an instance, of a target that has none any more',
      'instance-deleted',
      'crm-db',
      { platform: undefined as never },
    ],
    [
      'backups, of a target that has none any more',
      'backups-disabled',
      'crm-db',
      { platform: undefined as never },
    ],
    [
      'posture, of a target that has none any more',
      'posture-public',
      'crm-db',
      { platform: undefined as never },
    ],
    ['an assertion that was taken out', 'assertion-failed', 'leads, of a snapshot', undefined],
    ['an assertion that was taken out, of a dump', 'assertion-failed', 'leads', undefined],
  ])('drops what it can never find mended: %s', async (_what, code, about, changes) => {
    const { look, open, deps, catalog } = world({ targets: [{ id: 'crm', ...changes }] });
    const gone = snapshotPoint('2026-11-01T01:00:00Z', { kind: 'foreign', state: 'expired' });
    await catalog.adoptPoint(gone);
    const subject = about === 'POINT' ? gone.id : about;
    await raise(deps, finding(code, { target: { id: 'crm' }, subject, message: 'no' }));
    await look();
    expect((await open()).filter((each) => each.startsWith(code))).toEqual([]);
  });

  it('and keeps what is still asked about', async () => {
    const assertions = [{ name: 'leads', sql: 'select 1', when: 'always', is: '1' }] as never;
    const { look, open, deps } = world({ targets: [{ id: 'crm', assertions }] });
    const kept = [
      finding('assertion-failed', { target: { id: 'crm' }, subject: 'leads, of a moment', message: 'no' }),
      finding('posture-public', { target: { id: 'crm' }, subject: 'crm-db', message: 'no' }),
      finding('snapshot-quota-near', { target: { id: 'understudy' }, subject: HOME, message: 'no' }),
    ];
    for (const each of kept) await raise(deps, each);
    const left = { target: { id: 'understudy' }, subject: 'eu-north-1', message: 'no' };
    await raise(deps, finding('snapshot-quota-near', left));
    await look();
    const codes = kept.map(({ code, target, subject }) => `${code} ${target} ${subject}`);
    expect((await open()).filter((each) => /^(assertion|posture|snapshot-quota)/.test(each))).toEqual(
      codes.sort(),
    );
  });

  it('says of a copy whose worker died which place lacks it, so that its success takes it back', async () => {
    const { clock, look, catalog } = world({
      policy: { snapshot: { ...policy().snapshot, copies: [{ region: 'eu-west-1' }] } },
    });
    await catalog.claim({
      job: 'copy',
      target: 'crm',
      scheduledFor: '20261120T010000Z-snapshot@eu-west-1',
      requestedBy: 'schedule',
      now: clock.now(),
      leaseSeconds: 60,
    });
    await clock.advance(HOUR);
    await look();
    expect((await catalog.openFindings('crm')).filter(({ code }) => code === 'job-failed')).toEqual([
      expect.objectContaining({
        subject: 'copy to eu-west-1',
        next: expect.stringContaining('The watch asks for the copy again'),
      }),
    ]);
  });

  it.each([
    ['that nobody will start again is closed after a day, and not found again', {}, []],
    [
      'that its schedule starts again stays',
      { snapshot: { cron: '0 1 * * *', timezone: 'UTC' } },
      ['snapshot'],
    ],
  ])('a failure of a job %s', async (_what, schedules, still) => {
    const { clock, look, catalog, told } = world({ targets: [{ id: 'crm' }], policy: { schedules } });
    const run = { job: 'snapshot', target: 'crm', scheduledFor: '2026-11-20T11:00:00Z' };
    await catalog.claim({ ...run, requestedBy: 'a person', now: clock.now(), leaseSeconds: 60 });
    await clock.advance(HOUR);
    await look();
    await look();
    expect(told()).toContain('opened P1 job-failed crm snapshot');
    await clock.advance(DAY);
    for (let looks = 0; looks < 3; looks++) await look();
    const open = await catalog.openFindings('crm');
    expect(open.filter(({ code }) => code === 'job-failed').map(({ subject }) => subject)).toEqual(still);
    expect(told().filter((line) => /(opened|resolved) P1 job-failed/.test(line))).toEqual([]);
  });

  it('says what is late of every target, whatever cannot be found out of another', async () => {
    const { clock, deps, look, catalog, told } = world({
      policy: { schedules: { dump: { cron: '0 1 * * *', timezone: 'UTC' } } },
    });
    await look();
    await clock.advance(3 * DAY);
    const refresh = catalog.refreshStatus;
    Object.assign(deps.catalog, {
      refreshStatus: (target: string) =>
        target === 'erp' ? Promise.reject(new UnderstudyError('unreadable', 'item of erp')) : refresh(target),
    });
    expect((await look()).unjudged).toEqual(['how erp stands: item of erp']);
    expect(told()).toContain('opened P0 job-silent crm dump');
    expect((await catalog.openFindings('erp')).map(({ code }) => code)).not.toContain('job-silent');
  });

  it('a failure of what comes with another job stays, though nobody schedules it', async () => {
    const { look, clock, deps, open } = world({ targets: [{ id: 'crm' }] });
    for (const subject of ['verify', 'copy'])
      await raise(deps, finding('job-failed', { target: { id: 'crm' }, subject, message: 'no' }));
    await clock.advance(2 * DAY);
    for (let looks = 0; looks < 2; looks++) await look();
    expect(await open()).toEqual(expect.arrayContaining(['job-failed crm copy', 'job-failed crm verify']));
  });

  it.each(['copy-late', 'heartbeat-silent', 'rehearsal-overdue', 'job-silent', 'rpo-breached'] as const)(
    'takes %s back when it is so no longer',
    async (code) => {
      const { look, deps, clock, open } = world({ targets: [{ id: 'crm' }] });
      await raise(deps, finding(code, { target: { id: 'crm' }, subject: 'x', message: 'no' }));
      await clock.advance(300);
      await look();
      expect((await open()).filter((each) => each.startsWith(code))).toEqual([]);
    },
  );

  it('ends a dead run with the label that it had, lest it pass for one of the schedule', async () => {
    const { clock, look, catalog } = world({ targets: [{ id: 'crm' }] });
    const run = { job: 'snapshot', target: 'crm', scheduledFor: '2026-11-20T11:00:00Z' };
    await catalog.claim({ ...run, label: 'release', requestedBy: 'ci', now: clock.now(), leaseSeconds: 60 });
    await clock.advance(HOUR);
    await look();
    expect(await catalog.run(run)).toMatchObject({ state: 'failed', label: 'release' });
  });

  it('takes the latest restorable moment for the RPO that it gives, and says when that is breached and mended', async () => {
    const { look, told, platform, source, clock } = world({ targets: [{ id: 'crm' }] });
    await look();
    clock.set('2026-11-20T12:11:00Z');
    await look();
    expect(told()).toEqual([]);
    clock.set('2026-11-20T12:12:00Z');
    await look();
    expect(told()).toEqual(['opened P0 rpo-breached crm pitr']);
    await look();
    expect(told()).toEqual([]);
    platform.putSource({ ...(await source('crm-db')), pitr: { latest: '2026-11-20T12:10:00Z' } });
    await look();
    expect(told()).toEqual(['resolved P0 rpo-breached crm pitr']);
  });

  it('promises nothing of a moment that it has not just read: what cannot be read grows old', async () => {
    const { look, told, deps, without, clock } = world();
    await look();
    deps.platform = without('crm-db');
    clock.set('2026-11-20T12:20:00Z');
    await look();
    expect(told()).toContain('opened P0 rpo-breached crm pitr');
  });

  it('says once that a snapshot of ours is gone: a newer good one takes nothing of that back, and a day closes it', async () => {
    const { look, looks, told, platform, good, clock, catalog } = world({
      policy: { objectives: { rpo: {}, rto: HOUR } },
    });
    const open = async () =>
      (await catalog.openFindings('crm')).filter(({ code }) => code === 'snapshot-deleted').length;
    const gone = await good('crm', '2026-11-20T01:00:00Z');
    await look();
    await platform.deleteSnapshot('rds', gone.snapshot.id, { name: HOME, region: HOME });
    await looks(5);
    expect(told()).toEqual([`opened P0 snapshot-deleted crm ${gone.id}`]);
    await good('crm', '2026-11-20T12:00:00Z');
    await looks(2);
    expect([told(), await open()]).toEqual([[], 1]);
    await clock.advance(DAY);
    await look();
    expect([told(), await open()]).toEqual([[], 0]);
  });

  it('tells of one that is gone although it dies right after it has noticed', async () => {
    const { look, told, platform, good, deps, catalog } = world({
      policy: { objectives: { rpo: {}, rto: HOUR } },
    });
    const gone = await good('crm', '2026-11-20T01:00:00Z');
    await good('crm', '2026-11-20T02:00:00Z');
    await platform.deleteSnapshot('rds', gone.snapshot.id, { name: HOME, region: HOME });
    deps.catalog = {
      ...catalog,
      async movePoint(...args) {
        await catalog.movePoint(...args);
        throw new Error('Task timed out');
      },
    };
    await look().catch(() => undefined);
    deps.catalog = catalog;
    await look();
    expect(told().join()).toContain(`snapshot-deleted crm ${gone.id}`);
  });

  it.each([
    ['backups that are off', { backups: { retention: 0 } }, 'backups-disabled'],
    ['storage that is full', { status: 'storage-full' }, 'storage-full'],
  ])('says of %s once, and takes it back when they are mended', async (_what, changes, code) => {
    const { looks, told, platform, source } = world({ targets: [{ id: 'crm' }] });
    platform.putSource({ ...(await source('crm-db')), ...changes });
    await looks(2);
    expect(told()).toEqual([expect.stringContaining(`${code} crm crm-db`)]);
    platform.putSource(source('crm-db'));
    await looks(1);
    expect(told()).toEqual([expect.stringMatching(new RegExp(`^resolved .* ${code} crm crm-db$`))]);
  });

  it('takes back nothing of backups that are off because the policy promises no moments', async () => {
    const { look, deps, open, platform, source } = world({
      targets: [{ id: 'crm' }],
      policy: { objectives: { rpo: { snapshot: 26 * HOUR }, rto: HOUR } },
    });
    platform.putSource({ ...(await source('crm-db')), backups: { retention: 0 } });
    const [crm] = deps.plan.targets;
    await raise(
      deps,
      finding('backups-disabled', { target: crm!, subject: 'crm-db', message: 'a notice said so' }),
    );
    await look();
    expect(await open()).toContain('backups-disabled crm crm-db');
  });
});

describe('a platform that does not answer for one target', () => {
  it('keeps what is open of it, tells the others’, and is no completed look', async () => {
    const { look, told, deps, without, platform, source, open, completed } = world();
    for (const id of ['crm-db', 'erp-db'])
      platform.putSource({ ...(await source(id)), status: 'storage-full' });
    await look();
    told();
    platform.putSource(source('erp-db'));
    platform.putSource(source('crm-db'));
    deps.platform = without('crm-db');
    const before = completed();
    expect((await look()).unjudged).toEqual([expect.stringContaining('crm')]);
    expect(told()).toEqual([expect.stringMatching(/^resolved .* storage-full erp erp-db$/)]);
    expect(await open()).toEqual(['storage-full crm crm-db']);
    expect(completed()).toBe(before);
    deps.platform = platform;
    await look();
    expect(await open()).toEqual([]);
  });

  it('hides nothing that is new of the others', async () => {
    const { look, told, deps, without, platform, source } = world();
    platform.putSource({ ...(await source('erp-db')), status: 'storage-full' });
    deps.platform = without('crm-db');
    await look();
    expect(told()).toContainEqual(expect.stringContaining('storage-full erp erp-db'));
  });

  it('accuses nobody of deleting its snapshots', async () => {
    const { looks, told, deps, without, good, catalog } = world();
    const kept = await good('crm', '2026-11-20T01:00:00Z');
    deps.platform = without('crm-db');
    await looks(2);
    expect(told()).toEqual([]);
    expect(await catalog.point('crm', kept.id)).toMatchObject({ state: 'verified' });
  });
});

describe('what rehearsals left behind', () => {
  const run = { job: 'rehearse-snapshot', target: 'crm', scheduledFor: '2026-11-18T02:00:00Z' };
  const NAME = scratchName('test', 'crm', run);
  const stray = (name = NAME, tags: Record<string, string> = {}) => ({
    kind: 'rds' as const,
    name,
    from: { snapshot: 'x' },
    engine: 'postgres',
    engineVersion: '15.18',
    instanceClass: 'db.t4g.medium',
    subnetGroup: 'q',
    securityGroups: ['sg'],
    tags: {
      [TAGS.run]: 'rehearse-snapshot/crm/2026-11-18T02:00:00Z',
      [TAGS.stage]: 'test',
      [TAGS.expires]: '2026-11-19T02:00:00Z',
      ...tags,
    },
  });

  it('is deleted, although nobody has it on record', async () => {
    const { looks, scratch } = world();
    scratch.putStray(stray());
    await looks(4);
    expect(scratch.left()).toEqual([]);
  });

  it('is said once when it bears a scratch name and nobody knows it, and taken back when it is gone', async () => {
    const { looks, told, scratch } = world();
    scratch.putStray(stray('understudy-scratch-mine'));
    await looks(3);
    expect(told()).toEqual([expect.stringContaining('scratch-foreign understudy understudy-scratch-mine')]);
    while ((await scratch.remove('rds', 'understudy-scratch-mine')) !== 'gone');
    await looks(1);
    expect(told()).toContainEqual(expect.stringMatching(/^resolved .* scratch-foreign/));
  });

  it('is said to be left over when it cannot be deleted, for whatever reason', async () => {
    const { looks, told, scratch, deps } = world();
    scratch.putStray(stray());
    deps.scratch = {
      ...scratch,
      remove: () => Promise.reject(new UnderstudyError('platform-refused', 'deletion protection')),
    };
    await looks(3);
    expect(told()).toContainEqual(expect.stringContaining(`scratch-left-over`));
  });

  it('is said of the others when one cannot be deleted', async () => {
    const { looks, told, scratch, deps } = world();
    scratch.putStray(stray());
    scratch.putStray(stray('understudy-scratch-mine'));
    deps.scratch = {
      ...scratch,
      remove: () => Promise.reject(new UnderstudyError('platform-refused', 'deletion protection')),
    };
    await looks(2);
    expect(told()).toContainEqual(
      expect.stringContaining('scratch-foreign understudy understudy-scratch-mine'),
    );
  });

  it('is deleted also when the last target with an instance has left the plan', async () => {
    const { looks, scratch, catalog, deps } = world({ targets: [{ id: 'crm' }] });
    scratch.putStray(stray());
    await catalog.beginScratch({
      target: 'crm',
      policy: 'production',
      name: NAME,
      kind: 'rds',
      run: 'rehearse-snapshot/crm/2026-11-19T02:00:00Z',
      state: 'making',
      beganAt: '2026-11-19T02:00:00Z',
      expiresAt: '2026-11-19T12:00:00Z',
    });
    deps.plan = { ...deps.plan, targets: [target({ id: 'neon', policy: deps.plan.policies[0]! })] };
    await looks(4);
    expect(scratch.left()).toEqual([]);
    expect(await catalog.openScratches()).toEqual([]);
  });

  it('is said although what stands elsewhere cannot be found out, which is told beside it', async () => {
    const { look, told, scratch, catalog } = world();
    scratch.putStray(stray('understudy-scratch-mine'));
    await catalog.beginScratch({
      target: 'crm',
      policy: 'production',
      name: 'understudy-scratch-abroad',
      kind: 'rds',
      place: 'eu-west-1',
      run: 'rehearse-snapshot/crm/2026-11-19T02:00:00Z',
      state: 'making',
      beganAt: '2026-11-19T02:00:00Z',
      expiresAt: '2026-11-19T12:00:00Z',
    });
    const { findings, unjudged } = await look();
    expect(findings).toContainEqual(expect.objectContaining({ code: 'scratch-foreign' }));
    expect(JSON.stringify(unjudged)).toContain('understudy-scratch-abroad');
    expect(told()).toContainEqual(
      expect.stringContaining('scratch-foreign understudy understudy-scratch-mine'),
    );
  });

  it('is not looked for where only caches are backed up', async () => {
    const { look, scratch } = world({
      targets: [{ id: 'crm', engine: 'cache', platform: { kind: 'elasticache', id: 'crm-db' } }],
    });
    await look();
    expect(scratch.callsOf('list')).toEqual([]);
  });
});
