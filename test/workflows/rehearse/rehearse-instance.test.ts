import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { TAGS } from '../../../lib/domain/points/platform-source.ts';
import type { ProveResult } from '../../../lib/restore/prove/proof-slices.ts';
import { platformSource, snapshotPoint, throttled } from '../../support/builders.ts';
import {
  DIFFERENT,
  instanceOf,
  jobOf,
  MANIFEST,
  MOMENT_ID,
  NOW,
  nameOf,
  proofOf,
  type RehearsalWorld,
  rehearsalWorld,
  SNAPSHOT_ID,
} from '../../support/rehearsals.ts';
import { scratchRecord } from '../../support/scratches.ts';

const SNAPSHOT = jobOf('snapshot');
const NAME = nameOf(SNAPSHOT);
const QUOTA = new UnderstudyError('instance-quota', '40 instances already', { hint: 'do something' });
const begun = ({ scratch }: RehearsalWorld) => scratch.callsOf('begin').map(([order]) => order);

describe.each(['rds', 'aurora'] as const)('a rehearsal on an %s instance', (kind) => {
  it.each(['snapshot', 'moment'] as const)('restores a %s, passes, and leaves nothing', async (from) => {
    const made = await rehearsalWorld({ kind });
    expect(await made.evidence(jobOf(from))).toMatchObject({
      outcome: 'passed',
      strength: 'bounded',
      at: NOW,
      point: from === 'snapshot' ? SNAPSHOT_ID : MOMENT_ID,
      findings: [],
      rto: { promised: 3600, met: true },
    });
    expect(await made.left()).toEqual([]);
    expect(made.told()).toEqual([]);
    expect(await made.run(jobOf(from))).toMatchObject({ state: 'succeeded' });
  });

  it('stands during its proof with parameters, a secret and a record that knows its resource id', async () => {
    const made = await rehearsalWorld({ kind });
    let left: string[] = [];
    let ids: (string | undefined)[] = [];
    made.world.prove = async () => {
      left = await made.left();
      const [[standing], [record]] = [await made.scratch.list(), await made.catalog.openScratches()];
      ids = [standing?.resourceId, record?.resourceId];
      return proofOf();
    };
    await made.rehearse();
    expect(left).toEqual([
      `instance ${NAME}`,
      ...(kind === 'aurora' ? [`instance ${NAME}-1`] : []),
      `parameters ${NAME}`,
      `secret ${NAME}`,
      `record ${NAME}`,
    ]);
    expect(ids[0]).toBeDefined();
    expect(ids[1]).toBe(ids[0]);
  });

  it('has a password of its own that no checkpoint, log, evidence, alert or metric contains', async () => {
    const made = await rehearsalWorld({ kind });
    let password = '';
    made.world.prove = async () => {
      password = await made.scratchSecrets.password(NAME);
      expect(made.scratch.password(NAME)).toBe(password);
      return proofOf(DIFFERENT);
    };
    const execution = made.execution();
    await execution.run(made.bodyOf(SNAPSHOT));
    expect(password).toMatch(/^password-/);
    const written = [
      execution.history.map(({ name, result, error }) => [name, result, error?.message]),
      made.world.asked,
      made.deps.log.lines,
      made.alerts.taken,
      await made.catalog.evidence('crm', 10),
      await made.catalog.openFindings(),
      await made.run(),
      made.deps.metrics.counted,
    ];
    expect(written.map((each) => JSON.stringify(each)).filter((text) => text.includes(password))).toEqual([]);
  });

  it('says nothing against the point when its instance is deleted during the restore', async () => {
    const made = await rehearsalWorld({ kind, looks: 9, steps: 0 });
    made.whilePaused(async (pause) => {
      if (!pause.startsWith('wait for the restore')) return;
      while ((await made.scratch.remove(kind, NAME)) !== 'gone');
    });
    await failsCleanly(made, { error: { kind: 'unjudged', code: 'scratch-deleted' } });
    expect(await made.point()).toMatchObject({ state: 'verified' });
  });
});

