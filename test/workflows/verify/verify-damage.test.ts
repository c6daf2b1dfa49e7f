import { createHash } from 'node:crypto';
import type { DumpPoint } from '../../../lib/domain/points/recovery-point.ts';
import type { VerifyJob } from '../../../lib/domain/runs/job.ts';
import * as compose from '../../../lib/runtime/compose.ts';
import { verify } from '../../../lib/workflows/verify/verify.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { type MemoryVault, memoryVault } from '../../support/doubles/vault.ts';
import { deliver, lastPoint, message, told } from '../../support/night.ts';
import { planWith } from '../../support/plan.ts';
import { collect, engine } from '../../support/source.ts';
import { createStage, type Stage } from '../../support/stage.ts';

type Stored = Record<'dump' | 'roles' | 'manifest', Buffer>;
type Dumped = { good: DumpPoint; bytes: Stored };
type Change = (body: Buffer) => Buffer;
type Damage = (vault: MemoryVault, point: DumpPoint) => void;

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const rot =
  (which: keyof Stored, change: Change): Damage =>
  (vault, point) =>
    vault.rot(point[which]!, change);
const flip =
  (at: number): Change =>
  (body) => {
    const copy = Buffer.from(body);
    copy[at] = copy[at]! ^ (1 << (at % 8));
    return copy;
  };
const cut =
  (at: number): Change =>
  (body) =>
    body.subarray(0, at);
/** Offsets all over something of that length, its ends among them; the same in every run. */
const offsets = (length: number, count: number) => [
  0,
  1,
  length - 1,
  ...Array.from({ length: count }, (_, i) => (i * 7_919 * 104_729) % length),
];

/** A real dump, moved into a vault where anything can be done to its bytes, and verified by the real programs. */
describe('a verification', () => {
  let database: TestDatabase;
  let stage: Stage;
  let usual: Dumped;
  let gzipped: Dumped;

  beforeAll(async () => {
    database = await createDatabase(
      'create table leads (id int primary key, name text); insert into leads select i, md5(i::text) from generate_series(1, 20000) i; create table more as select * from leads limit 50',
    );
    gzipped = await dumpOn(await createStage(planWith({ policy: 'dump: { compression: gzip }' })));
    stage = await createStage(planWith());
    usual = await dumpOn(stage);
  });
  afterAll(() => database.drop());
  afterEach(() => compose.forget());

  const dumpOn = async (on: Stage): Promise<Dumped> => {
    await on.secret('crm', database.credentials);
    await deliver('dump', message('dump'));
    const good = (await lastPoint())!;
    const read = async (which: keyof Stored) => collect(await compose.vault().read(good[which]!));
    const bytes = { dump: await read('dump'), roles: await read('roles'), manifest: await read('manifest') };
    return { good, bytes };
  };

  /** The codes that a verification finds when this was done to the dump in the vault; the depth is the policy's. */
  const verdict = async (damage: Damage, depth = 'full', { good, bytes } = usual): Promise<string[]> => {
    const vault = memoryVault(manualClock(new Date()));
    for (const which of ['dump', 'roles', 'manifest'] as const) vault.receive(good[which]!, bytes[which]);
    const point = structuredClone(good);
    damage(vault, point);
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
      plan: planWith({ policy: `verify: { depth: ${depth} }` }),
      vault,
      engine: engine(),
      messages: compose.messages(),
      secondsLeft: () => 900,
    });
    return outcome!.findings.map(({ code }) => code);
  };

  it.each(['exists', 'checksum', 'readable', 'full'])(
    'finds nothing in a good dump (depth %s)',
    async (depth) => {
      expect(await verdict(() => undefined, depth)).toEqual([]);
    },
  );

  it('finds any bit that is flipped anywhere in the archive, by its checksum', async () => {
    const found = expect.arrayContaining(['checksum-mismatch']);
    for (const at of offsets(usual.bytes.dump.length, 24))
      expect([at, await verdict(rot('dump', flip(at)))]).toEqual([at, found]);
  });

  it('finds an archive that is cut off at any length', async () => {
    for (const at of offsets(usual.bytes.dump.length, 10))
      expect([at, await verdict(rot('dump', cut(at)))]).toEqual([at, ['artifact-size-mismatch']]);
  });

  it('finds any bit that is flipped anywhere in the manifest, and a manifest cut off at any length', async () => {
    const { length } = usual.bytes.manifest;
    for (const at of offsets(length, 24))
      expect([at, await verdict(rot('manifest', flip(at)))]).toEqual([at, ['manifest-invalid']]);
    for (const at of offsets(length, 8))
      expect([at, await verdict(rot('manifest', cut(at)))]).toEqual([at, ['manifest-invalid']]);
  });

  const removed =
    (which: keyof Stored): Damage =>
    (vault, { keys }) =>
      void vault.removeAllVersions(keys[which]);
  const replaced =
    (which: keyof Stored): Damage =>
    (vault, { keys }) =>
      void vault.replace(keys[which], usual.bytes[which]);
  it.each<[string, Damage, string]>([
    ['a bit flipped in the roles', rot('roles', flip(17)), 'checksum-mismatch'],
    ['a dump that was replaced', replaced('dump'), 'artifact-replaced'],
    ['a dump that is hidden', (vault, { keys }) => vault.hide(keys.dump), 'artifact-missing'],
    ['a dump that is gone', removed('dump'), 'artifact-missing'],
    ['roles that are gone', removed('roles'), 'artifact-missing'],
    ['a manifest that is gone', removed('manifest'), 'manifest-missing'],
    ['a manifest that was replaced', replaced('manifest'), 'manifest-invalid'],
  ])('finds %s', async (_what, damage, code) => {
    expect(await verdict(damage)).toEqual([code]);
  });

  /** Replaces bytes, and every recorded digest and length of them too. */
  const forged =
    (change: Change, { bytes }: Dumped): Damage =>
    (vault, point) => {
      const record = (which: 'dump' | 'manifest', body: Buffer) => {
        vault.rot(point[which]!, () => body);
        point[which] = { ...point[which]!, sha256: sha256(body), bytes: body.length };
      };
      record('dump', change(bytes.dump));
      const manifest = { ...JSON.parse(bytes.manifest.toString('utf8')), dump: point.dump };
      record('manifest', Buffer.from(JSON.stringify(manifest)));
    };

  it('finds an archive that pg_restore cannot read although every checksum agrees', async () => {
    const half = cut(Math.floor(usual.bytes.dump.length / 2));
    expect(await verdict(forged(half, usual))).toEqual(['archive-unreadable']);
  });

  // zstd keeps no checksum that pg_restore could compare: there the SHA-256 alone finds a changed bit.
  it('finds a bit flipped in rows by gzip’s own checksum although every other agrees', async () => {
    const flipped = flip(Math.floor(gzipped.bytes.dump.length / 2));
    expect(await verdict(forged(flipped, gzipped), 'full', gzipped)).toEqual(['archive-unreadable']);
  });

  it('is done once for each point, although a schedule and a person ask for it, and sends no alert', async () => {
    await deliver('dump', message('dump'));
    const { id } = (await lastPoint())!;
    await told(stage);
    const outcomes: string[] = [];
    for (const requestedBy of ['schedule', 'a person']) {
      const body = message('verify', { point: id, requestedBy });
      outcomes.push((await deliver<{ outcome: string }[]>('verify', body))[0]!.outcome);
    }
    expect(outcomes).toEqual(['done', 'done-before']);
    expect(await lastPoint()).toMatchObject({ id, state: 'verified' });
    expect((await told(stage)).filter((each) => !each.startsWith('resolved'))).toEqual([]);
  });
});
