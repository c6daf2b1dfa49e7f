import { createHash } from 'node:crypto';
import type { DumpPoint } from '../../../lib/domain/points/recovery-point.ts';
import type { VerifyJob } from '../../../lib/domain/runs/job.ts';
import * as compose from '../../../lib/runtime/compose.ts';
import { forget } from '../../../lib/runtime/compose.ts';
import { verify } from '../../../lib/workflows/verify/verify.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { type MemoryVault, memoryVault } from '../../support/doubles/vault.ts';
import { deliver, lastPoint, message, told } from '../../support/night.ts';
import { planWith } from '../../support/plan.ts';
import { collect, engine } from '../../support/source.ts';
import { createStage, type Stage } from '../../support/stage.ts';

type Dumped = { good: DumpPoint; dump: Buffer; manifest: Buffer; roles: Buffer };

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** A real dump, moved into a vault where anything can be done to its bytes, and verified by the real programs. */
describe('verification', () => {
  let database: TestDatabase;
  let stage: Stage;
  let dump: Buffer;
  let manifest: Buffer;
  let usual: Dumped;
  let gzipped: Dumped;

  beforeAll(async () => {
    database = await createDatabase(
      'create table leads (id int primary key, name text); insert into leads select i, md5(i::text) from generate_series(1, 20000) i; create table more as select * from leads limit 50',
    );
    gzipped = await dumpOn(await createStage(planWith({ policy: 'dump: { compression: gzip }' })));
    stage = await createStage(planWith());
    usual = await dumpOn(stage);
    ({ dump, manifest } = usual);
  });
  afterAll(() => database.drop());
  afterEach(() => forget());

  const dumpOn = async (on: Stage): Promise<Dumped> => {
    await on.secret('crm', database.credentials);
    await deliver('dump', message('dump'));
    const good = (await lastPoint())!;
    const vault = compose.vault();
    const [dump, manifest, roles] = (await Promise.all(
      [good.dump!, good.manifest!, good.roles!].map(async (object) => collect(await vault.read(object))),
    )) as [Buffer, Buffer, Buffer];
    return { good, dump, manifest, roles };
  };

  /** Verifies the point with these bytes in the vault, under their recorded versions; the depth is the policy's. */
  const verdict = async (
    damage: (vault: MemoryVault, point: DumpPoint) => void,
    depth = 'full',
    { good, dump, manifest, roles } = usual,
  ): Promise<string[]> => {
    const vault = memoryVault(manualClock(new Date()));
    const put = async (body: Buffer, was: NonNullable<DumpPoint['dump']>) => ({
      ...was,
      ...(await vault.put(body, { key: was.key, contentType: 'x', tags: {} })),
    });
    const [storedDump, storedRoles] = [await put(dump, good.dump!), await put(roles, good.roles!)];
    // The memory vault gives versions of its own, so the manifest names those.
    const text = Buffer.from(
      JSON.stringify({ ...JSON.parse(manifest.toString('utf8')), dump: storedDump, roles: storedRoles }),
    );
    const storedManifest = await put(text, good.manifest!);
    const point = { ...good, dump: storedDump, roles: storedRoles, manifest: storedManifest };
    damage(vault, point);
    const plan = planWith({ policy: `verify: { depth: ${depth} }` });
    const catalog = {
      ...compose.catalog(),
      point: async () => point,
      points: async () => [point],
      movePoint: async () => true,
    };
    const job: VerifyJob = { ...message('verify', { point: good.id }), job: 'verify', again: true } as never;
    const [outcome] = await verify(job, {
      ...compose.telling(),
      catalog,
      plan,
      vault,
      engine: engine(),
      messages: compose.messages(),
      secondsLeft: () => 900,
    });
    return outcome!.findings.map((found) => found.code);
  };
  const rot =
    (which: 'dump' | 'manifest' | 'roles', change: (body: Buffer) => Buffer) =>
    (vault: MemoryVault, point: DumpPoint) =>
      vault.rot(point[which]!, change);
  const flip = (at: number) => (body: Buffer) => {
    const copy = Buffer.from(body);
    copy[at] = copy[at]! ^ (1 << (at % 8));
    return copy;
  };
  const cut = (at: number) => (body: Buffer) => body.subarray(0, at);
  /** Offsets all over something of that length, its ends among them; the same in every run. */
  const offsets = (length: number, count: number) => [
    0,
    1,
    length - 1,
    ...Array.from({ length: count }, (_, i) => (i * 7_919 * 104_729) % length),
  ];

  it.each(['exists', 'checksum', 'readable', 'full'])(
    'never accuses a good point, at depth %s',
    async (depth) => {
      expect(await verdict(() => undefined, depth)).toEqual([]);
    },
  );

  it('finds any bit flipped anywhere in the archive, by its checksum', async () => {
    for (const at of offsets(dump.length, 24))
      expect([at, await verdict(rot('dump', flip(at)))]).toEqual([
        at,
        expect.arrayContaining(['checksum-mismatch']),
      ]);
  });

  it('finds an archive cut off at any length', async () => {
    for (const at of offsets(dump.length, 10))
      expect([at, await verdict(rot('dump', cut(at)))]).toEqual([at, ['artifact-size-mismatch']]);
  });

  it('finds any bit flipped anywhere in the manifest, and one cut off at any length', async () => {
    for (const at of offsets(manifest.length, 24))
      expect([at, await verdict(rot('manifest', flip(at)))]).toEqual([at, ['manifest-invalid']]);
    for (const at of offsets(manifest.length, 8))
      expect([at, await verdict(rot('manifest', cut(at)))]).toEqual([at, ['manifest-invalid']]);
  });

  it('finds a bit flipped in the roles', async () => {
    expect(await verdict(rot('roles', flip(17)))).toEqual(['checksum-mismatch']);
  });

  it('finds what was put in the place of the dump, or hidden, or is gone', async () => {
    expect(await verdict((vault, point) => void vault.replace(point.keys.dump, dump))).toEqual([
      'artifact-replaced',
    ]);
    expect(await verdict((vault, point) => vault.hide(point.keys.dump))).toEqual(['artifact-missing']);
    expect(await verdict((vault, point) => void vault.removeAllVersions(point.keys.dump))).toEqual([
      'artifact-missing',
    ]);
    expect(await verdict((vault, point) => void vault.removeAllVersions(point.keys.roles))).toEqual([
      'artifact-missing',
    ]);
  });

  it('finds a manifest that is missing or was replaced', async () => {
    expect(await verdict((vault, point) => void vault.removeAllVersions(point.keys.manifest))).toEqual([
      'manifest-missing',
    ]);
    expect(await verdict((vault, point) => void vault.replace(point.keys.manifest, manifest))).toEqual([
      'manifest-invalid',
    ]);
  });

  /** Somebody who replaces bytes and can replace every recorded digest and length of them too. */
  const forged = (change: (body: Buffer) => Buffer, of: Dumped) => (vault: MemoryVault, point: DumpPoint) => {
    vault.rot(point.dump!, change);
    const bytes = change(of.dump);
    point.dump = { ...point.dump!, sha256: sha256(bytes), bytes: bytes.length };
    const text = Buffer.from(
      JSON.stringify({ ...JSON.parse(of.manifest.toString('utf8')), dump: point.dump, roles: point.roles }),
    );
    vault.rot(point.manifest!, () => text);
    point.manifest = { ...point.manifest!, sha256: sha256(text), bytes: text.length };
  };

  it('finds an archive that pg_restore cannot read although every checksum agrees', async () => {
    const half = cut(Math.floor(dump.length / 2));
    expect(await verdict(forged(half, usual))).toEqual(['archive-unreadable']);
  });

  // zstd keeps no checksum that pg_restore could compare: there the SHA-256 alone finds a changed bit.
  it('finds a bit flipped in rows by gzip’s own checksum although every other agrees', async () => {
    const flipped = flip(Math.floor(gzipped.dump.length / 2));
    expect(await verdict(forged(flipped, gzipped), 'full', gzipped)).toEqual(['archive-unreadable']);
  });

  it('is done once a point, whoever asks, and tells people once', async () => {
    await deliver('dump', message('dump'));
    const { id } = (await lastPoint())!;
    await told(stage);
    const [first] = await deliver<{ outcome: string }[]>('verify', message('verify', { point: id }));
    const [second] = await deliver<{ outcome: string }[]>(
      'verify',
      message('verify', { point: id, requestedBy: 'a person' }),
    );
    expect([first!.outcome, second!.outcome]).toEqual(['done', 'done-before']);
    expect(await lastPoint()).toMatchObject({ id, state: 'verified' });
    expect((await told(stage)).filter((each) => !each.startsWith('resolved'))).toEqual([]);
  });
});