describe('a rehearsal on an instance', () => {
  it('restores into quarantine with its own parameters, network, class and tags, and the source’s engine', async () => {
    const made = await rehearsalWorld({
      source: { optionGroup: 'crm-options', parameterGroup: 'crm-parameters', subnetGroup: 'production' },
    });
    await made.rehearse();
    expect(begun(made)).toEqual([
      {
        kind: 'rds',
        name: NAME,
        from: { snapshot: 'snap-02' },
        engine: 'postgres',
        engineVersion: '15.18',
        instanceClass: 'db.t4g.medium',
        subnetGroup: 'quarantine',
        securityGroups: ['sg-quarantine'],
        parameterGroup: NAME,
        // The source's own belongs to the source's VPC.
        optionGroup: 'default:postgres-15',
        tags: {
          [TAGS.run]: `rehearse-snapshot/crm/${NOW}`,
          [TAGS.target]: 'crm',
          [TAGS.policy]: 'production',
          [TAGS.stage]: 'test',
          [TAGS.expires]: '2026-11-21T12:00:00Z',
        },
      },
    ]);
    const parameters = ['rds', 'crm-parameters', NAME, expect.anything()];
    expect(made.scratch.callsOf('quarantineParameters')[0]).toEqual(parameters);
  });

  const THEIRS = { subnetGroup: 'theirs', securityGroups: ['sg-theirs'] };
  it.each([
    [
      'the policy’s network, with the options of a source in it',
      {},
      'snapshot',
      { ...THEIRS, optionGroup: 'crm' },
    ],
    [
      'the quarantine where the policy’s network is in another place',
      { place: 'eu-west-1' },
      'moment',
      { subnetGroup: 'quarantine', securityGroups: ['sg-quarantine'] },
    ],
  ] as const)('restores into %s', async (_what, place, from, network) => {
    const made = await rehearsalWorld({
      source: { optionGroup: 'crm', subnetGroup: 'theirs' },
      policy: instanceOf({ ...THEIRS, ...place }),
    });
    await made.rehearse(jobOf(from));
    expect(begun(made)).toMatchObject([network]);
  });

  it('restores a snapshot at home and refuses a copy in another Region', async () => {
    const made = await rehearsalWorld();
    const copy = snapshotPoint('2026-11-20T02:00:00Z', { place: 'eu-west-1' });
    await made.catalog.adoptPoint(copy);
    const refused = { outcome: 'refused', code: 'no-point' };
    expect(await made.rehearse(jobOf('snapshot', { point: copy.id }))).toMatchObject(refused);
  });

  it('gives RDS five minutes with new parameters before it begins the restore', async () => {
    const made = await rehearsalWorld();
    const paused: [string, boolean][] = [];
    made.whilePaused((name) => void paused.push([name, made.scratch.left().includes(`instance ${NAME}`)]));
    await made.rehearse();
    expect(paused[0]).toEqual(['let the parameters settle', false]);
    expect(paused[1]).toEqual([expect.stringContaining('wait for the restore'), true]);
  });

  it('goes on with an instance that still fetches its storage', async () => {
    const made = await rehearsalWorld();
    made.whilePaused((name) => {
      if (name === 'wait for the restore: pause 2') made.scratch.setStatus(NAME, 'storage-initialization');
    });
    await made.rehearse().catch(() => undefined);
    expect(made.scratch.callsOf('secure')).not.toEqual([]);
  });

  it('restores to a second before the latest moment, or to the moment of its message', async () => {
    const made = await rehearsalWorld();
    const moment = '2026-11-19T00:00:00Z';
    await made.rehearse(jobOf('moment'));
    await made.rehearse(jobOf('moment', { scheduledFor: '2026-11-20T11:59:00Z', moment }));
    expect(begun(made)).toMatchObject([
      { from: { source: 'crm-db', resourceId: 'db-CRM1', moment: '2026-11-20T11:54:59Z' } },
      { from: { source: 'crm-db', resourceId: 'db-CRM1', moment } },
    ]);
  });

  it('hands the prove function the name of a secret and no password', async () => {
    const made = await rehearsalWorld();
    await made.rehearse();
    expect(made.world.asked.prove[0]).toEqual({
      target: 'crm',
      name: NAME,
      host: `${NAME}.example.internal`,
      port: 5432,
      user: 'postgres',
      database: 'crm',
      moment: '2026-11-20T02:00:00Z',
      toMoment: false,
      manifest: MANIFEST,
      since: { definitions: 'untouched', changed: {}, written: [] },
      from: 0,
    });
    expect(made.world.asked.look).toEqual([
      { ask: 'changes', target: 'crm', moment: '2026-11-20T02:00:00Z', manifest: MANIFEST },
    ]);
  });

  it('restores another engine than PostgreSQL without a comparison, and notes that', async () => {
    const made = await rehearsalWorld({ target: { engine: 'mysql' }, source: { engine: 'mysql' } });
    expect(await made.evidence(jobOf('moment'))).toMatchObject({
      outcome: 'passed',
      strength: 'restored',
      notes: expect.arrayContaining([
        'restored, but not compared: only PostgreSQL can be, and this is mysql',
      ]),
    });
    expect(made.world.asked.prove).toEqual([]);
    expect(await made.left()).toEqual([]);
  });

  it.each([
    ['rds', 'postgres'],
    ['aurora', 'aurora-postgresql'],
  ] as const)(
    'restores an %s source without a comparison when understudy.yml names another engine',
    async (kind, engine) => {
      const made = await rehearsalWorld({ kind, target: { engine: 'mysql' } });
      expect(await made.evidence(jobOf('moment'))).toMatchObject({
        outcome: 'passed',
        strength: 'restored',
        notes: expect.arrayContaining([
          `restored, but not compared: this is ${engine}, and understudy.yml says mysql`,
        ]),
      });
      expect(made.world.asked.prove).toEqual([]);
      expect(await made.left()).toEqual([]);
    },
  );

  it('restores without a comparison when RDS names no master user', async () => {
    const made = await rehearsalWorld({ source: { masterUser: undefined as never } });
    expect(await made.evidence(jobOf('moment'))).toMatchObject({
      outcome: 'passed',
      strength: 'restored',
      notes: expect.arrayContaining(['restored, but not compared: the master user is unknown']),
    });
    expect(made.world.asked.prove).toEqual([]);
  });

  it('measures the restore in phases, and counts neither proof nor deletion for the RTO', async () => {
    const made = await rehearsalWorld({ looks: 3, steps: 4 });
    made.world.prove = async () => {
      await made.clock.advance(5000);
      return proofOf();
    };
    const { phases, rto } = await made.evidence();
    expect(phases.map(({ name }) => name)).toEqual(['prepare', 'restore', 'secure', 'proof', 'tear down']);
    expect(phases[3]!.seconds).toBe(5000);
    expect(phases[4]!.seconds).toBeGreaterThan(100);
    expect(rto!.achieved).toBeLessThan(600);
  });
});

