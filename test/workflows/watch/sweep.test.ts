import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { scratchName } from '../../../lib/domain/names.ts';
import type { Target } from '../../../lib/domain/plan/policy.ts';
import { TAGS } from '../../../lib/domain/points/platform.ts';
import type { ScratchRecord } from '../../../lib/domain/runs/scratch.ts';
import type { Secrets } from '../../../lib/ports/database.ts';
import type { ScratchOrder } from '../../../lib/ports/platform.ts';
import { type SweepDeps, sweep } from '../../../lib/workflows/watch/sweep.ts';
import { HOME, policy, target } from '../../support/builders.ts';
import { memoryAlerts } from '../../support/doubles/alerts.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { recordingLog } from '../../support/doubles/log.ts';
import { recordingMetrics } from '../../support/doubles/metrics.ts';
import { memoryScratchInstances, memoryScratchSecrets } from '../../support/doubles/scratch-instances.ts';

const NOW = '2026-11-20T12:00:00Z';
const RUN = { job: 'rehearse-snapshot', target: 'crm', scheduledFor: '2026-11-19T02:00:00Z' };
const NAME = scratchName('test', 'crm', RUN);
const TAGGED = {
  [TAGS.run]: 'rehearse-snapshot/crm/2026-11-19T02:00:00Z',
  [TAGS.target]: 'crm',
  [TAGS.policy]: 'production',
  [TAGS.stage]: 'test',
  [TAGS.expires]: '2026-11-20T11:30:00Z',
};

const order = (changes: Partial<ScratchOrder> = {}): ScratchOrder => ({
  kind: 'rds',
  name: NAME,
  from: { snapshot: 'snap-02' },
  engine: 'postgres',
  engineVersion: '15.18',
  instanceClass: 'db.t4g.medium',
  subnetGroup: 'quarantine',
  securityGroups: ['sg-quarantine'],
  tags: TAGGED,
  ...changes,
});
const record = (changes: Partial<ScratchRecord> = {}): ScratchRecord => ({
  target: 'crm',
  policy: 'production',
  name: NAME,
  kind: 'rds',
  run: TAGGED[TAGS.run]!,
  state: 'making',
  beganAt: '2026-11-19T02:00:00Z',
  expiresAt: '2026-11-20T11:30:00Z',
  ...changes,
});

/** A stage whose one target's secret leads to production. */
function world(targets: Target[] = [target({ platform: { kind: 'rds', id: 'crm-db' } })]) {
  const clock = manualClock(NOW);
  const catalog = memoryCatalog(clock, HOME);
  const scratch = memoryScratchInstances({ steps: 1 });
  const scratchSecrets = memoryScratchSecrets();
  const hosts: Record<string, string | Error> = {};
  const secrets: Secrets = {
    async credentials({ id }) {
      const host = hosts[id] ?? 'crm-db.abc.eu-central-1.rds.amazonaws.com';
      if (host instanceof Error) throw host;
      return { host, port: 5432, database: 'crm', user: 'u', password: 'p', sslmode: 'require' };
    },
  };
  const deps = {
    clock,
    catalog,
    scratch,
    scratchSecrets,
    secrets,
    alerts: memoryAlerts(),
    metrics: recordingMetrics(),
    log: recordingLog(),
    stage: 'test',
    home: HOME,
    plan: { schemaVersion: 1 as const, policies: [policy()], targets },
  } satisfies SweepDeps;
  return {
    deps,
    clock,
    catalog,
    scratch,
    scratchSecrets,
    hosts,
    /** One that a rehearsal left behind: instance, parameters, secret and, unless null, record. */
    async leave(changes: Partial<ScratchOrder> = {}, on: Partial<ScratchRecord> | null = {}) {
      const made = order(changes);
      await scratch.quarantineParameters(made.kind, 'default.postgres15', made.name, made.tags);
      await scratchSecrets.create(made.name, made.tags);
      scratch.putStray({ ...made, parameterGroup: made.name });
      if (made.kind === 'aurora') await scratch.addMember(made);
      if (on) await catalog.beginScratch(record({ kind: made.kind, name: made.name, ...on }));
    },
    async look(times = 1, seconds = 300) {
      const said: string[] = [];
      for (let look = 0; look < times; look++) {
        const { findings, failures } = await sweep(deps, clock.now());
        said.push(...findings.map(({ code, target: of, subject }) => `${code} ${of} ${subject}`));
        if (failures.length > 0) throw new Error(failures.join('; '));
        await clock.advance(seconds);
      }
      return said;
    },
    left: async () => [
      ...scratch.left(),
      ...scratchSecrets.left(),
      ...(await catalog.openScratches()).map(({ name }) => `record ${name}`),
    ],
  };
}
const ALL = [`instance ${NAME}`, `parameters ${NAME}`, `secret ${NAME}`, `record ${NAME}`];

