import { isSnapshot } from '../../../lib/domain/points/recovery-point.ts';
import { emergencyWorld, OLD, UNTOUCHED } from '../../support/emergency-world.ts';
import { comparedOf } from '../../support/rehearsals.ts';

const NEW = 'crm-db-restored-20261120t120000z';

test('a dump is loaded into an empty instance like the source, with roles and all, and goes into service', async () => {
  const world = await emergencyWorld({ way: 'dump' });
  world.approving();
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  const { point } = world.job;
  expect(world.databases.loaded).toEqual([`${point} into ${NEW}`]);
  const source = (await world.platform.source({ kind: 'rds', id: OLD.name }))!;
  expect(world.restored.callsOf('begin')).toEqual([
    [
      expect.objectContaining({
        name: NEW,
        from: {
          empty: expect.objectContaining({ masterUser: source.masterUser, port: source.endpoint!.port }),
        },
        ...{ engineVersion: source.engineVersion, instanceClass: source.instanceClass },
      }),
    ],
  ]);
  const record = await world.record();
  expect(record).toMatchObject({
    way: { kind: 'dump', point },
    proof: { strength: 'exact', differences: [] },
    notes: expect.arrayContaining([expect.stringContaining('roles come back without passwords')]),
  });
  expect(record.phases.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['load', 'complete', 'roles', 'fence', 'release']),
  );
  // It was compared when it was loaded, and has been read.
  expect(world.databases.asked.filter((ask) => ['prove', 'warm'].includes(ask))).toEqual([]);
});

test('a dump that differs or cannot be restored whole is for the approver to judge', async () => {
  const world = await emergencyWorld({ way: 'dump' });
  const differences = ['not restored: extension x', 'rows public.leads 1 of 2'];
  world.databases.loads = { strength: 'none', differences, notes: ['a note'] };
  let asked = '';
  world.whilePaused(async (pause) => {
    if (!pause.startsWith('wait for approval')) return;
    asked = (await world.catalog.openFindings('crm')).find(
      ({ code }) => code === 'restore-awaits-approval',
    )!.message;
    await world.answer('reject');
  });
  await world.whole(world.bodyOf());
  expect(asked).toContain('it differs (2 differences)');
  expect(await world.record()).toMatchObject({ proof: { differences }, state: 'not-done' });
});

test('a dump that does not fit into a function’s time ends the restore, and says how it is restored otherwise', async () => {
  const world = await emergencyWorld({ way: 'dump' });
  world.databases.refuses.load = { code: 'out-of-time', message: 'the time is over' };
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'not-done' });
  expect(world.production()).toEqual(UNTOUCHED);
  expect(await world.record()).toMatchObject({ error: { code: 'out-of-time' } });
});

test('a dump that takes several calls is loaded by several, and compared in parts', async () => {
  const world = await emergencyWorld({ way: 'dump' });
  world.approving();
  const next = { lent: [], leftOut: [], data: 3, postData: 0 };
  const later = { ...next, data: 'all' as const, postData: 2 };
  world.databases.loadParts = [
    { differences: [], notes: ['a note'], next },
    { differences: [], notes: ['a note'], next: later },
  ];
  world.databases.loads = { differences: [], notes: [] };
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect(world.databases.loadedFrom).toEqual([undefined, next, later]);
  expect(world.databases.asked).toContain('prove');
  const { proof, notes } = await world.record();
  // Sequences are not compared then, so it is not called equal.
  expect(proof).toMatchObject({
    strength: 'bounded',
    differences: [],
    unchecked: [expect.stringContaining('sequences')],
  });
  expect(notes.filter((note) => note === 'a note')).toHaveLength(1);
});

test('what one of several calls could not restore, and what the comparison finds, is for the approver', async () => {
  const world = await emergencyWorld({ way: 'dump' });
  world.approving();
  const next = { lent: [], leftOut: [], data: 3, postData: 0 };
  world.databases.loadParts = [{ differences: ['not restored: INDEX x'], notes: [], next }];
  world.databases.loads = { differences: [], notes: [] };
  world.databases.refuses.prove = { code: 'proof-died', message: 'out of memory' };
  await world.whole(world.bodyOf());
  expect((await world.record()).proof).toMatchObject({
    strength: 'none',
    differences: ['not restored: INDEX x'],
    unchecked: expect.arrayContaining(['out of memory']),
  });
});

test.each([
  ['what was not looked at', { unchecked: ['public.leads: no time'] }, 'public.leads: no time'],
  ['tables that were not read', { compared: comparedOf({ tables: 9 }) }, 'not compared'],
])('with %s a comparison in parts is not called whole', async (_, proof, said) => {
  const world = await emergencyWorld({ way: 'dump' });
  world.approving();
  world.databases.loads = { differences: [], notes: [] };
  world.databases.proof = proof;
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect((await world.record()).proof).toMatchObject({
    ...{ strength: 'restored', differences: [] },
    unchecked: expect.arrayContaining([expect.stringContaining(said)]),
  });
});

test('a comparison in parts knows what the load left out, and its notes are on the record', async () => {
  const world = await emergencyWorld({ way: 'dump' });
  world.approving();
  const leftOut = { extensions: ['postgis'], exceptions: [] };
  world.databases.loads = { differences: [], notes: [], leftOut };
  world.databases.proof = { notes: ['view v: written differently'] };
  await world.whole(world.bodyOf());
  expect(world.databases.provenWithout).toEqual([leftOut]);
  expect((await world.record()).notes).toContain('view v: written differently');
});

test('an abort ends the loading between two calls', async () => {
  const world = await emergencyWorld({ way: 'dump' });
  const next = { lent: [], leftOut: [], data: 3, postData: 0 };
  world.databases.loadParts = [{ differences: [], notes: [], next }];
  world.abortingIn('load');
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'not-done' });
  expect(world.databases.loadedFrom).toEqual([undefined]);
  expect(world.production()).toEqual(UNTOUCHED);
});

test('a dump that is too large for the disk of the function is refused before anything is made', async () => {
  const world = await emergencyWorld({ way: 'dump' });
  const { points } = world.catalog;
  world.catalog.points = async (...given) =>
    (await points(...given)).map((each) =>
      each.kind === 'dump' && each.dump ? { ...each, dump: { ...each.dump, bytes: 2 ** 34 } } : each,
    );
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'refused', code: 'does-not-fit' });
  expect(world.restored.made()).toEqual([]);
});

test('without its source the instance has the version of the last snapshot, and none without one', async () => {
  const restore = {
    ...{
      cutover: 'none' as const,
      freeze: 'none' as const,
      subnetGroup: 'private',
      securityGroups: ['sg-1'],
    },
  };
  const world = await emergencyWorld({ way: 'dump', restore });
  world.platform.removeSource(OLD.name);
  world.approving();
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  const snapshot = (await world.catalog.points('crm')).find(isSnapshot)!.snapshot;
  const { engine, engineVersion, masterUser } = snapshot;
  expect(world.restored.callsOf('begin')[0]![0]).toMatchObject({
    ...{ engine, engineVersion },
    from: { empty: { masterUser } },
  });

  const other = await emergencyWorld({ way: 'dump', restore });
  other.platform.removeSource(OLD.name);
  const points = other.catalog.points.bind(other.catalog);
  other.catalog.points = async (...given) => (await points(...given)).filter(({ kind }) => kind === 'dump');
  expect(await other.whole(other.bodyOf())).toMatchObject({ outcome: 'refused', code: 'version-missing' });
});
