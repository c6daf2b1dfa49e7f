import { phasesOf, RESTORE_LEASE, type RestorePhase } from '../../../lib/domain/incidents/restore-record.ts';
import { lookAtRestores } from '../../../lib/workflows/watch/restores.ts';
import {
  ALL_SECRETS,
  BESIDE,
  emergencyWorld,
  OLD,
  SECRETS,
  UNTOUCHED,
  UNTOUCHED_BESIDE,
} from '../../support/emergency-world.ts';
import { restoreRecord } from '../../support/restore-records.ts';

type Options = Parameters<typeof emergencyWorld>[0];
const NO_SERVICES = { services: [] };

/** A server of one’s own, the newest dump of its database, and somebody who approves. */
async function worldOf(options: Options = {}) {
  const world = await emergencyWorld({ beside: true, way: 'dump', ...options });
  world.approving();
  return world;
}

test.each([true, 'rds'] as const)(
  'a dump goes into a database beside the living one, and into service (%s)',
  async (beside) => {
    const world = await worldOf({ beside });
    expect(await world.whole(world.bodyOf())).toMatchObject({
      outcome: 'done',
      summary: expect.stringContaining(BESIDE.made),
    });
    expect(world.production()).toEqual({
      old: { frozen: true, closed: true },
      secrets: ALL_SECRETS.map(() => BESIDE.made),
      name: BESIDE.id,
    });
    expect(world.databases.new.closed).toBe(false);
    // Nothing is made at AWS, and no role of the living server gets another password.
    expect(world.restored.made()).toEqual([]);
    expect(world.restored.callsOf('release')).toEqual([]);
    expect(world.databases.asked.filter((ask) => ['admit', 'prove', 'warm', 'reopen'].includes(ask))).toEqual(
      [],
    );
    expect(world.databases.fenced).toEqual([[BESIDE.name]]);
    const record = await world.record();
    const side = { host: OLD.host, port: 5432 };
    expect(record).toMatchObject({
      ...{ kind: 'database', state: 'done', proof: { strength: 'exact' }, closed: [BESIDE.name] },
      old: { name: BESIDE.name, resourceId: BESIDE.id, database: BESIDE.name, ...side },
      made: { name: BESIDE.made, resourceId: BESIDE.madeId, database: BESIDE.made, ...side },
      kept: [{ name: BESIDE.name, resourceId: BESIDE.id }],
      next: expect.arrayContaining([
        `crm stays and takes disk; when nobody needs it: dropdb --host ${OLD.host} --port 5432 crm`,
      ]),
    });
    expect(record.error).toBeUndefined();
    expect(record.phases.map(({ name }) => name)).toEqual(phasesOf(record).slice(0, -1));
    expect(record.next!.join()).not.toContain('understudy.yml');
    expect(await world.open()).toEqual([]);
  },
);

test('by name the new one takes the old one’s, which is kept under another', async () => {
  const world = await worldOf({ restore: { cutover: 'rename', ...NO_SERVICES } });
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect(Object.fromEntries(world.restored.names)).toEqual({
    crm: BESIDE.madeId,
    crm_replaced_20261120t120000z: BESIDE.id,
  });
  const record = await world.record();
  expect(record).toMatchObject({
    switched: { oldIs: 'crm_replaced_20261120t120000z', newIs: 'crm' },
    kept: [{ name: 'crm_replaced_20261120t120000z', resourceId: BESIDE.id }],
  });
  // The instance is the one that it was.
  expect(world.restored.callsOf('rename')).toEqual([]);
  expect(world.databases.asked).not.toContain('admit');
  expect(await world.whole(world.rollbackOf(record.id))).toMatchObject({ outcome: 'done' });
  expect(world.production()).toEqual(UNTOUCHED_BESIDE);
  expect(world.databases.new.closed).toBe(true);
  expect((await world.record()).next).toEqual([
    `${BESIDE.made} stays and takes disk; when nobody needs it: dropdb --host ${OLD.host} --port 5432 ${BESIDE.made}; it has what was written to it`,
  ]);
});

test('without a cutover nothing is closed or switched, and a person sends the application there', async () => {
  const world = await worldOf({ restore: { cutover: 'none', ...NO_SERVICES } });
  await world.whole(world.bodyOf());
  expect(world.production()).toEqual(UNTOUCHED_BESIDE);
  expect((await world.record()).next).toContain(
    `send the application to ${OLD.host}:5432, database ${BESIDE.made}, yourself`,
  );
});

