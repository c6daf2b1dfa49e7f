import { placedId, REPLICA } from '../../../lib/domain/names.ts';
import type { DumpPoint, StoredObject } from '../../../lib/domain/points/recovery-point.ts';
import type { DumpJob, VerifyJob } from '../../../lib/domain/runs/job.ts';
import { checkCopies } from '../../../lib/domain/status/lateness.ts';
import type { Catalog } from '../../../lib/ports/catalog.ts';
import { dump } from '../../../lib/workflows/dump/dump.ts';
import { expire } from '../../../lib/workflows/expire/expire.ts';
import { type VerifyDeps, verify } from '../../../lib/workflows/verify/verify.ts';
import { memoryAlerts } from '../../support/doubles/alerts.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryMessages } from '../../support/doubles/job-messages.ts';
import { recordingLog } from '../../support/doubles/log.ts';
import { recordingMetrics } from '../../support/doubles/metrics.ts';
import { memoryPlatform } from '../../support/doubles/platform.ts';
import { type MemoryVault, memoryVault } from '../../support/doubles/vault.ts';
import { planWith } from '../../support/plan.ts';
import { engineOf } from '../../unit/workflows/dump/dumped.ts';

const START = '2026-11-20T01:00:00Z';

/** A target whose dumps are replicated: by `replicate`, when the test says so. */
function world(policy = 'vault: { replica: true }') {
  const clock = manualClock(START);
  const catalog = memoryCatalog(clock);
  const vault = memoryVault(clock);
  const replica = memoryVault(clock);
  const messages = memoryMessages(clock);
  const alerts = memoryAlerts();
  const log = recordingLog();
  const credentials = {
    host: 'h',
    port: 1,
    database: 'd',
    user: 'u',
    password: 'p',
    sslmode: 'disable' as const,
  };
  const deps = {
    catalog: catalog as Catalog,
    vault,
    replica: replica as VerifyDeps['replica'],
    messages,
    alerts,
    log,
    clock,
    plan: planWith({ policy }),
    metrics: recordingMetrics(),
    secrets: { credentials: async () => credentials },
    engine: {
      ...engineOf([['public', 'leads']], '3381; 0 16387 TABLE DATA public leads crm'),
      async inspect(stream: AsyncIterable<Buffer>) {
        for await (const _ of stream);
        return {};
      },
    },
    stage: 'test',
    secondsLeft: () => 900,
  };

  const dumpIt = async (scheduledFor = START): Promise<DumpPoint> => {
    const job: DumpJob = { job: 'dump', target: 'crm', scheduledFor, requestedBy: 'schedule' };
    await dump(job, deps);
    return (await catalog.pointAt('crm', scheduledFor))!;
  };
  const verifyIt = (point?: string, more: Partial<VerifyJob> = {}) =>
    verify(
      {
        job: 'verify',
        target: 'crm',
        scheduledFor: START,
        requestedBy: 'schedule',
        again: false,
        ...(point ? { point } : {}),
        ...more,
      },
      deps,
    );
  /** Delivers what waits in the queue of verifications now, and what comes of it at once. */
  const deliver = async () => {
    for (let turn = 0; turn < 5; turn++) {
      for (const message of messages.take('verify')) await verify(message as unknown as VerifyJob, deps);
      clock.set(new Date(clock.now().getTime() + 1000));
    }
  };
  return { clock, catalog, vault, replica, messages, alerts, log, deps, dumpIt, verifyIt, deliver };
}
type World = ReturnType<typeof world>;

const objectsOf = (point: DumpPoint): StoredObject[] => [point.dump!, point.roles!, point.manifest!];
const replicaId = (point: DumpPoint) => placedId(point.id, REPLICA);
const replicaOf = async ({ catalog }: World, point: DumpPoint) =>
  (await catalog.point('crm', replicaId(point))) as DumpPoint | undefined;
const stateOf = async (it: World, point: DumpPoint) => (await replicaOf(it, point))?.state;
const open = async ({ catalog }: World) =>
  (await catalog.openFindings('crm')).map(({ code, subject }) => `${code} ${subject}`);

/** What S3 does some time after each write. */
async function replicate(
  { vault, replica }: { vault: MemoryVault; replica: MemoryVault },
  objects: StoredObject[],
) {
  for (const object of objects) {
    const chunks: Buffer[] = [];
    for await (const chunk of await vault.read(object)) chunks.push(chunk as Buffer);
    replica.receive(object, Buffer.concat(chunks));
  }
}
const flip = (body: Buffer) => {
  body[0] = body[0]! ^ 1;
  return body;
};

