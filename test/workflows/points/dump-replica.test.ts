import { buffer } from 'node:stream/consumers';
import { placedId, REPLICA } from '../../../lib/domain/names.ts';
import type { DumpPoint, StoredObject } from '../../../lib/domain/points/recovery-point.ts';
import type { VerifyJob } from '../../../lib/domain/runs/job.ts';
import { checkCopies } from '../../../lib/domain/status/lateness.ts';
import { expire } from '../../../lib/workflows/expire/expire.ts';
import { verify } from '../../../lib/workflows/verify/verify.ts';
import { memoryPlatform } from '../../support/doubles/platform.ts';
import { memoryVault } from '../../support/doubles/vault.ts';
import { dumpWorld } from '../../support/dumps.ts';
import { claimRun, openIn } from '../../support/records.ts';

const START = '2026-11-20T01:00:00Z';
const LATER = '2026-11-20T01:20:00Z';
const NEXT = '2026-11-21T01:00:00Z';

/** A target whose dumps are replicated: by `replicate`, when the test says so. */
function world(policy = 'vault: { replica: true }') {
  const made = dumpWorld(policy);
  const { deps, vault, clock, catalog, messages } = made;
  const replica = memoryVault(clock);
  deps.replica = replica;
  const replicaOf = async (point: DumpPoint) =>
    (await catalog.point('crm', replicaId(point))) as DumpPoint | undefined;
  return {
    ...made,
    replica,
    replicaOf,
    stateOf: async (point: DumpPoint) => (await replicaOf(point))?.state,
    open: () => openIn(catalog),
    /** Delivers what waits in the queue of verifications at that moment, and what comes of it at once. */
    async deliverAt(moment: string | Date) {
      clock.set(moment);
      for (let turn = 0; turn < 5; turn++) {
        for (const message of messages.take('verify')) await verify(message as unknown as VerifyJob, deps);
        clock.set(new Date(clock.now().getTime() + 1000));
      }
    },
    /** What S3 does some time after each write. */
    async replicate(objects: StoredObject[]) {
      for (const object of objects) replica.receive(object, await buffer(await vault.read(object)));
    },
  };
}

const objectsOf = (point: DumpPoint): StoredObject[] => [point.dump!, point.roles!, point.manifest!];
const replicaId = (point: DumpPoint) => placedId(point.id, REPLICA);
const flip = (body: Buffer) => {
  body[0] = body[0]! ^ 1;
  return body;
};

describe('a dump of a policy with a replica', () => {
  it('expects its replica under the keys and versions of the vault, and does not count it yet', async () => {
    const { dumped, replicaOf, catalog } = world();
    const point = await dumped();
    const { keys, dump, roles, manifest, snapshotAt } = point;
    const replica = (await replicaOf(point))!;
    const expected = { id: '20261120T010000Z-1@replica', place: 'replica', state: 'creating' };
    expect(replica).toMatchObject({ ...expected, keys, dump, roles, manifest, snapshotAt });
    expect(replica).not.toHaveProperty('availableAt');
    expect((await catalog.refreshStatus('crm')).copies).toBeUndefined();
  });

  it('expects its replica also when an earlier attempt died before it could record that', async () => {
    const { dumped, deps, catalog, stateOf } = world();
    let died = false;
    deps.catalog = {
      ...catalog,
      async putPoint(claim, point) {
        if (!died && point.place === REPLICA) {
          died = true;
          throw new Error('the worker died');
        }
        await catalog.putPoint(claim, point);
      },
    };
    await expect(dumped()).rejects.toThrow('the worker died');
    const point = await dumped();
    expect(await stateOf(point)).toBe('creating');
    expect(point.state).toBe('available');
  });

  it('keeps its replica verified when a second attempt adopts it', async () => {
    const { dumped, verify, replicate, stateOf, catalog, clock } = world();
    const point = await dumped();
    await replicate(objectsOf(point));
    await verify(replicaId(point));
    // Its run was taken up again by a worker that died.
    const run = { job: 'dump', target: 'crm', scheduledFor: START };
    await claimRun(catalog, run, clock.now(), { leaseSeconds: 1, again: true });
    clock.set('2026-11-20T02:00:00Z');
    await dumped();
    expect(await stateOf(point)).toBe('verified');
  });
});

test('a dump of a policy without a replica is expected in the vault only', async () => {
  const { dumped, catalog } = world('vault: { replica: false }');
  const point = await dumped();
  expect(await catalog.points('crm')).toEqual([point]);
});