/** A rehearsal that could not be brought to its end: nothing is left, nothing good is said, the run says why. */
async function failsCleanly(made: RehearsalWorld, evidence: object) {
  expect(await made.evidence()).toMatchObject({ outcome: 'failed', strength: 'none', ...evidence });
  expect(await made.left()).toEqual([]);
  expect(await made.catalog.evidence('crm', 10)).toHaveLength(1);
  expect(await made.catalog.openRuns()).toEqual([]);
}

describe('a rehearsal whose restore does not succeed', () => {
  const LATE = { error: { kind: 'unjudged', code: 'restore-late' } };

  it('gives the restore up at the policy’s deadline, and deletes the instance', async () => {
    const made = await rehearsalWorld({ looks: 1e6, policy: instanceOf({ deadline: 7200 }) });
    await failsCleanly(made, LATE);
    expect(await made.open()).toEqual(['job-failed rehearse-snapshot']);
    expect(await made.point()).toMatchObject({ state: 'verified' });
    expect(await made.run()).toMatchObject({ state: 'failed', error: { code: 'restore-late' } });
  });

  it('gives a cluster up whose instance never comes', async () => {
    const made = await rehearsalWorld({ kind: 'aurora', policy: instanceOf({ deadline: 7200 }) });
    const { look } = made.scratch;
    made.deps.scratch = {
      ...made.scratch,
      look: async (kind, name) => {
        const state = await look(kind, name);
        return state && { ...state, members: state.members.map((each) => ({ ...each, state: 'coming' })) };
      },
    };
    await failsCleanly(made, LATE);
  });

  it.each([
    ['failed', 'restore-failed', 'bad'],
    ['incompatible-restore', 'restore-failed', 'bad'],
    ['inaccessible-encryption-credentials', 'restore-failed', 'bad'],
    ['incompatible-network', 'scratch-unusable', 'unjudged'],
    ['insufficient-capacity', 'scratch-unusable', 'unjudged'],
    ['storage-full', 'scratch-unusable', 'unjudged'],
    ['incompatible-parameters', 'scratch-unusable', 'unjudged'],
  ])(
    'judges an instance that ends %s as %s (%s), and keeps the point verified',
    async (status, code, kind) => {
      const made = await rehearsalWorld({ looks: 9 });
      made.whilePaused((pause) => {
        if (pause.startsWith('wait for the restore')) made.scratch.setStatus(NAME, status);
      });
      await failsCleanly(made, { error: { kind, code } });
      expect(await made.point()).toMatchObject({ state: 'verified' });
      const isBad = kind === 'bad';
      expect(await made.open()).toEqual([
        isBad ? `restore-failed ${SNAPSHOT_ID}` : 'job-failed rehearse-snapshot',
      ]);
      expect(await made.run()).toMatchObject({ state: isBad ? 'succeeded' : 'failed' });
    },
  );

  it('says nothing against the point when its instance is deleted during the proof', async () => {
    const made = await rehearsalWorld({ steps: 0 });
    made.world.prove = async () => {
      while ((await made.scratch.remove('rds', NAME)) !== 'gone');
      return proofOf({ failure: { code: 'source-unreachable', message: 'connect ETIMEDOUT' } });
    };
    await made.rehearse();
    expect(await made.left()).toEqual([]);
    expect((await made.point())?.state).not.toBe('corrupt');
    expect(await made.open()).toEqual(['job-failed rehearse-snapshot']);
  });

  it.each([
    ['instance-quota', 'unjudged'],
    ['subnet-group-not-found', 'unjudged'],
    ['platform-refused', 'unjudged'],
    ['instance-exists', 'unjudged'],
    ['key-inaccessible', 'bad'],
    ['snapshot-not-found', 'unjudged'],
  ])('tries a restore once that RDS refuses for %s, which is %s', async (code, kind) => {
    const made = await rehearsalWorld();
    made.scratch.fail('begin', new UnderstudyError(code, 'it cannot be', { hint: 'do something' }));
    await failsCleanly(made, { error: { kind, code, message: 'it cannot be', hint: 'do something' } });
    expect(begun(made)).toHaveLength(1);
  });

  it.each(['quarantineParameters', 'begin', 'look', 'secure', 'remove', 'removeParameters'] as const)(
    'passes when RDS throttles %s three times',
    async (method) => {
      const made = await rehearsalWorld();
      made.scratch.fail(method, throttled, { times: 3 });
      expect(await made.evidence()).toMatchObject({ outcome: 'passed', strength: 'bounded' });
      expect(await made.left()).toEqual([]);
    },
  );

  it.each(['quarantineParameters', 'begin', 'secure'] as const)(
    'fails and leaves nothing when RDS never stops throttling %s',
    async (method) => {
      const made = await rehearsalWorld({ policy: instanceOf({ deadline: 7200 }) });
      made.scratch.fail(method, throttled);
      const message = expect.stringContaining('Rate exceeded');
      await failsCleanly(made, { error: { kind: 'unjudged', message } });
    },
  );

  it('leaves the instance to the watch when RDS never answers whose it is', async () => {
    const made = await rehearsalWorld({ policy: instanceOf({ deadline: 7200 }) });
    made.scratch.fail('look', throttled);
    expect(await made.evidence()).toMatchObject({ outcome: 'failed' });
    expect(await made.open()).toContain(`scratch-left-over ${NAME}`);
    await made.clock.advance(48 * 3600);
    for (let look = 0; look < 6; look++) await made.sweep();
    expect(await made.left()).toEqual([]);
  });

  it('passes although RDS’s answer to the restore call is lost', async () => {
    const made = await rehearsalWorld();
    made.scratch.fail('begin', throttled, { times: 2, after: true });
    expect(await made.evidence()).toMatchObject({ outcome: 'passed' });
    expect(await made.left()).toEqual([]);
  });

  it('waits with the password while RDS modifies the instance', async () => {
    const made = await rehearsalWorld();
    made.scratch.fail('secure', new UnderstudyError('source-busy', 'it is modifying'), { times: 1 });
    expect(await made.evidence()).toMatchObject({ outcome: 'passed' });
  });
});