describe('a dump of a policy with a replica', () => {
  it('is expected there under the keys and versions it has in the vault, and does not count yet', async () => {
    const it = world();
    const point = await it.dumpIt();
    const replica = (await replicaOf(it, point))!;
    expect(replica).toMatchObject({
      id: '20261120T010000Z-1@replica',
      place: 'replica',
      state: 'creating',
      keys: point.keys,
      dump: point.dump,
      roles: point.roles,
      manifest: point.manifest,
      snapshotAt: point.snapshotAt,
    });
    expect(replica).not.toHaveProperty('availableAt');
    expect((await it.catalog.refreshStatus('crm')).copies).toBeUndefined();
  });

  it('is expected nowhere else by a policy without one', async () => {
    const it = world('vault: { replica: false }');
    const point = await it.dumpIt();
    expect(await it.catalog.points('crm')).toEqual([point]);
  });

  it('is expected there also when its worker died before it could say so', async () => {
    const it = world();
    const put = it.catalog.putPoint;
    let died = false;
    it.deps.catalog = {
      ...it.catalog,
      async putPoint(claim, point) {
        if (!died && point.place === REPLICA) {
          died = true;
          throw new Error('the worker died');
        }
        await put(claim, point);
      },
    };
    await expect(it.dumpIt()).rejects.toThrow('the worker died');
    const point = await it.dumpIt();
    expect(await stateOf(it, point)).toBe('creating');
    expect(point.state).toBe('available');
  });

  it('that is adopted takes nothing back from its replica', async () => {
    const it = world();
    const point = await it.dumpIt();
    await replicate(it, objectsOf(point));
    await it.verifyIt(replicaId(point));
    // Its run was taken up again by a worker that died.
    await it.catalog.claim({
      job: 'dump',
      target: 'crm',
      scheduledFor: START,
      requestedBy: 'x',
      now: it.clock.now(),
      leaseSeconds: 1,
      again: true,
    });
    it.clock.set('2026-11-20T02:00:00Z');
    await it.dumpIt();
    expect(await stateOf(it, point)).toBe('verified');
  });
});