describe('the sweeper', () => {
  it('has nothing to do where nothing is', async () => {
    const { look } = world();
    expect(await look()).toEqual([]);
  });

  it.each(['rds', 'aurora'] as const)(
    'deletes an expired one of %s step by step, and ends its record last',
    async (kind) => {
      const { leave, look, left, catalog } = world();
      await leave({ kind });
      let looks = 0;
      while ((await left()).length > 0 && looks < 20) {
        const before = await left();
        if (before.some((thing) => thing.startsWith('instance'))) expect(before).toContain(`record ${NAME}`);
        expect(await look()).toEqual([]);
        looks++;
      }
      expect(await left()).toEqual([]);
      expect(looks).toBeLessThan(10);
      expect(await catalog.openScratches()).toEqual([]);
    },
  );

  it('touches nothing that is in use', async () => {
    const { leave, look, left, scratch } = world();
    await leave(
      { tags: { ...TAGGED, [TAGS.expires]: '2026-11-20T12:30:00Z' } },
      { expiresAt: '2026-11-20T12:30:00Z' },
    );
    expect(await look(5)).toEqual([]);
    expect(await left()).toEqual(ALL);
    expect(scratch.callsOf('remove')).toEqual([]);
    await look(10);
    expect(await left()).toEqual([]);
  });

  it.each<[string, Partial<ScratchOrder>, Partial<ScratchRecord>]>([
    ['another stage’s', { tags: { ...TAGGED, [TAGS.stage]: 'prod' } }, {}],
    [
      'one that is in use by its tag, though expired by its record',
      { tags: { ...TAGGED, [TAGS.expires]: '2026-12-01T00:00:00Z' } },
      {},
    ],
  ])('leaves %s alone, and says nothing', async (_what, changes, on) => {
    const { leave, look, left, scratch } = world();
    await leave(changes, on);
    expect(await look(3)).toEqual([]);
    expect(await left()).toEqual(ALL);
    expect(scratch.callsOf('remove')).toEqual([]);
  });

  it.each<[string, Partial<ScratchOrder>, Partial<ScratchRecord>]>([
    ['no tags', { tags: {} }, {}],
    ['another resource than on record', {}, { resourceId: 'db-somebody-else’s' }],
    [
      'a run that is not its own',
      { tags: { ...TAGGED, [TAGS.run]: 'rehearse-snapshot/erp/2026-11-19T02:00:00Z' } },
      {},
    ],
    ['an expiry that is no moment', { tags: { ...TAGGED, [TAGS.expires]: 'soon' } }, {}],
  ])('reports one with %s for the deployment, and never touches it', async (_what, changes, on) => {
    const { leave, look, left, scratch } = world();
    await leave(changes, on);
    expect([...new Set(await look(3))]).toEqual([`scratch-foreign understudy ${NAME}`]);
    expect(await left()).toEqual(ALL);
    expect(scratch.callsOf('remove')).toEqual([]);
  });

  it('takes a gone one off the record when it has expired, and not before: it may be about to be made', async () => {
    const { catalog, scratchSecrets, look, left } = world();
    await catalog.beginScratch(record({ expiresAt: '2026-11-20T12:10:00Z' }));
    await scratchSecrets.create(NAME, {});
    await look(2);
    expect(await left()).toEqual([`secret ${NAME}`, `record ${NAME}`]);
    await look();
    expect(await left()).toEqual([]);
  });

  it('ends the record of a gone one whose rehearsal ended a while ago, lest it hold the turn of others', async () => {
    const { deps, catalog, scratch, clock, look, left, leave } = world();
    await leave({}, { expiresAt: '2026-11-21T12:00:00Z' });
    await scratch.remove('rds', NAME);
    await scratch.remove('rds', NAME);
    const claimed = await catalog.claim({ ...RUN, requestedBy: 'x', now: clock.now(), leaseSeconds: 600 });
    if (claimed.outcome !== 'claimed') throw new Error('nobody else claims');
    expect(await look()).toEqual([]);
    expect(await left()).toContain(`record ${NAME}`);
    const endedAt = clock.now().toISOString();
    await catalog.finish(claimed.claim, {
      state: 'failed',
      endedAt,
      summary: 'the secret was not to be had',
    });
    await look(2);
    expect(await left()).toContain(`record ${NAME}`);
    // While it cannot be cleared the look is not complete, and takes back nothing.
    const { destroy } = deps.scratchSecrets;
    deps.scratchSecrets.destroy = async () => {
      throw new Error('no');
    };
    await expect(look()).rejects.toThrow(`${NAME}: no`);
    deps.scratchSecrets.destroy = destroy;
    expect(await look()).toEqual([]);
    expect(await left()).toEqual([]);
  });

  it('leaves nothing of one that is on no record, its parameters and its secret among it', async () => {
    const { leave, look, left, catalog } = world();
    await leave();
    await catalog.endScratch(record(), '2026-11-19T05:00:00Z');
    await look(5);
    expect(await left()).toEqual([]);
  });

  it('puts one that is on no record there before it is deleted, as its tags say', async () => {
    const { deps, leave, look, catalog, scratch } = world();
    await leave({}, null);
    const onRecord: ScratchRecord[][] = [];
    const { remove } = scratch;
    deps.scratch = {
      ...scratch,
      remove: async (kind, name) => {
        onRecord.push(await catalog.openScratches());
        return remove(kind, name);
      },
    };
    await look();
    const { beganAt: _beganAt, ...known } = record();
    expect(onRecord).toEqual([[{ ...known, beganAt: NOW, resourceId: expect.any(String) }]]);
  });

  it('deletes nothing that cannot be put on record', async () => {
    const { deps, leave, look, catalog, scratch } = world();
    await leave({}, null);
    deps.catalog = { ...catalog, beginScratch: () => Promise.reject(new Error('throttled')) };
    expect(await look()).toEqual([`scratch-left-over crm ${NAME}`]);
    expect(scratch.callsOf('remove')).toEqual([]);
  });

  it('finds what no record knows of in every place that a policy rehearses in', async () => {
    const { rehearsal } = policy();
    const abroad = policy({
      rehearsal: { ...rehearsal, instance: { ...rehearsal.instance, place: 'eu-west-1' } },
    });
    const { deps, look } = world([target({ policy: abroad, platform: { kind: 'rds', id: 'crm-db' } })]);
    const there = memoryScratchInstances({ steps: 1 });
    there.putStray(order({ name: 'understudy-scratch-mine', tags: {} }));
    Object.assign(deps, { scratchAt: () => there });
    expect(await look()).toEqual(['scratch-foreign understudy understudy-scratch-mine']);
  });

  it('says what it found here although what stands elsewhere cannot be found out', async () => {
    const { deps, leave, catalog, clock } = world();
    await leave({ tags: {} });
    await catalog.beginScratch(record({ name: `${NAME}x`, place: 'eu-west-1' }));
    const { findings, failures } = await sweep(deps, clock.now());
    expect(findings).toEqual([expect.objectContaining({ code: 'scratch-foreign', subject: NAME })]);
    expect(failures).toEqual([expect.stringMatching(`^eu-west-1 \\(${NAME}x\\): `)]);
  });

  it('says of what policy names no more where it would be, rather than forget it', async () => {
    const { catalog, look } = world();
    await catalog.beginScratch(record({ place: 'eu-west-1' } as Partial<ScratchRecord>));
    const said = await look().catch((error: Error) => [error.message]);
    expect(said.join()).toContain(NAME);
  });

  it('accounts once for the time of what it ends', async () => {
    const { leave, look, catalog } = world();
    await leave();
    const [left] = await catalog.openScratches();
    const seen = await catalog.standing('production');
    await catalog.startScratch(left!, '2026-11-20T10:00:00Z', '2026-11-20T11:30:00Z', seen);
    await look(6);
    const seconds = await catalog.scratchSeconds('production', '2026-11');
    expect(seconds).toBeGreaterThanOrEqual(7200);
    expect(seconds).toBeLessThan(7200 + 1800);
    await look(3);
    expect(await catalog.scratchSeconds('production', '2026-11')).toBe(seconds);
  });

  it('goes on with the others when one cannot be deleted, and says which is left over', async () => {
    const { deps, leave, left, scratch, clock } = world();
    const run = { ...RUN, scheduledFor: '2026-11-19T03:00:00Z' };
    const other = scratchName('test', 'crm', run);
    const { remove } = scratch;
    deps.scratch = {
      ...scratch,
      remove: (kind, name) =>
        name === NAME
          ? Promise.reject(new UnderstudyError('platform-refused', 'deletion protection'))
          : remove(kind, name),
    };
    await leave();
    await leave(
      { name: other, tags: { ...TAGGED, [TAGS.run]: 'rehearse-snapshot/crm/2026-11-19T03:00:00Z' } },
      { name: other },
    );
    for (let times = 0; times < 4; times++) {
      const { findings, failures } = await sweep(deps, clock.now());
      expect(findings).toEqual([
        expect.objectContaining({
          code: 'scratch-left-over',
          target: 'crm',
          subject: NAME,
          message: expect.stringContaining('deletion protection'),
        }),
      ]);
      expect(failures).toEqual([]);
    }
    expect((await left()).filter((thing) => thing.includes(other))).toEqual([]);
    expect(await left()).toEqual(ALL);
  });

  it('that cannot list deletes and ends nothing', async () => {
    const { leave, look, left, scratch } = world();
    await leave();
    scratch.fail('list', new UnderstudyError('platform-unreachable', 'Rate exceeded'));
    await expect(look()).rejects.toThrow('Rate exceeded');
    expect(await left()).toEqual(ALL);
  });

  it('says of one that does not go for an hour that it is left over, to the target it was made for', async () => {
    const { deps, leave, look, scratch } = world();
    await leave({ tags: { ...TAGGED, [TAGS.expires]: '2026-11-20T11:59:00Z' } });
    deps.scratch = { ...scratch, remove: async () => 'removing' };
    expect(await look(11)).toEqual([]);
    expect(await look(3)).toContain(`scratch-left-over crm ${NAME}`);
  });
});