describe('a rehearsal whose instance cannot be deleted', () => {
  it.each<[string, Partial<ProveResult>, object, string]>([
    ['passes', {}, { outcome: 'passed', strength: 'bounded' }, 'rehearsed'],
    ['fails for what it found', DIFFERENT, { outcome: 'failed', differenceCount: 7 }, 'corrupt'],
  ])('%s, alerts, and leaves instance and record to the watch', async (_ends, proof, evidence, state) => {
    const made = await rehearsalWorld();
    made.scratch.fail('remove', new UnderstudyError('platform-refused', 'deletion protection'));
    made.world.prove = () => proofOf(proof);
    expect(await made.evidence()).toMatchObject(evidence);
    expect(await made.run()).toMatchObject({ state: 'succeeded' });
    expect(await made.point()).toMatchObject({ state });
    expect(made.told()).toContainEqual(expect.stringContaining('scratch-left-over'));
    const all = [`instance ${NAME}`, `parameters ${NAME}`, `secret ${NAME}`, `record ${NAME}`];
    expect(await made.left()).toEqual(all);
    made.scratch.heal();
    made.clock.set('2026-11-22T00:00:00Z');
    for (let look = 0; look < 5; look++) await made.sweep();
    expect(await made.left()).toEqual([]);
  });

  it('leaves parameters that cannot be deleted to the watch, with their secret, and holds no turn', async () => {
    const made = await rehearsalWorld();
    made.scratch.fail('removeParameters', new UnderstudyError('platform-refused', 'in use'));
    await made.rehearse();
    expect(await made.left()).toEqual([`parameters ${NAME}`, `secret ${NAME}`]);
    expect((await made.catalog.standing('production')).since).toEqual({});
    for (let hour = 0; hour < 40; hour++) {
      expect(await made.open()).toContain(`scratch-left-over ${NAME}`);
      expect(await made.sweep()).toMatchObject([{ code: 'scratch-left-over', subject: NAME }]);
      await made.clock.advance(3600);
    }
    made.scratch.heal();
    expect(await made.sweep()).toEqual([]);
    expect(await made.left()).toEqual([]);
  });

  it('keeps parameters and password of an instance that was renamed into service, and lets others rehearse', async () => {
    const made = await rehearsalWorld({ policy: instanceOf({ hoursAMonth: 200 }) });
    made.world.prove = async () => {
      const order = made.scratch.order(NAME)!;
      while ((await made.deps.scratch.remove('rds', NAME)) !== 'gone');
      made.scratch.putStray({ ...order, name: 'understudy-scratch-renamed', tags: { [TAGS.stage]: 'else' } });
      return proofOf();
    };
    await made.rehearse();
    await made.clock.advance(30 * 24 * 3600);
    const message = expect.stringMatching(/in use by understudy-scratch-renamed[\s\S]*renamed/);
    for (let look = 0; look < 3; look++)
      expect(await made.sweep()).toMatchObject([{ code: 'scratch-left-over', subject: NAME, message }]);
    expect(made.scratchSecrets.left()).toEqual([`secret ${NAME}`]);
    made.world.prove = () => proofOf();
    const later = jobOf('snapshot', { scheduledFor: '2026-12-20T12:00:00Z' });
    expect(await made.rehearse(later)).toMatchObject({ outcome: 'rehearsed' });
  });
});

