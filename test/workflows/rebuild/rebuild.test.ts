import { restorePlan } from '../../../lib/domain/incidents/restore-plan.ts';
import { placedId, REPLICA, VAULT, vaultKeys } from '../../../lib/domain/names.ts';
import type { Plan } from '../../../lib/domain/plan/policy.ts';
import type { DumpPoint, StoredObject } from '../../../lib/domain/points/recovery-point.ts';
import type { Place, Platform } from '../../../lib/ports/platform.ts';
import type { Vault } from '../../../lib/ports/vault.ts';
import { rebuild } from '../../../lib/workflows/rebuild/rebuild.ts';
import { HOME } from '../../support/builders.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryPlatform } from '../../support/doubles/platform.ts';
import { recorded } from '../../support/doubles/recorded.ts';
import { memoryVault } from '../../support/doubles/vault.ts';
import { dumpWorld } from '../../support/dumps.ts';
import { planWith } from '../../support/plan.ts';
import { ABROAD, AT, copiesTo, ownSnapshot, planOf } from '../../support/snapshots.ts';

const NOON = '2026-11-20T12:00:00Z';
const DAYS = ['2026-11-18T01:00:00Z', '2026-11-19T01:00:00Z', AT];
const options = (key: string) => ({ key, contentType: 'text/plain', tags: {} });

/** Three dumps in a vault, and a catalog that has just been lost. */
async function lost() {
  const world = dumpWorld();
  const before: DumpPoint[] = [];
  for (const day of DAYS) {
    world.clock.set(day);
    before.push(await world.dumped(day));
  }
  world.clock.set(NOON);
  return { ...world, before, ...rebuilding(world.vault, world.deps.plan, undefined, world.clock) };
}

/** An empty catalog, and a way to fill it. */
function rebuilding(
  vault: Vault,
  plan: Plan,
  platform: Pick<Platform, 'source' | 'snapshots'> = memoryPlatform(),
  clock = manualClock(NOON),
  home = HOME,
) {
  const catalog = memoryCatalog(clock, home);
  return {
    clock,
    empty: catalog,
    again: (
      request: { target?: string; dryRun?: boolean } = {},
      place: DumpPoint['place'] = VAULT,
      more: { vault?: Vault; plan?: Plan } = {},
    ) =>
      rebuild(
        { dryRun: false, ...request },
        {
          ...{ plan, catalog, platform, clock, stage: 'test', home, ...more },
          dumps: { vault: more.vault ?? vault, place },
        },
      ),
  };
}

/** Puts another object under a key whose first was removed by somebody with all rights. */
async function exchange(vault: Vault, { key }: StoredObject, body: Buffer | string) {
  await vault.removeAllVersions(key);
  return vault.put(Buffer.from(body), options(key));
}