test('who approves sees how it will differ; its owner and rights let nobody in before', async () => {
  const world = await worldOf();
  world.databases.differs = ['owner of the database: shop, and of the living one postgres'];
  let seen: unknown;
  world.whilePaused(async (pause) => {
    if (!pause.startsWith('wait for approval')) return;
    seen = { incomplete: (await world.record()).incomplete, given: [...world.databases.given] };
    await world.answer('approve').catch(() => undefined);
  });
  await world.whole(world.bodyOf());
  expect(seen).toEqual({ incomplete: world.databases.differs, given: ['trial'] });
  expect(world.databases.given).toEqual(['trial', 'given']);
});

test('who approves sees which slots of the old database would fill the server, and afterwards how each is dropped', async () => {
  const world = await emergencyWorld({ beside: true, way: 'dump' });
  world.databases.readers = [{ name: 'search', end: "select pg_drop_replication_slot('search')" }];
  let seen: string[] = [];
  world.whilePaused(async (pause) => {
    if (!pause.startsWith('wait for approval')) return;
    seen = (await world.record()).incomplete;
    await world.answer('approve').catch(() => undefined);
  });
  await world.whole(world.bodyOf());
  expect(seen).toEqual([
    expect.stringMatching(/^replication slot search: stays with crm, .* until its disk is full/),
  ]);
  const { next, id } = await world.record();
  expect(next).toContain(
    "the server keeps every change for the replication slot search of crm, until its disk is full; before that, and when you do not go back: select pg_drop_replication_slot('search')",
  );
  await world.whole(world.rollbackOf(id));
  expect((await world.record()).next!.join()).not.toContain('search');
});

test.each(['load', 'approve'] as const)(
  'one that ends undone (in %s) says how the memberships end that it made, and of no other',
  async (phase) => {
    const world = await worldOf();
    world.databases.joins = ['revoke "Old one" from postgres'];
    if (phase === 'load') world.databases.refuses.load = { code: 'does-not-fit', message: 'too large' };
    else world.abortingIn('approve');
    await world.whole(world.bodyOf());
    const { state, next } = await world.record();
    expect(state).toBe('not-done');
    expect(next).toEqual([
      expect.stringMatching(/^who restored became a member .*: revoke "Old one" from postgres$/),
    ]);
  },
);

test('so does one that was rolled back', async () => {
  const world = await worldOf();
  world.databases.joins = ['revoke "Old one" from postgres'];
  await world.whole(world.bodyOf());
  await world.whole(world.rollbackOf((await world.record()).id));
  expect((await world.record()).next).toEqual([
    expect.stringContaining('revoke "Old one" from postgres'),
    expect.stringContaining(`${BESIDE.made} stays`),
  ]);
});

test('where nobody says which slots there are, that is said', async () => {
  const world = await worldOf();
  world.databases.refuses.readers = { code: 'source-unreachable', message: 'it does not answer' };
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  const { incomplete, next } = await world.record();
  expect(incomplete).toEqual(['who reads the changes of crm: unknown (it does not answer)']);
  expect(next!.join()).toContain('look which replication slots crm has');
});

test.each([
  ['the server refuses', { code: 'not-possible', message: 'crm may not create databases' }],
  ['the name is another’s', { code: 'database-exists', message: 'it is there' }],
  ['the server does not answer', { code: 'source-unreachable', message: 'it does not answer' }],
])('%s: it is told before anything is on record or made', async (_, said) => {
  const world = await worldOf();
  world.databases.refuses.server = said;
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'refused', code: said.code });
  expect(await world.record()).toBeUndefined();
  expect(world.restored.names.size).toBe(1);
  expect(await world.open()).toEqual(['restore-not-done crm']);
});

test('a server that has no room for it is left alone', async () => {
  const world = await worldOf();
  const points = world.catalog.points.bind(world.catalog);
  world.catalog.points = async (...given) =>
    (await points(...given)).map((each) => (each.kind === 'dump' ? { ...each, sourceBytes: 2e9 } : each));
  world.databases.free = 1.5e9;
  const begin = () => world.whole(world.bodyOf());
  expect(await begin()).toMatchObject({
    ...{ outcome: 'refused', code: 'no-room' },
    summary: 'the server of crm may still take 1500.0 MB, and the dumped database had 2000.0 MB',
  });
  world.databases.free = 2.5e9;
  expect(await begin()).toMatchObject({ outcome: 'done' });
});