describe('a replica that S3 has not finished', () => {
  it('is looked for every quarter of an hour, without a finding', async () => {
    const { dumped, deliverAt, stateOf, catalog, messages, alerts, open } = world();
    const point = await dumped();
    await deliverAt(START);
    expect(await catalog.point('crm', point.id)).toMatchObject({ state: 'verified' });
    expect(await stateOf(point)).toBe('creating');
    const message = { point: replicaId(point) };
    expect(messages.postponed).toMatchObject([{ message, delaySeconds: 900 }]);
    await deliverAt(LATER);
    expect(messages.postponed).toHaveLength(2);
    expect(await stateOf(point)).toBe('creating');
    expect([await open(), alerts.taken]).toEqual([[], []]);
    expect(await catalog.runs('crm', 'verify', 10)).toHaveLength(1);
  });

  it('is looked for by one message at a time: the schedule’s starts no other', async () => {
    const { dumped, verify, catalog, messages } = world();
    const point = await dumped();
    await verify();
    expect(await catalog.point('crm', point.id)).toMatchObject({ state: 'verified' });
    expect(messages.postponed).toEqual([]);
  });

  it.each(['dump', 'roles', 'manifest'] as const)('is awaited while its %s is missing', async (missing) => {
    const { dumped, verify, replicate, stateOf } = world();
    const point = await dumped();
    await replicate(objectsOf(point).filter((object) => object !== point[missing]));
    expect(await verify(replicaId(point))).toMatchObject([{ outcome: 'postponed', findings: [] }]);
    expect(await stateOf(point)).toBe('creating');
  });

  it('is awaited while only copies by hand are there, under other versions', async () => {
    const { dumped, verify, replica, stateOf } = world();
    const point = await dumped();
    for (const { key } of objectsOf(point)) replica.replace(key, Buffer.from('whatever'));
    await verify(replicaId(point));
    expect(await stateOf(point)).toBe('creating');
  });

  it('is verified as soon as it is there', async () => {
    const { dumped, deliverAt, replicate, replicaOf } = world();
    const point = await dumped();
    await deliverAt(START);
    await replicate(objectsOf(point));
    await deliverAt(LATER);
    expect(await replicaOf(point)).toMatchObject({ state: 'verified', availableAt: LATER });
  });

  it('is left to the schedules after six hours, and verified by the next one', async () => {
    const { dumped, deliverAt, verify, replicate, stateOf, messages, clock } = world();
    const point = await dumped();
    for (let quarter = 0; quarter <= 30; quarter++)
      await deliverAt(new Date(Date.parse(START) + quarter * 1_000_000));
    const last = messages.postponed.length;
    await deliverAt('2026-11-20T20:00:00Z');
    expect(messages.postponed).toHaveLength(last);
    await replicate(objectsOf(point));
    await verify();
    await deliverAt(clock.now());
    expect(await stateOf(point)).toBe('verified');
  });

  it('is verified by the verification of a later dump as well', async () => {
    const { dumped, deliverAt, replicate, stateOf, messages, clock } = world();
    const point = await dumped();
    await deliverAt(START);
    await replicate(objectsOf(point));
    clock.set('2026-11-20T09:00:00Z');
    messages.take('verify');
    await dumped('2026-11-20T09:00:00Z');
    await deliverAt(clock.now());
    expect(await stateOf(point)).toBe('verified');
  });

  it('is late when it never comes and failed after a day, while its dump stays in the vault', async () => {
    const { dumped, deliverAt, stateOf, deps, catalog, clock, vault } = world();
    const point = await dumped();
    await deliverAt(START);
    await catalog.owe('crm', {}, new Date(START));
    const late = async (at: string) =>
      checkCopies(deps.plan.targets[0]!, await catalog.refreshStatus('crm'), new Date(at));
    expect(await late('2026-11-21T03:29:00Z')).toEqual([]);
    const found = [{ code: 'copy-late', subject: 'dump@replica' }];
    expect(await late('2026-11-21T03:31:00Z')).toMatchObject(found);
    const scheduledFor = '2026-11-21T05:00:00Z';
    clock.set(scheduledFor);
    const job = { job: 'expire', target: 'crm', scheduledFor, requestedBy: 'x', dryRun: false } as const;
    await expire(job, { ...deps, platform: memoryPlatform(), home: 'eu-central-1' });
    expect(await stateOf(point)).toBe('failed');
    expect(await vault.headVersion(point.dump!)).toBeDefined();
  });
});