describe('a rehearsal on an instance (its proof)', () => {
  it('adds up what several slices of a proof found', async () => {
    const made = await rehearsalWorld();
    made.world.prove = ({ from }) =>
      proofOf({
        ...(from < 8 ? { next: from + 4 } : {}),
        corrupt: from === 4 ? [{ name: 'public.leads_pkey', problem: 'a hole' }] : [],
        assertions: from === 0 ? [{ name: 'there are leads', passed: true, detail: 'is 3' }] : [],
      });
    expect(await made.evidence()).toMatchObject({
      outcome: 'failed',
      strength: 'none',
      bounded: { objects: 27, exact: 9, bounded: 3, rows: '3000', checked: 15 },
      assertions: [{ name: 'there are leads' }],
      findings: [{ code: 'index-corrupt', subject: 'public.leads_pkey' }],
    });
    expect(made.world.asked.prove.map(({ from }) => from)).toEqual([0, 4, 8]);
  });

  it('fails without a word against the point when the prove function dies at once', async () => {
    const made = await rehearsalWorld();
    made.world.prove = () => Promise.reject(new Error('Task timed out after 900 seconds'));
    const error = { kind: 'unjudged', message: expect.stringContaining('timed out') };
    expect(await made.evidence()).toMatchObject({ outcome: 'failed', error });
    expect(await made.left()).toEqual([]);
    expect((await made.point())?.state).not.toBe('corrupt');
    expect(await made.run()).toMatchObject({ state: 'failed' });
  });

  it('keeps what the first slice found when the prove function dies in the second', async () => {
    const made = await rehearsalWorld();
    made.world.prove = ({ from }) => {
      if (from > 0) throw new Error('Task timed out after 900 seconds');
      return proofOf({ next: 4, ...DIFFERENT });
    };
    expect(await made.evidence()).toMatchObject({ differenceCount: 7 });
    expect(await made.open()).toContain(`proof-mismatch ${SNAPSHOT_ID}`);
    expect(await made.point()).toMatchObject({ state: 'corrupt' });
  });

  it('keeps what a slice found before it failed, and proves no further', async () => {
    const made = await rehearsalWorld();
    const failure = { code: 'source-unreachable', message: 'connection lost' };
    made.world.prove = () => proofOf({ next: 3, ...DIFFERENT, failure });
    const error = { kind: 'unjudged' };
    expect(await made.evidence()).toMatchObject({ outcome: 'failed', strength: 'none', error });
    expect(made.world.asked.prove).toHaveLength(1);
    expect(await made.open()).toEqual(['job-failed rehearse-snapshot', `proof-mismatch ${SNAPSHOT_ID}`]);
  });

  it('compares nothing with a source that cannot be looked at, and notes why', async () => {
    const made = await rehearsalWorld();
    made.world.look = () => Promise.reject(new Error('connect ECONNREFUSED'));
    expect(await made.evidence()).toMatchObject({
      outcome: 'passed',
      strength: 'restored',
      notes: expect.arrayContaining([expect.stringContaining('connect ECONNREFUSED')]),
    });
    expect(made.world.asked.prove[0]).not.toHaveProperty('since');
  });

  it('looks at no source without a connection', async () => {
    const made = await rehearsalWorld({ target: { connection: undefined } });
    const unchecked = ['schema: the source was not looked at'];
    made.world.prove = () => proofOf({ compared: { ...proofOf().compared, objects: 0 }, unchecked });
    expect(await made.evidence()).toMatchObject({ strength: 'restored' });
    expect(made.world.asked.look).toEqual([]);
  });
});