describe('a replica that S3 has not finished', () => {
  it('stays expected, is no failure, and is looked for every quarter of an hour', async () => {
    const it = world();
    const point = await it.dumpIt();
    await it.deliver();
    expect((await it.catalog.point('crm', point.id))?.state).toBe('verified');
    expect(await stateOf(it, point)).toBe('creating');
    expect(it.messages.postponed).toMatchObject([
      { message: { point: replicaId(point) }, delaySeconds: 900 },
    ]);
    it.clock.set('2026-11-20T01:20:00Z');
    await it.deliver();
    expect(it.messages.postponed).toHaveLength(2);
    expect(await stateOf(it, point)).toBe('creating');
    expect(await open(it)).toEqual([]);
    expect(it.alerts.taken).toEqual([]);
    expect(await it.catalog.runs('crm', 'verify', 10)).toHaveLength(1);
  });

  it('is looked for by one message at a time: a schedule that does not find it starts no other', async () => {
    const it = world();
    const point = await it.dumpIt();
    await it.verifyIt();
    expect((await it.catalog.point('crm', point.id))?.state).toBe('verified');
    expect(it.messages.postponed).toEqual([]);
  });

  it.each([0, 1, 2])('is not there before all of it is there: object %i is missing', async (missing) => {
    const it = world();
    const point = await it.dumpIt();
    await replicate(it, objectsOf(point).toSpliced(missing, 1));
    expect(await it.verifyIt(replicaId(point))).toMatchObject([{ outcome: 'postponed', findings: [] }]);
    expect(await stateOf(it, point)).toBe('creating');
  });

  it('is not there when somebody copied it by hand, under versions of their own', async () => {
    const it = world();
    const point = await it.dumpIt();
    for (const { key } of objectsOf(point)) it.replica.replace(key, Buffer.from('whatever'));
    await it.verifyIt(replicaId(point));
    expect(await stateOf(it, point)).toBe('creating');
  });

  it('is verified as soon as it is there', async () => {
    const it = world();
    const point = await it.dumpIt();
    await it.deliver();
    await replicate(it, objectsOf(point));
    it.clock.set('2026-11-20T01:20:00Z');
    await it.deliver();
    expect(await replicaOf(it, point)).toMatchObject({
      state: 'verified',
      availableAt: '2026-11-20T01:20:00Z',
    });
  });

  it('is left to the schedules after six hours, and verified by the next one', async () => {
    const it = world();
    const point = await it.dumpIt();
    await it.deliver();
    for (let quarter = 1; quarter <= 30; quarter++) {
      it.clock.set(new Date(Date.parse(START) + quarter * 1_000_000));
      await it.deliver();
    }
    const last = it.messages.postponed.length;
    it.clock.set('2026-11-20T20:00:00Z');
    await it.deliver();
    expect(it.messages.postponed).toHaveLength(last);
    await replicate(it, objectsOf(point));
    await it.verifyIt();
    await it.deliver();
    expect(await stateOf(it, point)).toBe('verified');
  });

  it('is asked for by the verification of a later dump as well', async () => {
    const it = world();
    const first = await it.dumpIt();
    await it.deliver();
    it.messages.postponed.length = 0;
    await replicate(it, objectsOf(first));
    it.clock.set('2026-11-20T09:00:00Z');
    it.messages.take('verify');
    await it.dumpIt('2026-11-20T09:00:00Z');
    await it.deliver();
    expect(await stateOf(it, first)).toBe('verified');
  });

  it('that never comes is late, given up after a day, and nothing is taken from the vault', async () => {
    const it = world();
    const point = await it.dumpIt();
    await it.deliver();
    const target = it.deps.plan.targets[0]!;
    const judged = async (at: string) =>
      checkCopies(target, await it.catalog.refreshStatus('crm'), new Date(at));
    await it.catalog.owe('crm', {}, new Date(START));
    expect(await judged('2026-11-21T03:29:00Z')).toEqual([]);
    expect(await judged('2026-11-21T03:31:00Z')).toMatchObject([
      { code: 'copy-late', subject: 'dump@replica' },
    ]);
    it.clock.set('2026-11-21T05:00:00Z');
    const job = {
      job: 'expire',
      target: 'crm',
      scheduledFor: '2026-11-21T05:00:00Z',
      requestedBy: 'x',
      dryRun: false,
    };
    await expire({ ...job, job: 'expire' }, { ...it.deps, platform: memoryPlatform(), home: 'eu-central-1' });
    expect(await stateOf(it, point)).toBe('failed');
    expect(await it.vault.headVersion(point.dump!)).toBeDefined();
  });
});

