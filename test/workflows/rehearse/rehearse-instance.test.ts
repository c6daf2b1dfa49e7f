import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { TAGS } from '../../../lib/domain/points/platform.ts';
import { HOME, platformSource, snapshotPoint } from '../../support/builders.ts';
import {
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

const throttled = new UnderstudyError('platform-unreachable', 'Rate exceeded');
const SNAPSHOT = jobOf('snapshot');
const NAME = nameOf(SNAPSHOT);

describe.each(['rds', 'aurora'] as const)('a rehearsal on %s', (kind) => {
  it.each(['snapshot', 'moment'] as const)('from a %s passes, and leaves nothing', async (from) => {
    const made = await rehearsalWorld({ kind });
    expect(await made.rehearse(jobOf(from))).toMatchObject({
      outcome: 'rehearsed',
      evidence: {
        outcome: 'passed',
        strength: 'bounded',
        at: NOW,
        point: from === 'snapshot' ? SNAPSHOT_ID : MOMENT_ID,
        findings: [],
        rto: { promised: 3600, met: true },
      },
    });
    expect(await made.left()).toEqual([]);
    expect(made.told()).toEqual([]);
    expect(await made.run(jobOf(from))).toMatchObject({ state: 'succeeded' });
  });

  it('has something to leave while it lasts: instance, parameters, secret, record', async () => {
    const made = await rehearsalWorld({ kind });
    let during: string[] = [];
    made.world.prove = async () => {
      during = await made.left();
      return proofOf();
    };
    await made.rehearse();
    expect(during).toEqual([
      `instance ${NAME}`,
      ...(kind === 'aurora' ? [`instance ${NAME}-1`] : []),
      `parameters ${NAME}`,
      `secret ${NAME}`,
      `record ${NAME}`,
    ]);
  });
});

describe('a rehearsal on a scratch instance', () => {
  it('restores into quarantine: its own parameters, network, class and tags, the source’s engine', async () => {
    const made = await rehearsalWorld({
      source: { optionGroup: 'crm-options', parameterGroup: 'crm-parameters', subnetGroup: 'production' },
    });
    await made.rehearse();
    expect(made.scratch.callsOf('begin')[0]).toEqual([
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
    expect(made.scratch.callsOf('quarantineParameters')[0]).toEqual([
      'rds',
      'crm-parameters',
      NAME,
      expect.anything(),
    ]);
  });

  it('goes into the policy’s own network where it names one, with the source’s options where that is the source’s too', async () => {
    const made = await rehearsalWorld({
      source: { optionGroup: 'crm-options', subnetGroup: 'theirs' },
      policy: instanceOf({ subnetGroup: 'theirs', securityGroups: ['sg-theirs'] }),
    });
    await made.rehearse();
    expect(made.scratch.callsOf('begin')[0]).toMatchObject([
      { subnetGroup: 'theirs', securityGroups: ['sg-theirs'], optionGroup: 'crm-options' },
    ]);
  });

  it('goes into the policy’s network only where its place is: a moment is rehearsed at home', async () => {
    const made = await rehearsalWorld({
      policy: {
        ...instanceOf({ place: 'eu-west-1', subnetGroup: 'theirs', securityGroups: ['sg-theirs'] }),
      },
    });
    await made.rehearse(jobOf('moment'));
    expect(made.scratch.callsOf('begin')[0]).toMatchObject([
      { subnetGroup: 'quarantine', securityGroups: ['sg-quarantine'] },
    ]);
  });

  it('gives RDS five minutes with new parameters before a copy starts with them', async () => {
    const made = await rehearsalWorld();
    const paused: [string, boolean][] = [];
    made.whilePaused((name) => void paused.push([name, made.scratch.left().includes(`instance ${NAME}`)]));
    await made.rehearse();
    expect(paused[0]).toEqual(['let the parameters settle', false]);
    expect(paused[1]).toEqual([expect.stringContaining('wait for the restore'), true]);
  });

  it('takes an instance that still fetches its storage for one that is up', async () => {
    const made = await rehearsalWorld();
    made.whilePaused((name) => {
      if (name === 'wait for the restore: pause 2') made.scratch.setStatus(NAME, 'storage-initialization');
    });
    made.scratch.calls.splice(0);
    await made.rehearse().catch(() => undefined);
    expect(made.scratch.callsOf('secure')).not.toEqual([]);
  });

  it('winds back to just before the latest moment there is, and to another where asked', async () => {
    const made = await rehearsalWorld();
    await made.rehearse(jobOf('moment'));
    await made.rehearse(
      jobOf('moment', { scheduledFor: '2026-11-20T11:59:00Z', moment: '2026-11-19T00:00:00Z' }),
    );
    expect(made.scratch.callsOf('begin').map(([order]) => (order as { from: object }).from)).toEqual([
      { source: 'crm-db', resourceId: 'db-CRM1', moment: '2026-11-20T11:54:59Z' },
      { source: 'crm-db', resourceId: 'db-CRM1', moment: '2026-11-19T00:00:00Z' },
    ]);
  });

  it('is on record by the resource id of what was made, once that is known', async () => {
    for (const kind of ['rds', 'aurora'] as const) {
      const made = await rehearsalWorld({ kind });
      let known: (string | undefined)[] = [];
      made.world.prove = async () => {
        const [standing] = await made.scratch.list();
        const [record] = await made.catalog.openScratches();
        known = [standing?.resourceId, record?.resourceId];
        return proofOf();
      };
      await made.rehearse();
      expect(known[0]).toBeDefined();
      expect(known[1]).toBe(known[0]);
    }
  });

  it('is done once', async () => {
    const made = await rehearsalWorld();
    await made.rehearse();
    expect(await made.rehearse()).toMatchObject({ outcome: 'done-before' });
    expect(made.scratch.callsOf('begin')).toHaveLength(1);
  });

  it('has a password of its own that is in no checkpoint, no log, no evidence and no alert', async () => {
    for (const kind of ['rds', 'aurora'] as const) {
      const made = await rehearsalWorld({ kind });
      let password = '';
      made.world.prove = async () => {
        password = await made.scratchSecrets.password(NAME);
        expect(made.scratch.password(NAME)).toBe(password);
        return proofOf({
          differenceCount: 1,
          differences: [{ kind: 'rows', name: 'public.leads', what: 'changed' }],
        });
      };
      const execution = made.execution();
      await execution.run(made.bodyOf(SNAPSHOT));
      expect(password).toMatch(/^password-/);
      const said = [
        execution.history.map(({ name, result, error }) => [name, result, error?.message]),
        made.world.asked,
        made.deps.log.lines,
        made.alerts.taken,
        await made.catalog.evidence('crm', 10),
        await made.catalog.openFindings(),
        await made.run(),
        made.deps.metrics.counted,
      ];
      expect(said.map((each) => JSON.stringify(each)).filter((text) => text.includes(password))).toEqual([]);
    }
  });

  it('hands production’s password to nobody: the proof gets a name, and looks the secret up', async () => {
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

  it('proves only when the new password is in force', async () => {
    const made = await rehearsalWorld({ looks: 4 });
    let inForce: string | undefined;
    made.world.prove = () => {
      inForce = made.scratch.password(NAME);
      return proofOf();
    };
    await made.rehearse();
    expect(inForce).toBeDefined();
  });

  it('compares nothing of an engine other than PostgreSQL, and says so', async () => {
    const made = await rehearsalWorld({ target: { engine: 'mysql' }, source: { engine: 'mysql' } });
    expect(await made.rehearse(jobOf('moment'))).toMatchObject({
      evidence: {
        outcome: 'passed',
        strength: 'restored',
        notes: expect.arrayContaining([
          'restored, but not compared: only PostgreSQL can be, and this is mysql',
        ]),
      },
    });
    expect(made.world.asked.prove).toEqual([]);
    expect(await made.left()).toEqual([]);
  });

  it('measures the restore in phases, and the proof and the deletion apart from it', async () => {
    const made = await rehearsalWorld({ looks: 3, steps: 4 });
    made.world.prove = async () => {
      await made.clock.advance(5000);
      return proofOf();
    };
    const outcome = await made.rehearse();
    if (outcome.outcome !== 'rehearsed') throw new Error(outcome.summary);
    const { phases, rto } = outcome.evidence;
    expect(phases.map(({ name }) => name)).toEqual(['prepare', 'restore', 'secure', 'proof', 'tear down']);
    expect(phases.find(({ name }) => name === 'proof')!.seconds).toBe(5000);
    expect(phases.find(({ name }) => name === 'tear down')!.seconds).toBeGreaterThan(100);
    expect(rto!.achieved).toBeLessThan(600);
  });
});

/** A rehearsal that could not be brought to its end: nothing is left, nothing good is said, the run says why. */
async function cleanlyFailed(made: RehearsalWorld, evidence: object, job = SNAPSHOT) {
  const outcome = await made.rehearse(job);
  expect(outcome).toMatchObject({
    outcome: 'rehearsed',
    evidence: { outcome: 'failed', strength: 'none', ...evidence },
  });
  expect(await made.left()).toEqual([]);
  expect(await made.catalog.evidence('crm', 10)).toHaveLength(1);
  expect(await made.catalog.openRuns()).toEqual([]);
  return outcome;
}

describe('a restore that', () => {
  it('never comes up is given up at the policy’s deadline, and taken down', async () => {
    const made = await rehearsalWorld({ looks: 1e6, policy: instanceOf({ deadline: 7200 }) });
    await cleanlyFailed(made, { error: { kind: 'unjudged', code: 'restore-late' } });
    expect(await made.open()).toEqual(['job-failed rehearse-snapshot']);
    expect(await made.point()).toMatchObject({ state: 'verified' });
    expect(await made.run()).toMatchObject({ state: 'failed', error: { code: 'restore-late' } });
  });

  it('never gets an instance, as a cluster, is given up as well', async () => {
    const made = await rehearsalWorld({ kind: 'aurora', policy: instanceOf({ deadline: 7200 }) });
    const { look } = made.scratch;
    made.deps.scratch = {
      ...made.scratch,
      look: async (kind, name) => {
        const state = await look(kind, name);
        return (
          state && {
            ...state,
            members: state.members.map((member) => ({ ...member, state: 'coming' as const })),
          }
        );
      },
    };
    await cleanlyFailed(made, { error: { kind: 'unjudged', code: 'restore-late' } });
  });

  it.each([
    ['failed', 'restore-failed', 'bad'],
    ['incompatible-restore', 'restore-failed', 'bad'],
    ['inaccessible-encryption-credentials', 'restore-failed', 'bad'],
    ['incompatible-network', 'scratch-unusable', 'unjudged'],
    ['insufficient-capacity', 'scratch-unusable', 'unjudged'],
    ['storage-full', 'scratch-unusable', 'unjudged'],
    ['incompatible-parameters', 'scratch-unusable', 'unjudged'],
  ])('ends %s is %s (%s), and leaves the point as it was', async (status, code, errorKind) => {
    const made = await rehearsalWorld({ looks: 9 });
    made.whilePaused((pause) => {
      if (pause.startsWith('wait for the restore')) made.scratch.setStatus(NAME, status);
    });
    await cleanlyFailed(made, { error: { kind: errorKind, code } });
    expect(await made.point()).toMatchObject({ state: 'verified' });
    expect(await made.open()).toEqual(
      errorKind === 'bad' ? [`restore-failed ${SNAPSHOT_ID}`] : ['job-failed rehearse-snapshot'],
    );
    expect(await made.run()).toMatchObject({ state: errorKind === 'bad' ? 'succeeded' : 'failed' });
  });

  it('is deleted by somebody meanwhile says nothing about the point', async () => {
    for (const kind of ['rds', 'aurora'] as const) {
      const made = await rehearsalWorld({ kind, looks: 9, steps: 0 });
      made.whilePaused(async (pause) => {
        if (!pause.startsWith('wait for the restore')) return;
        while ((await made.scratch.remove(kind, NAME)) !== 'gone');
      });
      await cleanlyFailed(made, { error: { kind: 'unjudged', code: 'scratch-deleted' } });
      expect(await made.point()).toMatchObject({ state: 'verified' });
    }
  });

  it('is deleted by somebody while it is proven says nothing about the point', async () => {
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
  ])('is refused for %s is %s, tried once, and leaves nothing', async (code, errorKind) => {
    const made = await rehearsalWorld();
    made.scratch.fail('begin', new UnderstudyError(code, 'it cannot be', { hint: 'do something' }));
    await cleanlyFailed(made, {
      error: { kind: errorKind, code, message: 'it cannot be', hint: 'do something' },
    });
    expect(made.scratch.callsOf('begin')).toHaveLength(1);
  });

  it.each(['quarantineParameters', 'begin', 'look', 'secure', 'remove', 'removeParameters'] as const)(
    'is throttled in %s for a while costs nothing but time',
    async (method) => {
      const made = await rehearsalWorld();
      made.scratch.fail(method, throttled, { times: 3 });
      expect(await made.rehearse()).toMatchObject({ evidence: { outcome: 'passed', strength: 'bounded' } });
      expect(await made.left()).toEqual([]);
    },
  );

  it.each(['quarantineParameters', 'begin', 'secure'] as const)(
    'is throttled in %s for ever is taken down',
    async (method) => {
      const made = await rehearsalWorld({ policy: instanceOf({ deadline: 7200 }) });
      made.scratch.fail(method, throttled);
      await cleanlyFailed(made, {
        error: { kind: 'unjudged', message: expect.stringContaining('Rate exceeded') },
      });
    },
  );

  it('cannot be looked at for ever is left to the watch, because nobody can say whose it is', async () => {
    const made = await rehearsalWorld({ policy: instanceOf({ deadline: 7200 }) });
    made.scratch.fail('look', throttled);
    expect(await made.rehearse()).toMatchObject({ evidence: { outcome: 'failed' } });
    expect(await made.open()).toContain(`scratch-left-over ${NAME}`);
    await made.clock.advance(48 * 3600);
    for (let look = 0; look < 6; look++) await made.sweep();
    expect(await made.left()).toEqual([]);
  });

  it('began although its answer was lost is not begun twice', async () => {
    const made = await rehearsalWorld();
    made.scratch.fail('begin', throttled, { times: 2, after: true });
    expect(await made.rehearse()).toMatchObject({ evidence: { outcome: 'passed' } });
    expect(await made.left()).toEqual([]);
  });

  it('cannot be secured yet is secured when it can', async () => {
    const made = await rehearsalWorld();
    made.scratch.fail('secure', new UnderstudyError('source-busy', 'it is modifying'), { times: 1 });
    expect(await made.rehearse()).toMatchObject({ evidence: { outcome: 'passed' } });
  });
});

describe('a scratch instance that is not to be got rid of', () => {
  const stuck = async () => {
    const made = await rehearsalWorld();
    made.scratch.fail('remove', new UnderstudyError('platform-refused', 'deletion protection'));
    return made;
  };

  it('hides nothing of what was found, and stays on record for the watch', async () => {
    const made = await stuck();
    made.world.prove = () =>
      proofOf({ differenceCount: 1, differences: [{ kind: 'rows', name: 'public.leads', what: 'changed' }] });
    expect(await made.rehearse()).toMatchObject({ evidence: { outcome: 'failed', differenceCount: 1 } });
    expect(await made.point()).toMatchObject({ state: 'corrupt' });
    expect(await made.left()).toEqual([
      `instance ${NAME}`,
      `parameters ${NAME}`,
      `secret ${NAME}`,
      `record ${NAME}`,
    ]);
    made.scratch.heal();
    made.clock.set('2026-11-22T00:00:00Z');
    for (let look = 0; look < 5; look++) await made.sweep();
    expect(await made.left()).toEqual([]);
  });

  it('makes no failure of a rehearsal that passed', async () => {
    const made = await stuck();
    expect(await made.rehearse()).toMatchObject({ evidence: { outcome: 'passed', strength: 'bounded' } });
    expect(await made.run()).toMatchObject({ state: 'succeeded' });
  });

  it('is told: somebody pays for it', async () => {
    const made = await stuck();
    await made.rehearse();
    expect(made.told()).toContainEqual(expect.stringContaining('scratch-left-over'));
  });

  it('is not all: parameters that cannot be removed keep their secret, hold nobody’s turn, and are tried again by the watch', async () => {
    const made = await rehearsalWorld();
    made.scratch.fail('removeParameters', new UnderstudyError('platform-refused', 'in use'));
    await made.rehearse();
    expect(await made.left()).toEqual([`parameters ${NAME}`, `secret ${NAME}`]);
    expect((await made.catalog.standing('production')).since).toEqual({});
    expect(await made.open()).toContain(`scratch-left-over ${NAME}`);
    made.scratch.heal();
    made.clock.set('2026-11-22T00:00:00Z');
    expect(await made.sweep()).toEqual([]);
    expect(await made.left()).toEqual([]);
  });

  it('was renamed by somebody who needs it: its parameters and password stay, no look fails, and others rehearse', async () => {
    const made = await rehearsalWorld({ policy: instanceOf({ hoursAMonth: 200 }) });
    made.world.prove = async () => {
      const order = made.scratch.order(NAME)!;
      while ((await made.deps.scratch.remove('rds', NAME)) !== 'gone');
      made.scratch.putStray({ ...order, name: 'understudy-scratch-renamed', tags: { [TAGS.stage]: 'else' } });
      return proofOf();
    };
    await made.rehearse();
    await made.clock.advance(30 * 24 * 3600);
    for (let look = 0; look < 3; look++)
      expect(await made.sweep()).toMatchObject([
        {
          code: 'scratch-left-over',
          subject: NAME,
          message: expect.stringMatching(/in use by understudy-scratch-renamed[\s\S]*renamed/),
        },
      ]);
    expect(made.scratchSecrets.left()).toEqual([`secret ${NAME}`]);
    made.world.prove = () => proofOf();
    const later = jobOf('snapshot', { scheduledFor: '2026-12-20T12:00:00Z' });
    expect(await made.rehearse(later)).toMatchObject({ outcome: 'rehearsed' });
  });
});

describe('a proof that', () => {
  it('could not compare, because too much has changed, is none, and says what to do', async () => {
    const made = await rehearsalWorld();
    made.world.look = async () => ({ failed: '50000 tables were written since the last dump' });
    expect(await made.rehearse()).toMatchObject({
      evidence: {
        outcome: 'passed',
        strength: 'restored',
        notes: expect.arrayContaining([expect.stringContaining('50000 tables were written')]),
      },
    });
  });

  it('takes several slices is one: sums, findings, the last slice’s end', async () => {
    const made = await rehearsalWorld();
    made.world.prove = ({ from }) =>
      proofOf({
        ...(from < 8 ? { next: from + 4 } : {}),
        corrupt: from === 4 ? [{ name: 'public.leads_pkey', problem: 'a hole' }] : [],
        assertions: from === 0 ? [{ name: 'there are leads', passed: true, detail: 'is 3' }] : [],
      });
    const outcome = await made.rehearse();
    expect(made.world.asked.prove.map(({ from }) => from)).toEqual([0, 4, 8]);
    expect(outcome).toMatchObject({
      evidence: {
        outcome: 'failed',
        strength: 'none',
        bounded: { objects: 27, exact: 9, bounded: 3, rows: '3000', checked: 15 },
        assertions: [{ name: 'there are leads' }],
        findings: [{ code: 'index-corrupt', subject: 'public.leads_pkey' }],
      },
    });
  });

  it('dies at once says nothing about the point, and everything is taken down', async () => {
    const made = await rehearsalWorld();
    made.world.prove = () => Promise.reject(new Error('Task timed out after 900 seconds'));
    expect(await made.rehearse()).toMatchObject({
      evidence: {
        outcome: 'failed',
        error: { kind: 'unjudged', message: expect.stringContaining('timed out') },
      },
    });
    expect(await made.left()).toEqual([]);
    expect((await made.point())?.state).not.toBe('corrupt');
    expect(await made.run()).toMatchObject({ state: 'failed' });
  });

  it('dies in its second part keeps what the first one found', async () => {
    const made = await rehearsalWorld();
    made.world.prove = ({ from }) => {
      if (from > 0) throw new Error('Task timed out after 900 seconds');
      return proofOf({
        next: 4,
        differenceCount: 1,
        differences: [{ kind: 'rows', name: 'public.leads', what: 'changed' }],
      });
    };
    expect(await made.rehearse()).toMatchObject({ evidence: { differenceCount: 1 } });
    expect(await made.open()).toContain(`proof-mismatch ${SNAPSHOT_ID}`);
    expect(await made.point()).toMatchObject({ state: 'corrupt' });
  });

  it('fails half-way keeps what it found until then, and is no judgement on the rest', async () => {
    const made = await rehearsalWorld();
    made.world.prove = () =>
      proofOf({
        next: 3,
        differenceCount: 1,
        differences: [{ kind: 'rows', name: 'public.leads', what: 'changed' }],
        failure: { code: 'source-unreachable', message: 'connection lost' },
      });
    expect(await made.rehearse()).toMatchObject({
      evidence: { outcome: 'failed', strength: 'none', error: { kind: 'unjudged' } },
    });
    expect(made.world.asked.prove).toHaveLength(1);
    expect(await made.open()).toEqual(['job-failed rehearse-snapshot', `proof-mismatch ${SNAPSHOT_ID}`]);
  });

  it('has no look at the source is restored and never bounded, and says why', async () => {
    const made = await rehearsalWorld();
    made.world.look = () => Promise.reject(new Error('connect ECONNREFUSED'));
    expect(await made.rehearse()).toMatchObject({
      evidence: {
        outcome: 'passed',
        strength: 'restored',
        notes: expect.arrayContaining([expect.stringContaining('connect ECONNREFUSED')]),
      },
    });
    expect(made.world.asked.prove[0]).not.toHaveProperty('since');
  });

  it('has no connection to look with is restored at most where nothing else was compared', async () => {
    const made = await rehearsalWorld({ target: { connection: undefined } });
    made.world.prove = () =>
      proofOf({
        compared: { ...proofOf().compared, objects: 0 },
        unchecked: ['schema: the source was not looked at'],
      });
    expect(await made.rehearse()).toMatchObject({ evidence: { strength: 'restored' } });
    expect(made.world.asked.look).toEqual([]);
  });
});

describe('nothing to rehearse', () => {
  it.each([
    [
      'a cache',
      { target: { engine: 'cache', platform: { kind: 'elasticache', id: 'crm-db' } } },
      'not-rehearsed',
    ],
    ['no platform', { target: { platform: undefined } }, 'no-platform'],
  ] as const)('because it is %s is refused, and nothing is made', async (_what, options, code) => {
    const made = await rehearsalWorld(options as never);
    expect(await made.rehearse()).toMatchObject({ outcome: 'refused', code });
    expect(made.scratch.calls).toEqual([]);
    expect(await made.run()).toMatchObject({ state: 'failed', error: { code } });
  });

  it.each([
    ['source', (made: RehearsalWorld) => made.platform.removeSource('crm-db'), 'source-not-found', {}],
    [
      'backups',
      (made: RehearsalWorld) => made.platform.putSource(platformSource({ pitr: undefined as never })),
      'pitr-off',
      {},
    ],
    ['such moment yet', () => undefined, 'moment-out-of-reach', { moment: '2026-11-20T11:55:01Z' }],
    ['such moment any more', () => undefined, 'moment-out-of-reach', { moment: '2026-11-13T11:59:59Z' }],
  ] as const)(
    'because there is no %s to wind back is refused, and nothing is made',
    async (_what, change, code, more) => {
      const made = await rehearsalWorld();
      change(made);
      expect(await made.rehearse(jobOf('moment', more))).toMatchObject({
        outcome: 'refused',
        code,
        hint: expect.any(String),
      });
      expect(await made.left()).toEqual([]);
      expect(made.scratch.calls).toEqual([]);
      expect(await made.open()).toEqual(['job-failed rehearse-moment']);
    },
  );

  it('because no snapshot is verified is refused, and says how to get one', async () => {
    const made = await rehearsalWorld();
    await made.catalog.movePoint('crm', SNAPSHOT_ID, 'corrupt');
    expect(await made.rehearse()).toMatchObject({
      outcome: 'refused',
      code: 'no-point',
      hint: 'take one: ./understudy run snapshot crm',
    });
  });

  it('takes a snapshot although the source itself is gone, with the engine’s own parameters', async () => {
    const made = await rehearsalWorld();
    made.platform.removeSource('crm-db');
    expect(await made.rehearse()).toMatchObject({
      evidence: { outcome: 'passed', strength: 'restored', point: SNAPSHOT_ID },
    });
    expect(made.scratch.callsOf('quarantineParameters')[0]?.[1]).toBe('default.postgres15');
    expect(await made.left()).toEqual([]);
  });
});

describe('a second delivery of a rehearsal that failed', () => {
  it('is done anew on record: its scratch instance is swept like any other', async () => {
    const made = await rehearsalWorld();
    made.scratch.fail('begin', new UnderstudyError('instance-quota', '40 instances already'));
    await made.rehearse();
    made.scratch.heal();
    const execution = made.execution();
    await execution.run(made.bodyOf(SNAPSHOT), { at: 'look at the source', when: 'before' });
    expect(await made.left()).toContain(`record ${NAME}`);
    made.clock.set('2026-11-23T00:00:00Z');
    for (let look = 0; look < 6; look++) await made.sweep();
    expect(await made.left()).toEqual([]);
  });

  it('days later is given its full time, and is not swept away from under its proof', async () => {
    const made = await rehearsalWorld();
    made.scratch.fail('begin', new UnderstudyError('instance-quota', '40 instances already'));
    await made.rehearse();
    made.scratch.heal();
    made.clock.set('2026-11-23T00:00:00Z');
    made.world.prove = async () => {
      await made.sweep();
      return proofOf();
    };
    expect(await made.rehearse()).toMatchObject({ evidence: { outcome: 'passed' } });
    const [, order] = made.scratch.callsOf('begin');
    const { tags } = order![0] as { tags: Record<string, string> };
    expect(tags[TAGS.expires]! > '2026-11-23T08:00:00Z').toBe(true);
  });
});

describe('a rehearsal’s home', () => {
  it('is the source’s own Region: a copy elsewhere is not restored', async () => {
    const made = await rehearsalWorld();
    await made.catalog.adoptPoint(snapshotPoint('2026-11-20T02:00:00Z', { place: 'eu-west-1' }));
    expect(
      await made.rehearse(jobOf('snapshot', { point: '20261120T020000Z-snapshot@eu-west-1' })),
    ).toMatchObject({
      outcome: 'refused',
      code: 'no-point',
      summary: expect.stringContaining(HOME),
    });
  });
});
