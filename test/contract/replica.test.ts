import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { placedId, vaultKeys } from '../../lib/domain/names.ts';
import type { DumpPoint } from '../../lib/domain/points/recovery-point.ts';
import type { Vault } from '../../lib/ports/vault.ts';
import { catalog, forget, replica, vault } from '../../lib/runtime/compose.ts';
import { manifest } from '../support/builders.ts';
import { deliver, message } from '../support/night.ts';
import { planWith } from '../support/plan.ts';
import { createStage, type Stage } from '../support/stage.ts';

const AWAY = 'eu-west-1';

/**
 * The deployment's own functions with a replica in another Region. moto replicates nothing, and gives versions of its
 * own: what S3 keeps equal in both buckets is written here with what the replica's bucket gave.
 */
describe('a deployment', () => {
  let stage: Stage;
  let bucket: string;

  beforeAll(async () => {
    stage = await createStage(planWith());
    stage.usePlan(
      planWith({ policy: 'vault: { replica: true }\nverify: { depth: checksum }\nretention: { all: 7d }' }),
    );
    bucket = `replica-${stage.name}`;
    const away = new S3Client({ region: AWAY, forcePathStyle: true });
    await away.send(
      new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: AWAY } }),
    );
    await away.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    Object.assign(process.env, { UNDERSTUDY_REPLICA: bucket, UNDERSTUDY_REPLICA_REGION: AWAY });
    forget();
  });
  afterAll(() => {
    delete process.env['UNDERSTUDY_REPLICA'];
    delete process.env['UNDERSTUDY_REPLICA_REGION'];
    forget();
  });

  /** A dump and its manifest in one of the buckets, on record in a state. */
  async function put(into: Vault, scheduledFor: string, changes: Partial<DumpPoint>): Promise<DumpPoint> {
    const keys = vaultKeys('crm', scheduledFor, 1);
    const write = (key: string, body: string) =>
      into.put(Buffer.from(body), { key, contentType: 'x', tags: {} });
    const original = `${scheduledFor.replace(/[-:]/g, '')}-1`;
    const dump = await write(keys.dump, `dump of ${scheduledFor}`);
    const roles = await write(keys.roles, 'create role crm;');
    const text = JSON.stringify(manifest({ target: 'crm', point: original, dump, roles }));
    const point: DumpPoint = {
      id: original,
      target: 'crm',
      kind: 'dump',
      place: 'vault',
      state: 'verified',
      scheduledFor,
      snapshotAt: scheduledFor,
      keys,
      dump,
      roles,
      manifest: await write(keys.manifest, text),
      ...changes,
    };
    await catalog().adoptPoint(point);
    return point;
  }
  const asReplica = (scheduledFor: string, changes: Partial<DumpPoint> = {}): Partial<DumpPoint> => ({
    id: placedId(`${scheduledFor.replace(/[-:]/g, '')}-1`, 'replica'),
    place: 'replica',
    state: 'creating',
    ...changes,
  });
  const stateOf = async (id: string) => (await catalog().point('crm', id))?.state;

  it('has a replica of its vault where the environment names one, and none where it names none', async () => {
    const stored = await replica()!.put(Buffer.from('x'), { key: 'crm/x', contentType: 'x', tags: {} });
    expect(await replica()!.headVersion(stored)).toBeDefined();
    expect(await vault().head('crm/x')).toBeUndefined();
    delete process.env['UNDERSTUDY_REPLICA'];
    forget();
    expect(replica()).toBeUndefined();
    process.env['UNDERSTUDY_REPLICA'] = bucket;
    forget();
  });

  it('verifies the replica of a dump by the objects in the replica’s bucket', async () => {
    const at = '2026-11-18T01:00:00Z';
    const { id } = await put(replica()!, at, asReplica(at));
    const outcomes = await deliver('verify', message('verify', { point: id }));
    expect(outcomes).toMatchObject([{ outcome: 'done', findings: [] }]);
    expect(await stateOf(id)).toBe('verified');
  });

  it('takes objects of other versions for no replica of a dump', async () => {
    const at = '2026-11-18T02:00:00Z';
    const original = await put(vault(), at, {});
    const { dump, roles, manifest: text } = original;
    for (const { key } of [dump!, roles!, text!])
      await replica()!.put(Buffer.from('by hand'), { key, contentType: 'x', tags: {} });
    const expected = { ...original, ...asReplica(at) };
    await catalog().adoptPoint(expected);
    const outcomes = await deliver('verify', message('verify', { point: expected.id }));
    expect(outcomes).toMatchObject([{ outcome: 'postponed' }]);
    expect(await stateOf(expected.id)).toBe('creating');
  });

  it('finds the replica of a dump missing when one of its objects is gone', async () => {
    const at = '2026-11-18T03:00:00Z';
    const point = await put(replica()!, at, asReplica(at));
    await deliver('verify', message('verify', { point: point.id }));
    await replica()!.removeAllVersions(point.keys.dump);
    const outcomes = await deliver('verify', message('verify', { point: point.id, again: true }));
    expect(outcomes).toMatchObject([{ findings: [{ code: 'artifact-missing', subject: point.id }] }]);
    expect(await stateOf(point.id)).toBe('corrupt');
  });

  it('expires the replica of a dump in its own bucket, and nothing in the vault', async () => {
    const old = '2026-09-01T01:00:00Z';
    const original = await put(vault(), old, { availableAt: old, legalHold: true });
    const copy = await put(replica()!, old, asReplica(old, { state: 'verified', availableAt: old }));
    const recent = new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d+/, '');
    await put(replica()!, recent, asReplica(recent, { state: 'verified', availableAt: recent }));
    await deliver('expire', message('expire'));
    expect(await stateOf(copy.id)).toBe('expired');
    for (const key of Object.values(copy.keys)) expect(await replica()!.head(key)).toBeUndefined();
    expect(await vault().headVersion(original.dump!)).toBeDefined();
    expect(await stateOf(original.id)).toBe('verified');
  });
});