test('only a dump goes beside, and what is confirmed says whether it does', async () => {
  const moment = await emergencyWorld();
  expect(await moment.whole(moment.bodyOf({ beside: true }))).toMatchObject({
    ...{ outcome: 'refused', code: 'input-invalid' },
    summary: expect.stringContaining('a moment of crm is a whole instance'),
  });
  expect(moment.production()).toEqual(UNTOUCHED);
  const onto = await emergencyWorld({ way: 'dump' });
  onto.approving();
  // Without its word, and with the code of the other place.
  expect(await onto.whole(onto.bodyOf({ beside: true }))).toMatchObject({ code: 'plan-overtaken' });
  const beside = await emergencyWorld({ way: 'dump', beside: 'rds' });
  expect(await beside.whole(beside.bodyOf({ beside: false }))).toMatchObject({ code: 'plan-overtaken' });
  expect(await onto.whole(onto.bodyOf())).toMatchObject({ outcome: 'done' });
  expect(onto.restored.made()).toHaveLength(1);
});

test('a database that has the old one’s name meanwhile is neither closed nor opened', async () => {
  const world = await worldOf();
  world.whilePaused(async (pause) => {
    if (!pause.startsWith('wait for approval')) return;
    // Somebody has renamed the living one, and made another.
    world.restored.names.set('crm_was', BESIDE.id);
    world.restored.names.set('crm', '17000');
    await world.answer('approve');
  });
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'not-done' });
  expect(await world.record()).toMatchObject({
    error: { code: 'another-database' },
    notPutBack: [expect.stringContaining('crm takes writes again')],
  });
  expect(world.databases.fenced).toEqual([]);
  expect(world.applicationSecrets.callsOf('redirect')).toEqual([]);
});

test('an old database that was dropped is nothing to go back to: production keeps the new one', async () => {
  const world = await worldOf();
  await world.whole(world.bodyOf());
  world.restored.names.delete('crm');
  const { id } = await world.record();
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({
    ...{ outcome: 'refused', code: 'source-not-found' },
    summary: 'the old database crm of crm was dropped',
  });
  expect(world.databases.new.closed).toBe(false);
});

test('an execution that dies while it loads leaves the new database named', async () => {
  const world = await worldOf();
  await world.execution().run(world.bodyOf(), { at: 'load the dump', when: 'kept' });
  const { made, id } = await world.record();
  expect(made).toMatchObject({ name: BESIDE.made, resourceId: '' });
  await world.clock.advance(RESTORE_LEASE + 1);
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({ outcome: 'done' });
  expect((await world.record()).kept).toEqual([{ name: BESIDE.made, resourceId: BESIDE.madeId }]);
  // It is told of without a word with AWS, and without waking the server.
  const { findings } = await lookAtRestores({ ...world.deps, plan: world.plan }, world.clock.now());
  expect(findings).toMatchObject([
    {
      code: 'database-kept',
      subject: BESIDE.made,
      message: expect.stringContaining('takes disk of its server'),
    },
  ]);
});

test.each(['load', 'complete', 'fence', 'release'] as const satisfies RestorePhase[])(
  'an abort in the phase %s leaves production untouched',
  async (phase) => {
    for (const cutover of ['secret', 'rename'] as const) {
      const world = await worldOf({ restore: { cutover, ...NO_SERVICES } });
      world.abortingIn(phase);
      expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'not-done' });
      expect([cutover, world.production()]).toEqual([cutover, UNTOUCHED_BESIDE]);
    }
  },
);

test('hooks are told which database is meant', async () => {
  const restore = { cutover: 'rename' as const, ...NO_SERVICES, hooks: { cutover: ['crm-search'] } };
  const world = await worldOf({ restore });
  await world.whole(world.bodyOf());
  const at = { host: OLD.host, port: 5432 };
  expect(world.hooks.payloads).toMatchObject([
    {
      ...{ hook: 'cut-over', old: { ...at, database: 'crm_replaced_20261120t120000z' } },
      new: { ...at, database: 'crm' },
    },
  ]);
});