describe('a scratch instance that stands and is not expired', () => {
  const LATER = '2026-11-20T13:00:00Z';
  const stands = async () => {
    const made = world();
    await made.leave({ tags: { ...TAGGED, [TAGS.expires]: LATER } }, { expiresAt: LATER });
    const claimed = async () => {
      const request = { ...RUN, requestedBy: 'schedule', now: made.clock.now(), leaseSeconds: 3600 };
      const claim = await made.catalog.claim(request);
      if (claim.outcome !== 'claimed') throw new Error(JSON.stringify(claim));
      return claim.claim;
    };
    return { ...made, claimed };
  };

  it.each(['succeeded', 'failed'] as const)(
    'is said to be left over when its run has %s, until it expires and is deleted',
    async (state) => {
      const { look, left, catalog, claimed, scratch, clock } = await stands();
      await catalog.finish(await claimed(), { state, endedAt: NOW, summary: 'it has ended' });
      expect([...new Set(await look(3))]).toEqual([`scratch-left-over crm ${NAME}`]);
      expect(scratch.callsOf('remove')).toEqual([]);
      expect(await left()).toEqual(ALL);
      clock.set(LATER);
      // Said as long as it stands: while it is being deleted too, and not a moment longer.
      expect([...new Set(await look(1))]).toEqual([`scratch-left-over crm ${NAME}`]);
      expect(await look(5)).toEqual([]);
      expect(await left()).toEqual([]);
    },
  );

  it('is nothing to say while its run lives', async () => {
    const { look, claimed } = await stands();
    await claimed();
    expect(await look(3)).toEqual([]);
  });

  it('is nothing to say when nobody knows of its run', async () => {
    const { look } = await stands();
    expect(await look(3)).toEqual([]);
  });
});