describe('a replica that has arrived', () => {
  /** A dump, verified in the vault; its replica is there. */
  async function arrived(policy?: string) {
    const made = world(policy);
    const point = await made.dumped();
    await made.verify(point.id);
    await made.replicate(objectsOf(point));
    const verifyReplica = (more?: Partial<VerifyJob>) => made.verify(replicaId(point), more);
    return { ...made, point, verifyReplica };
  }

  it('is verified once, and counts as a copy from then on', async () => {
    const { point, verifyReplica, replicaOf, catalog } = await arrived();
    expect(await verifyReplica()).toMatchObject([{ outcome: 'done', findings: [] }]);
    expect(await replicaOf(point)).toMatchObject({ state: 'verified', verifySeconds: 0 });
    const { copies } = await catalog.refreshStatus('crm');
    const copy = { id: replicaId(point), snapshotAt: point.snapshotAt };
    expect(copies).toMatchObject({ 'dump@replica': copy });
    expect(await verifyReplica()).toMatchObject([{ outcome: 'done-before' }]);
  });

  it.each([
    ['dump', 'checksum-mismatch'],
    ['roles', 'checksum-mismatch'],
    ['manifest', 'manifest-invalid'],
  ] as const)(
    'is corrupt with a flipped bit in its %s, while the vault’s dump is good',
    async (which, code) => {
      const { point, verifyReplica, replica, replicaOf, catalog, open } = await arrived();
      replica.rot(point[which]!, flip);
      const subject = replicaId(point);
      expect(await verifyReplica()).toMatchObject([{ findings: [{ code, subject }] }]);
      expect(await replicaOf(point)).toMatchObject({ state: 'corrupt', why: code });
      expect(await catalog.point('crm', point.id)).toMatchObject({ state: 'verified' });
      expect(await open()).toEqual([`${code} ${subject}`]);
      expect((await catalog.refreshStatus('crm')).copies).toBeUndefined();
    },
  );

  it('is found too short or missing when it is cut off or hidden after its verification', async () => {
    const { point, verifyReplica, replica } = await arrived();
    const subject = replicaId(point);
    await verifyReplica();
    replica.rot(point.dump!, (body) => body.subarray(1));
    const short = [{ code: 'artifact-size-mismatch', subject }];
    expect(await verifyReplica({ again: true })).toMatchObject([{ findings: short }]);
    replica.hide(point.dump!.key);
    const missing = [{ code: 'artifact-missing', subject }];
    expect(await verifyReplica({ again: true })).toMatchObject([{ findings: missing }]);
  });

  it('is verified without reading its dump by a policy of depth exists', async () => {
    const { point, verifyReplica, replica, deps, stateOf } = await arrived(
      'vault: { replica: true }\nverify: { depth: exists }',
    );
    const read: string[] = [];
    deps.replica = {
      ...replica,
      read(object, signal) {
        read.push(object.key);
        return replica.read(object, signal);
      },
    };
    await verifyReplica();
    expect(await stateOf(point)).toBe('verified');
    expect(read).toEqual([point.keys.manifest]);
  });

  it('is verified without pg_restore, which has read its original', async () => {
    const { point, verifyReplica, deps, stateOf } = await arrived();
    deps.engine.inspect = () => Promise.reject(new Error('pg_restore was asked'));
    await verifyReplica();
    expect(await stateOf(point)).toBe('verified');
  });

  it('keeps its alarm when the vault’s next dump is good, and loses it when the next replica is', async () => {
    const { point, verifyReplica, verify, dumped, replicate, replica, clock, stateOf, open } =
      await arrived();
    replica.rot(point.dump!, flip);
    await verifyReplica();
    clock.set(NEXT);
    const next = await dumped(NEXT);
    await verify(next.id);
    expect(await open()).toEqual([`checksum-mismatch ${replicaId(point)}`]);
    await replicate(objectsOf(next));
    await verify(replicaId(next));
    expect(await open()).toEqual([]);
    expect(await stateOf(point)).toBe('corrupt');
  });

  it('leaves the alarm of a bad dump in the vault open', async () => {
    const { point, verifyReplica, verify, vault, stateOf, open } = await arrived();
    vault.rot(point.dump!, flip);
    await verify(point.id, { again: true });
    await verifyReplica();
    expect(await stateOf(point)).toBe('verified');
    expect(await open()).toEqual([`checksum-mismatch ${point.id}`]);
  });

  it('does not request the verification of another replica: two bad ones must not request each other for ever', async () => {
    const { verifyReplica, dumped, replicate, stateOf, messages } = await arrived();
    const other = await dumped('2026-11-20T01:00:10Z');
    await replicate(objectsOf(other));
    messages.postponed.length = 0;
    await verifyReplica();
    expect(messages.postponed).toEqual([]);
    expect(await stateOf(other)).toBe('creating');
  });
});

describe('a deployment without a replica bucket', () => {
  it('refuses to verify a replica, and verifies the vault with a warning', async () => {
    const { dumped, verify, deps, log, open } = world();
    const point = await dumped();
    deps.replica = undefined;
    await expect(verify(replicaId(point))).rejects.toMatchObject({ code: 'replica-unknown' });
    expect(await verify(point.id)).toMatchObject([{ outcome: 'done' }]);
    expect(log.said('warn')).toEqual([expect.stringContaining('no replica bucket')]);
    expect(await open()).toEqual([]);
  });

  it('verifies the vault also when the replica bucket denies access', async () => {
    const { dumped, verify, deps, replica, catalog } = world();
    const point = await dumped();
    deps.replica = { ...replica, headVersion: () => Promise.reject(new Error('AccessDenied')) };
    expect(await verify(point.id)).toMatchObject([{ outcome: 'done' }]);
    expect(await catalog.point('crm', point.id)).toMatchObject({ state: 'verified' });
    await expect(verify(replicaId(point))).rejects.toThrow('AccessDenied');
  });
});