describe('of a vault', () => {
  it('makes every dump a point again with all that its manifest knows, and not verified', async () => {
    const { before, empty, again } = await lost();
    const report = await again();
    expect(report).toMatchObject({
      targets: [{ target: 'crm', added: before.map(({ id }) => id), known: 0 }],
    });
    expect([report.findings, report.failures]).toEqual([[], []]);
    const { dumpSeconds: _only, availableAt: _when, ...known } = before[2]!;
    expect(await empty.point('crm', before[2]!.id)).toEqual({
      ...known,
      availableAt: NOON,
      rebuiltAt: NOON,
    });
  });

  it('adds nothing when it runs again, and changes no record', async () => {
    const { before, empty, again } = await lost();
    await again();
    await empty.movePoint('crm', before[2]!.id, 'verified', { verifiedAt: NOON });
    expect(await again()).toMatchObject({ targets: [{ added: [], known: 3 }], findings: [] });
    expect(await empty.point('crm', before[2]!.id)).toMatchObject({ state: 'verified' });
  });

  it('writes nothing in a dry run, and says what it would add', async () => {
    const { before, empty, again } = await lost();
    expect(await again({ dryRun: true })).toMatchObject({
      dryRun: true,
      targets: [{ added: before.map(({ id }) => id) }],
    });
    expect(await empty.points('crm')).toEqual([]);
  });

  it('leaves a dump that is being made to its run', async () => {
    const { vault, clock, again } = await lost();
    const keys = vaultKeys('crm', NOON, 1);
    clock.set('2026-11-20T11:59:00Z');
    await vault.put(Buffer.from('half'), options(keys.dump));
    clock.set(NOON);
    expect(await again()).toMatchObject({ targets: [{ beingMade: 1 }], findings: [] });
  });

  it('takes the last whole attempt of a moment, and says nothing of what died before it', async () => {
    const { vault, clock, before, empty, again } = await lost();
    clock.set('2026-11-21T12:00:00Z');
    const { dump, manifest } = before[2]!;
    const second = vaultKeys('crm', AT, 2);
    await vault.put(Buffer.from('died'), options(second.dump));
    expect(await again()).toMatchObject({ targets: [{ added: before.map(({ id }) => id) }], findings: [] });
    expect(await empty.pointAt('crm', AT)).toMatchObject({ dump, manifest });
  });

  it('reads at most sixteen manifests at once, whatever their number', async () => {
    const { vault, before, again } = await lost();
    const body = JSON.parse((await textOf(vault, before[0]!.manifest!)).toString());
    for (let minute = 1; minute <= 50; minute++) {
      const at = `2026-11-17T01:${String(minute).padStart(2, '0')}:00Z`;
      const keys = vaultKeys('crm', at, 1);
      const dump = await vault.put(Buffer.from('archive'), options(keys.dump));
      const roles = await vault.put(Buffer.from('roles'), options(keys.roles));
      const point = `${at.replace(/[-:]/g, '')}-1`;
      const written = { ...body, run: `dump/crm/${at}`, point, dump, roles };
      await vault.put(Buffer.from(JSON.stringify(written)), options(keys.manifest));
    }
    let [now, most, inFlight] = [0, 0, 0];
    const counting: Vault = {
      ...vault,
      async read(object, signal) {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setImmediate(resolve));
        now--;
        return vault.read(object, signal);
      },
      async *list(prefix) {
        for await (const each of vault.list(prefix)) {
          inFlight++;
          yield each;
        }
      },
    };
    const report = await again({}, VAULT, { vault: counting });
    expect(report.targets[0]!.added).toHaveLength(53);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(16);
    expect(inFlight).toBe(159);
  });
});