describe('a scratch instance that somebody made his database', () => {
  const spare = async (
    host: string | Error,
    options: { kind?: 'rds' | 'aurora'; targets?: Target[]; of?: string } = {},
  ) => {
    const made = world(options.targets);
    await made.leave({ kind: options.kind ?? 'rds' });
    made.hosts[options.of ?? 'crm'] = host;
    const said = [...new Set(await made.look(3))];
    return { said, calls: made.scratch.callsOf('remove').length };
  };
  const SPARED = { said: [`scratch-left-over crm ${NAME}`], calls: 0 };

  it.each([
    ['its endpoint', `${NAME}.example.internal`],
    ['its name under whatever domain', `${NAME}.abc123.eu-central-1.rds.amazonaws.com`],
    ['its bare name', NAME],
    ['its name in capitals: names of hosts know no case', `${NAME.toUpperCase()}.EXAMPLE.internal`],
  ])('is spared when a target’s secret leads to %s, and said', async (_what, host) => {
    expect(await spare(host)).toEqual(SPARED);
  });

  it.each([
    ['the cluster', `${NAME}.cluster-abc.eu-central-1.rds.amazonaws.com`],
    ['the reader of the cluster', `${NAME}.cluster-ro-abc.eu-central-1.rds.amazonaws.com`],
    ['its instance', `${NAME}-1.abc.eu-central-1.rds.amazonaws.com`],
  ])('is spared, as a cluster, when a secret leads to %s', async (_what, host) => {
    expect(await spare(host, { kind: 'aurora' })).toEqual(SPARED);
  });

  it('is spared when a secret cannot be read: unknown is not no', async () => {
    expect(await spare(new Error('AccessDenied'))).toEqual(SPARED);
  });

  it('is spared when the secret is another target’s', async () => {
    const erp = target({
      id: 'erp',
      platform: { kind: 'rds', id: 'erp-db' },
      connection: { secret: 'understudy/erp' },
    });
    const crm = target({ platform: { kind: 'rds', id: 'crm-db' } });
    expect(await spare(`${NAME}.x`, { targets: [crm, erp], of: 'erp' })).toEqual(SPARED);
  });

  it('is spared when the secret is of a target that is only dumped', async () => {
    const dumped = target({ id: 'erp', connection: { secret: 'understudy/erp' } });
    const crm = target({ platform: { kind: 'rds', id: 'crm-db' } });
    expect(await spare(`${NAME}.x`, { targets: [crm, dumped], of: 'erp' })).toEqual(SPARED);
  });

  it.each([
    ['production', 'crm-db.abc.eu-central-1.rds.amazonaws.com'],
    ['one that only begins like it', `${NAME}0.example.internal`],
    ['one that only ends like it', `my-${NAME}.example.internal`],
    ['one whose domain is like it', `db.${NAME}.internal`],
    ['this machine', '127.0.0.1'],
  ])('is deleted when the secrets lead to %s', async (_what, host) => {
    const { said, calls } = await spare(host);
    expect(said).toEqual([]);
    expect(calls).toBeGreaterThan(0);
  });
});