test('what an earlier restore has left of other databases of the instance is left alone', async () => {
  const world = await worldOf({ beside: 'rds' });
  const held = { crm: { readOnly: 'off' }, erp: {} };
  await world.catalog.beginRestore(restoreRecord({ id: '20261119T120000Z' }));
  await world.catalog.putRestore(
    restoreRecord({ id: '20261119T120000Z', state: 'not-done', notPutBack: ['it is frozen'], held }),
  );
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect((await world.record()).was).toEqual({ crm: { readOnly: 'off' } });
});

test('it does not begin while another target of the same instance is restored', async () => {
  const world = await worldOf({ beside: 'rds' });
  world.plan.targets.push({ ...world.plan.targets[0]!, id: 'erp' });
  await world.catalog.beginRestore(restoreRecord({ target: 'erp' }));
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'refused', code: 'restore-under-way' });
  // On a server of one's own, two databases have nothing to do with each other.
  const own = await worldOf();
  own.plan.targets.push({ ...own.plan.targets[0]!, id: 'erp' });
  await own.catalog.beginRestore(restoreRecord({ target: 'erp' }));
  expect(await own.whole(own.bodyOf())).toMatchObject({ outcome: 'done' });
});

test('what takes several calls is loaded under one mark, and who approves is told that nothing compared it', async () => {
  const world = await worldOf();
  const next = { restored: 3 } as never;
  world.databases.loadParts = [{ differences: [], notes: [], id: BESIDE.madeId, next }];
  world.databases.loads = { differences: [], notes: [], unchecked: ['"x" was not asked'] };
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect(world.databases.loadedFrom).toEqual([undefined, next]);
  const mark = 'understudy: restore 20261120T120000Z of crm';
  expect(world.databases.marks).toEqual([mark, mark]);
  expect(await world.record()).toMatchObject({
    made: { resourceId: BESIDE.madeId },
    proof: {
      strength: 'restored',
      differences: [],
      unchecked: [
        expect.stringMatching(/^definitions, the rows, .*sequences, and large objects/),
        '"x" was not asked',
      ],
    },
  });
});

test.each(['moment', 'snapshot', 'dump'] as const)(
  'after a cutover by secret beside it, no %s of before becomes an instance until that went back',
  async (way) => {
    const world = await emergencyWorld({ way, restore: NO_SERVICES });
    world.approving();
    const at = '2026-11-20T11:59:59.900Z';
    const made = { name: 'crm_restored_x', resourceId: '16500', database: 'crm_restored_x' };
    const switched = { at, secrets: [{ secret: SECRETS[0]!, before: 'a', after: 'b' }] };
    const earlier = restoreRecord({ id: '20261120T110000Z', kind: 'database', made });
    await world.catalog.beginRestore(earlier);
    await world.catalog.putRestore({ ...earlier, state: 'done', switched });
    expect(await world.whole(world.bodyOf())).toMatchObject({
      ...{ outcome: 'refused', code: 'before-restore' },
      summary: expect.stringMatching(
        /^the secrets of crm name the database crm_restored_x since 2026-11-20 11:59/,
      ),
      hint: expect.stringContaining('./understudy restore rollback crm --restore 20261120T110000Z'),
    });
    expect(world.restored.made()).toEqual([]);
    await world.catalog.putRestore({ ...earlier, state: 'rolled-back', switched });
    expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  },
);

test('a moment of after such a cutover, or after one by name, becomes an instance', async () => {
  for (const switched of [
    { at: '2026-11-19T12:00:00Z', secrets: [{ secret: SECRETS[0]!, before: 'a', after: 'b' }] },
    { at: '2026-11-20T11:59:59.900Z', secrets: [], newIs: 'crm' },
  ]) {
    const world = await emergencyWorld();
    world.approving();
    const earlier = restoreRecord({ id: '20261119T110000Z', kind: 'database' });
    await world.catalog.beginRestore(earlier);
    await world.catalog.putRestore({ ...earlier, state: 'done', switched });
    expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  }
});

test('a server whose storage is full is closed all the same, or keeps its database: the new one is there, too', async () => {
  const world = await worldOf({ beside: 'rds' });
  world.databases.refuses.fence = { code: 'fence-denied', message: 'no space left' };
  const source = world.platform.source.bind(world.platform);
  world.platform.source = async (ref) => {
    const found = await source(ref);
    return found && { ...found, state: 'full' as const, status: 'storage-full' };
  };
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'not-done' });
  expect(world.applicationSecrets.callsOf('redirect')).toEqual([]);
});