describe('finds, and takes for no point,', () => {
  const cases: [string, string, (world: Awaited<ReturnType<typeof lost>>) => Promise<unknown>, RegExp][] = [
    [
      'a dump without a manifest',
      'dump-without-manifest',
      ({ vault, before }) => vault.removeAllVersions(before[2]!.keys.manifest),
      /has no manifest/,
    ],
    [
      'a manifest that is not JSON, without a word of it',
      'manifest-invalid',
      ({ vault, before }) => exchange(vault, before[2]!.manifest!, '{"password": hunter2'),
      /manifest\.json is not JSON$/,
    ],
    [
      'a manifest of another layout',
      'manifest-invalid',
      async ({ vault, before }) => {
        const text = JSON.parse((await textOf(vault, before[2]!.manifest!)).toString());
        await exchange(vault, before[2]!.manifest!, JSON.stringify({ ...text, schemaVersion: 9 }));
      },
      /another layout than this version’s: schemaVersion/,
    ],
    [
      'a manifest of another target',
      'manifest-foreign',
      async ({ vault, before }) => {
        const text = JSON.parse((await textOf(vault, before[2]!.manifest!)).toString());
        await exchange(vault, before[2]!.manifest!, JSON.stringify({ ...text, target: 'shop' }));
      },
      /is of the target shop/,
    ],
    [
      'a manifest of another dump',
      'manifest-foreign',
      async ({ vault, before }) => {
        const other = await textOf(vault, before[1]!.manifest!);
        await exchange(vault, before[2]!.manifest!, other);
      },
      /is of the point 20261119T010000Z-1/,
    ],
    [
      'a manifest that was written over',
      'manifest-replaced',
      async ({ vault, before }) =>
        vault.replace(before[2]!.keys.manifest, await textOf(vault, before[2]!.manifest!)),
      /has 2 versions/,
    ],
    [
      'a manifest that a delete marker hides',
      'manifest-missing',
      async ({ vault, before }) => vault.hide(before[2]!.keys.manifest),
      /hidden by a delete marker/,
    ],
    [
      'a manifest whose dump is gone',
      'artifact-missing',
      ({ vault, before }) => vault.removeAllVersions(before[2]!.keys.dump),
      /it is gone/,
    ],
    [
      'a manifest whose roles are gone',
      'artifact-missing',
      ({ vault, before }) => vault.removeAllVersions(before[2]!.keys.roles),
      /roles\.sql: it is gone/,
    ],
    [
      'a dump that was written over',
      'artifact-replaced',
      async ({ vault, before }) => vault.replace(before[2]!.keys.dump, Buffer.from('theirs')),
      /was written over/,
    ],
    [
      'a dump of another size',
      'artifact-size-mismatch',
      async ({ vault, before }) => vault.rot(before[2]!.dump!, (body) => body.subarray(1)),
      /bytes were written|were written/,
    ],
  ];

  it.each(cases)('%s', async (_, code, damage, message) => {
    const world = await lost();
    const [first, second, last] = world.before;
    await damage(world);
    const report = await world.again();
    expect(report.findings).toEqual([{ target: 'crm', code, message: expect.stringMatching(message) }]);
    expect(report.targets).toMatchObject([{ added: [first!.id, second!.id] }]);
    expect(await world.empty.point('crm', last!.id)).toBeUndefined();
    expect((await world.again()).findings).toHaveLength(1);
  });

  it('a dump of a target that understudy.yml does not name', async () => {
    const { again, empty } = await lost();
    const report = await again({}, VAULT, { plan: planWith({ targets: ['shop'] }) });
    expect(report.findings).toMatchObject([
      { target: 'crm', code: 'target-unknown', message: expect.stringContaining('3 dumps') },
    ]);
    expect(await empty.points('crm')).toEqual([]);
  });

  it('a whole dump that the catalog has as failed, which is not overwritten', async () => {
    const { before, empty, again } = await lost();
    const { keys, scheduledFor } = before[2]!;
    const failed = { ...before[2]!, state: 'failed' as const, id: '20261120T010000Z-2', keys };
    await empty.adoptPoint(failed);
    expect(await again()).toMatchObject({ findings: [{ code: 'record-differs' }] });
    expect(await empty.pointAt('crm', scheduledFor)).toMatchObject({ state: 'failed' });
  });

  it('a bucket that refuses one object: the others are added, and it is said', async () => {
    const { vault, before, again } = await lost();
    const refusing: Vault = {
      ...vault,
      head: async (key) => {
        if (key === before[1]!.keys.manifest) throw new Error('Access Denied');
        return vault.head(key);
      },
    };
    const report = await again({}, VAULT, { vault: refusing });
    expect(report.failures).toEqual(['the dump of crm for 2026-11-19T01:00:00Z: Access Denied']);
    expect(report.targets).toMatchObject([{ added: [before[0]!.id, before[2]!.id] }]);
  });
});