describe('a rehearsal on an instance with nothing to restore', () => {
  it.each<[string, Parameters<typeof rehearsalWorld>[0], string]>([
    [
      'a cache',
      { target: { engine: 'cache', platform: { kind: 'elasticache', id: 'crm-db' } } },
      'not-rehearsed',
    ],
    ['a target without an instance', { target: { platform: undefined } }, 'no-platform'],
  ])('refuses %s, and makes nothing', async (_what, options, code) => {
    const made = await rehearsalWorld(options);
    expect(await made.rehearse()).toMatchObject({ outcome: 'refused', code });
    expect(made.scratch.calls).toEqual([]);
    expect(await made.run()).toMatchObject({ state: 'failed', error: { code } });
  });

  it.each<[string, (made: RehearsalWorld) => void, string, object]>([
    ['of a source that is gone', ({ platform }) => platform.removeSource('crm-db'), 'source-not-found', {}],
    [
      'of a source without backups',
      ({ platform }) => platform.putSource(platformSource({ pitr: undefined as never })),
      'pitr-off',
      {},
    ],
    ['that is too young', () => undefined, 'moment-out-of-reach', { moment: '2026-11-20T11:55:01Z' }],
    ['that is too old', () => undefined, 'moment-out-of-reach', { moment: '2026-11-13T11:59:59Z' }],
  ])('refuses a moment %s, and makes nothing', async (_what, change, code, more) => {
    const made = await rehearsalWorld();
    change(made);
    const refused = { outcome: 'refused', code, hint: expect.any(String) };
    expect(await made.rehearse(jobOf('moment', more))).toMatchObject(refused);
    expect(await made.left()).toEqual([]);
    expect(made.scratch.calls).toEqual([]);
    expect(await made.open()).toEqual(['job-failed rehearse-moment']);
  });

  it('refuses a target without a verified snapshot, and names the command that takes one', async () => {
    const made = await rehearsalWorld();
    await made.catalog.movePoint('crm', SNAPSHOT_ID, 'corrupt');
    const hint = 'take one: ./understudy run snapshot crm';
    expect(await made.rehearse()).toMatchObject({ outcome: 'refused', code: 'no-point', hint });
  });

  it('restores a snapshot of a source that is gone, with the engine’s own parameters', async () => {
    const made = await rehearsalWorld();
    made.platform.removeSource('crm-db');
    const evidence = { outcome: 'passed', strength: 'restored', point: SNAPSHOT_ID };
    expect(await made.evidence()).toMatchObject(evidence);
    expect(made.scratch.callsOf('quarantineParameters')[0]?.[1]).toBe('default.postgres15');
    expect(await made.left()).toEqual([]);
  });
});