describe('a replica that has arrived', () => {
  /** A dump, verified in the vault; its replica is there. */
  async function arrivedWorld(policy?: string, scheduledFor = START) {
    const it = world(policy);
    const point = await it.dumpIt(scheduledFor);
    await it.verifyIt(point.id);
    await replicate(it, objectsOf(point));
    return { ...it, point };
  }

  it('is verified when it is the same to the last byte, and is a copy of its own from then on', async () => {
    const it = await arrivedWorld();
    expect(await it.verifyIt(replicaId(it.point))).toMatchObject([{ outcome: 'done', findings: [] }]);
    expect(await replicaOf(it, it.point)).toMatchObject({ state: 'verified', verifySeconds: 0 });
    expect((await it.catalog.refreshStatus('crm')).copies).toMatchObject({
      'dump@replica': { id: replicaId(it.point), snapshotAt: it.point.snapshotAt },
    });
  });

  it('is verified once, whoever asks', async () => {
    const it = await arrivedWorld();
    await it.verifyIt(replicaId(it.point));
    expect(await it.verifyIt(replicaId(it.point))).toMatchObject([{ outcome: 'done-before' }]);
  });

  it.each([
    ['dump', 'checksum-mismatch'],
    ['roles', 'checksum-mismatch'],
    ['manifest', 'manifest-invalid'],
  ] as const)(
    'with a flipped bit in its %s is corrupt, while the dump in the vault stays good',
    async (which, code) => {
      const it = await arrivedWorld();
      it.replica.rot(it.point[which]!, flip);
      const [outcome] = await it.verifyIt(replicaId(it.point));
      expect(outcome!.findings).toMatchObject([{ code, subject: replicaId(it.point) }]);
      expect(await replicaOf(it, it.point)).toMatchObject({ state: 'corrupt', why: code });
      expect((await it.catalog.point('crm', it.point.id))?.state).toBe('verified');
      expect(await open(it)).toEqual([`${code} ${replicaId(it.point)}`]);
      expect((await it.catalog.refreshStatus('crm')).copies).toBeUndefined();
    },
  );

  it('and is hidden or cut off afterwards is missing or too short', async () => {
    const it = await arrivedWorld();
    await it.verifyIt(replicaId(it.point));
    it.replica.rot(it.point.dump!, (body) => body.subarray(1));
    const [short] = await it.verifyIt(replicaId(it.point), { again: true });
    expect(short!.findings).toMatchObject([{ code: 'artifact-size-mismatch' }]);
    it.replica.hide(it.point.dump!.key);
    const [hidden] = await it.verifyIt(replicaId(it.point), { again: true });
    expect(hidden!.findings).toMatchObject([{ code: 'artifact-missing', subject: replicaId(it.point) }]);
  });

  it('has its dump looked at and not read by a policy of depth exists', async () => {
    const it = await arrivedWorld('vault: { replica: true }\nverify: { depth: exists }');
    const read: string[] = [];
    it.deps.replica = {
      ...it.replica,
      read(object, signal) {
        read.push(object.key);
        return it.replica.read(object, signal);
      },
    };
    await it.verifyIt(replicaId(it.point));
    expect(await stateOf(it, it.point)).toBe('verified');
    expect(read).toEqual([it.point.keys.manifest]);
  });

  it('is not held against pg_restore, which its original was', async () => {
    const it = await arrivedWorld();
    it.deps.engine.inspect = () => Promise.reject(new Error('pg_restore was asked'));
    await it.verifyIt(replicaId(it.point));
    expect(await stateOf(it, it.point)).toBe('verified');
  });

  it('and is bad keeps its alarm when the vault’s next dump is good, and loses it to a good replica', async () => {
    const it = await arrivedWorld();
    it.replica.rot(it.point.dump!, flip);
    await it.verifyIt(replicaId(it.point));
    it.clock.set('2026-11-21T01:00:00Z');
    const next = await it.dumpIt('2026-11-21T01:00:00Z');
    await it.verifyIt(next.id);
    expect(await open(it)).toEqual([`checksum-mismatch ${replicaId(it.point)}`]);
    await replicate(it, objectsOf(next));
    await it.verifyIt(replicaId(next));
    expect(await open(it)).toEqual([]);
    expect(await stateOf(it, it.point)).toBe('corrupt');
  });

  it('and is good takes no alarm from a bad dump in the vault', async () => {
    const it = await arrivedWorld();
    it.vault.rot(it.point.dump!, flip);
    await it.verifyIt(it.point.id, { again: true });
    await it.verifyIt(replicaId(it.point));
    expect(await stateOf(it, it.point)).toBe('verified');
    expect(await open(it)).toEqual([`checksum-mismatch ${it.point.id}`]);
  });

  it('is not asked for by another replica, so that two that cannot be read do not ask for each other for ever', async () => {
    const it = await arrivedWorld();
    const other = await it.dumpIt('2026-11-20T01:00:10Z');
    await replicate(it, objectsOf(other));
    it.messages.postponed.length = 0;
    await it.verifyIt(replicaId(it.point));
    expect(it.messages.postponed).toEqual([]);
    expect(await stateOf(it, other)).toBe('creating');
  });
});

describe('a deployment that has no replica any more', () => {
  it('says so of a replica that is asked for, and verifies the vault as ever', async () => {
    const it = world();
    const point = await it.dumpIt();
    it.deps.replica = undefined;
    await expect(it.verifyIt(replicaId(point))).rejects.toMatchObject({ code: 'replica-unknown' });
    expect(await it.verifyIt(point.id)).toMatchObject([{ outcome: 'done' }]);
    expect(it.log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { message: expect.stringContaining('no replica bucket') },
    ]);
    expect(await open(it)).toEqual([]);
  });

  it('verifies the vault also when the replica cannot be asked', async () => {
    const it = world();
    const point = await it.dumpIt();
    it.deps.replica = { ...it.replica, headVersion: () => Promise.reject(new Error('AccessDenied')) };
    expect(await it.verifyIt(point.id)).toMatchObject([{ outcome: 'done' }]);
    expect((await it.catalog.point('crm', point.id))?.state).toBe('verified');
    await expect(it.verifyIt(replicaId(point))).rejects.toThrow('AccessDenied');
  });
});