test('of a replica bucket alone, the points are those of the replica', async () => {
  const { vault, before, empty, again } = await lost();
  const replica = memoryVault();
  for (const { dump, roles, manifest } of before)
    for (const object of [dump!, roles!, manifest!]) replica.receive(object, await textOf(vault, object));
  const ids = before.map(({ id }) => placedId(id, REPLICA));
  expect(await again({}, REPLICA, { vault: replica })).toMatchObject({
    targets: [{ added: ids }],
    findings: [],
  });
  const { dump, roles, manifest } = before[2]!;
  expect(await empty.point('crm', ids[2]!)).toMatchObject({ place: REPLICA, dump, roles, manifest });
  expect(await again({}, REPLICA, { vault: replica })).toMatchObject({ targets: [{ added: [], known: 3 }] });
  // The vault itself comes back later.
  expect(await again()).toMatchObject({ targets: [{ added: before.map(({ id }) => id) }] });
});

describe('of AWS', () => {
  const plan = planOf({ policy: copiesTo(ABROAD) });
  const taken = () => {
    const platform = memoryPlatform();
    platform.putSnapshot(ownSnapshot());
    platform.putSnapshot(ownSnapshot({ createdAt: '2026-11-20T01:30:00Z' }), 'eu-west-1');
    platform.putSnapshot(
      ownSnapshot({
        id: 'rds:crm-db-2026-11-20',
        type: 'automated',
        tags: {},
        createdAt: '2026-11-20T02:00:00Z',
      }),
    );
    platform.putSnapshot(
      ownSnapshot({ id: 'of-another-stage', tags: { 'understudy:stage': 'dev' } }),
      'eu-west-1',
    );
    return platform;
  };

  it('makes snapshots and copies points again by their tags, and leaves the verdict to the watch', async () => {
    const { empty, again } = rebuilding(memoryVault(), plan, taken());
    const ids = [
      '20261120T010000Z-snapshot@eu-central-1',
      '20261120T010000Z-snapshot@eu-west-1',
      '20261120T020000Z-automated@eu-central-1',
    ];
    expect(await again()).toMatchObject({ targets: [{ target: 'crm', added: ids }], failures: [] });
    expect(await empty.point('crm', ids[1]!)).toMatchObject({
      state: 'available',
      kind: 'snapshot',
      snapshotAt: AT,
      rebuiltAt: NOON,
    });
    expect(await again()).toMatchObject({ targets: [{ added: [], known: 3 }] });
  });

  it('makes a copy a way back for `restore --go` in the Region where it lies, with nothing but that Region', async () => {
    const platform = recorded(taken());
    const there = rebuilding(memoryVault(), plan, platform, undefined, 'eu-west-1');
    const id = '20261120T010000Z-snapshot@eu-west-1';
    expect(await there.again()).toMatchObject({
      targets: [{ added: expect.arrayContaining([id]) }],
      failures: [],
    });
    expect(new Set(platform.callsOf('snapshots').map(([, place]) => (place as Place).region))).toEqual(
      new Set(['eu-west-1']),
    );
    await there.empty.movePoint('crm', id, 'verified', { verifiedAt: NOON });
    const points = await there.empty.points('crm');
    const [target] = plan.targets;
    const input = {
      target: target!,
      now: new Date(NOON),
      points,
      evidence: [],
      findings: [],
      home: 'eu-west-1',
    };
    expect(restorePlan(input).ways).toMatchObject([
      { kind: 'snapshot', point: id, confirm: expect.any(String) },
    ]);
  });

  it('takes what one Region has when another does not answer, and says so', async () => {
    const platform = taken();
    const deaf = {
      ...platform,
      snapshots: async (...[ref, place]: Parameters<Platform['snapshots']>) => {
        if (place.name === HOME) throw new Error('eu-central-1 does not answer');
        return platform.snapshots(ref, place);
      },
    };
    const report = await rebuilding(memoryVault(), plan, deaf).again();
    expect(report.failures).toEqual([`the snapshots of crm in ${HOME}: eu-central-1 does not answer`]);
    expect(report.targets).toMatchObject([{ added: ['20261120T010000Z-snapshot@eu-west-1'] }]);
  });
});

async function textOf(vault: Vault, object: StoredObject): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await vault.read(object)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