describe('a rehearsal on an instance that is delivered again after it failed', () => {
  const failed = async () => {
    const made = await rehearsalWorld();
    made.scratch.fail('begin', QUOTA);
    await made.rehearse();
    made.scratch.heal();
    return made;
  };

  it('is on record anew: the watch sweeps what it leaves when it dies', async () => {
    const made = await failed();
    await made.execution().run(made.bodyOf(SNAPSHOT), { at: 'look at the source', when: 'before' });
    expect(await made.left()).toContain(`record ${NAME}`);
    made.clock.set('2026-11-23T00:00:00Z');
    for (let look = 0; look < 6; look++) await made.sweep();
    expect(await made.left()).toEqual([]);
  });

  it('has its full time days later: the watch does not sweep its instance during the proof', async () => {
    const made = await failed();
    made.clock.set('2026-11-23T00:00:00Z');
    made.world.prove = async () => {
      await made.sweep();
      return proofOf();
    };
    expect(await made.evidence()).toMatchObject({ outcome: 'passed' });
    const [, order] = begun(made) as { tags: Record<string, string> }[];
    expect(order!.tags[TAGS.expires]! > '2026-11-23T08:00:00Z').toBe(true);
  });
});

describe('a rehearsal on an instance (the hours of its policy)', () => {
  const DEATH = { at: 'put the scratch instance on record', when: 'kept' } as const;
  /** Another rehearsal of the policy stood from the first hour of the tenth until then. */
  const spend = async ({ catalog }: RehearsalWorld, until: string) => {
    const gone = scratchRecord({ target: 'erp', beganAt: '2026-11-10T00:00:00Z' });
    await catalog.beginScratch(gone);
    await catalog.startScratch(gone, gone.beganAt, gone.expiresAt, await catalog.standing(gone.policy));
    await catalog.endScratch(gone, until);
  };

  it('fails with the finding that the hours are used up when they are spent while it waits', async () => {
    const made = await rehearsalWorld({ policy: instanceOf({ hoursAMonth: 4, atOnce: 2 }) });
    const execution = made.execution();
    await execution.run(made.bodyOf(SNAPSHOT), DEATH);
    await spend(made, '2026-11-10T03:50:00Z');
    await execution.run(made.bodyOf(SNAPSHOT));
    expect(await made.open()).toEqual(['job-failed rehearse-snapshot', 'scratch-budget production']);
  });

  it('is not expected to be short because another one was refused and took no time', async () => {
    const made = await rehearsalWorld({ policy: instanceOf({ hoursAMonth: 4, atOnce: 3 }) });
    await spend(made, '2026-11-10T02:30:00Z');
    const runs = ['01', '02', '03'].map((minute) => ({
      body: made.bodyOf(jobOf('snapshot', { scheduledFor: `2026-11-20T11:${minute}:00Z` })),
      execution: made.execution(),
    }));
    for (const { body, execution } of runs) await execution.run(body, DEATH);
    const begins: boolean[] = [];
    for (const { body, execution } of runs)
      begins.push((await execution.run(body, { at: 'make its parameters', when: 'before' })).died);
    expect(begins).toEqual([true, false, false]);
  });
});
