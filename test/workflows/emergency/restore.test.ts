import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { phasesOf, RESTORE_PHASES } from '../../../lib/domain/incidents/restore-record.ts';
import { utc } from '../../../lib/domain/time.ts';
import type { RestoreOutcome } from '../../../lib/workflows/emergency/restoring.ts';
import { ALL_SECRETS, emergencyWorld, OLD, SECRETS, UNTOUCHED } from '../../support/emergency-world.ts';
import { raiseFinding } from '../../support/records.ts';
import { restoreRecord } from '../../support/restore-records.ts';

const NEW = 'crm-db-restored-20261120t120000z';

test('a restore that is approved gives the application the new database, and closes the old one first', async () => {
  const world = await emergencyWorld();
  world.approving();
  const outcome = await world.whole(world.bodyOf());
  expect(outcome).toMatchObject({ outcome: 'done', summary: expect.stringContaining(NEW) });
  expect(world.production()).toEqual({
    old: { frozen: true, closed: true },
    secrets: ALL_SECRETS.map(() => `${NEW}.example.internal`),
    name: OLD.id,
  });
  const record = await world.record();
  expect(record).toMatchObject({ state: 'done', phase: 'close', by: 'anna', answer: { by: 'ben' } });
  expect(record.error).toBeUndefined();
  // The tag by which a drill's instance may be deleted is on none that production gets.
  const [[order]] = world.restored.callsOf('begin') as [[{ tags: Record<string, string> }]];
  expect(Object.keys(order.tags)).not.toContain('understudy:drill');
  // A session may have set itself free of the freeze, so only the fence ends the lost interval.
  expect(record.lastWriteBefore! > record.frozenAt!).toBe(true);
  expect(record.phases.map(({ name }) => name)).toEqual(phasesOf(record).slice(0, -1));
  expect(await world.open()).toEqual([]);
  expect(world.services.callsOf('startAnew')).toEqual([[{ cluster: 'web', service: 'crm' }]]);
});

test('a restore by name gives the new one the old one’s name, and keeps the old one', async () => {
  const world = await emergencyWorld({ restore: { cutover: 'rename', services: [] } });
  world.approving();
  await world.whole(world.bodyOf());
  const { made, switched } = await world.record();
  expect(Object.fromEntries(world.restored.names)).toEqual({
    'crm-db': made!.resourceId,
    'crm-db-replaced-20261120t120000z': OLD.id,
  });
  expect(switched).toMatchObject({ oldIs: 'crm-db-replaced-20261120t120000z', newIs: 'crm-db' });
  expect(world.applicationSecrets.callsOf('redirect')).toEqual([]);
  // The watch reports no replaced source.
  const { platform } = await world.catalog.observed('crm');
  expect(platform).toMatchObject({ id: 'crm-db', resourceId: made!.resourceId });
});

test('without a cutover nothing is closed or switched, and the freeze ends', async () => {
  const world = await emergencyWorld({ restore: { cutover: 'none', services: [] } });
  world.approving();
  await world.whole(world.bodyOf());
  expect(world.production()).toEqual(UNTOUCHED);
  expect((await world.record()).next).toContain(
    `send the application to ${NEW}.example.internal:5432 yourself`,
  );
});

test.each([
  ['rejects it', 'rejected', async (world: World) => void (await world.answer('reject'))],
  ['does not answer', 'not-approved', async () => undefined],
])(
  'a restore that a person %s leaves production untouched, and the new database beside it',
  async (_, code, answer) => {
    const world = await emergencyWorld();
    world.whilePaused(async (pause) => {
      if (pause === 'wait for approval: pause 1') await answer(world);
    });
    const outcome = await world.whole(world.bodyOf());
    expect(outcome).toMatchObject({ outcome: 'not-done' });
    expect(world.production()).toEqual(UNTOUCHED);
    expect(world.restored.made()).toEqual([`instance ${NEW}`]);
    expect(await world.record()).toMatchObject({
      state: 'not-done',
      error: { code },
      undone: ['crm-db takes writes again'],
      notes: expect.arrayContaining([expect.stringContaining(`${NEW} stays and costs`)]),
    });
    expect(await world.open()).toEqual(['restore-not-done crm']);
  },
);
type World = Awaited<ReturnType<typeof emergencyWorld>>;

test.each(RESTORE_PHASES.slice(0, RESTORE_PHASES.indexOf('cut-over')))(
  'an abort in the phase %s leaves production untouched, and on record what was undone',
  async (phase) => {
    for (const cutover of ['secret', 'rename'] as const) {
      const way = phase === 'load' ? 'dump' : 'moment';
      const world = await emergencyWorld({ way, restore: { cutover, services: [] } });
      world.approving();
      world.abortingIn(phase);
      const outcome = await world.whole(world.bodyOf());
      expect([cutover, outcome]).toMatchObject([cutover, { outcome: 'not-done' }]);
      expect([cutover, world.production()]).toEqual([cutover, UNTOUCHED]);
      expect(await world.record()).toMatchObject({ state: 'not-done', error: { code: 'aborted' } });
    }
  },
);

test('a restore ends before anything is made when what was confirmed is not so any more', async () => {
  const refusal = async (
    change: (world: World) => Promise<unknown>,
    way: 'moment' | 'snapshot' = 'moment',
  ) => {
    const world = await emergencyWorld({ way });
    await change(world);
    const scheduledFor = utc(world.clock.now());
    const outcome = await world.whole(world.bodyOf({ scheduledFor }));
    expect(world.production().old).toEqual(UNTOUCHED.old);
    expect(world.restored.made()).toEqual([]);
    expect((await world.open()).filter((each) => each !== 'restore-quota quotas')).toEqual([
      'restore-not-done crm',
    ]);
    return (outcome as RestoreOutcome & { code: string }).code;
  };
  expect(await refusal((world) => world.clock.advance(3700))).toBe('plan-too-old');
  const corrupt = (world: World) => world.catalog.movePoint('crm', world.job.point!, 'corrupt', { why: 'x' });
  expect(await refusal(corrupt, 'snapshot')).toBe('plan-overtaken');
  const otherPolicy = async (world: World) => {
    world.plan.targets[0]!.policy.restore.freeze = 'none';
  };
  expect(await refusal(otherPolicy)).toBe('plan-overtaken');
  const stopping = (world: World) => raiseFinding(world.deps, 'restore-quota', 'quotas');
  expect(await refusal(stopping)).toBe('plan-overtaken');
  expect(await refusal(async (world) => world.applicationSecrets.write(SECRETS[1]!, 'x'))).toBe(
    'secret-shape',
  );
});

test('a second restore of a target is told who holds it since when', async () => {
  const world = await emergencyWorld();
  let second: RestoreOutcome | undefined;
  world.whilePaused(async (pause) => {
    if (pause === 'wait for approval: pause 1') {
      const later = world.bodyOf({ scheduledFor: '2026-11-20T12:00:01Z', requestedBy: 'carl' });
      const other = await world.execution().run(later);
      second = other.died ? undefined : other.result;
      await world.answer('reject');
    }
  });
  await world.whole(world.bodyOf());
  expect(second).toMatchObject({
    outcome: 'held',
    summary: 'anna has been restoring crm since 2026-11-20 12:00 UTC (20261120T120000Z)',
  });
});

test('the same message delivered twice, at once, makes one new database', async () => {
  const world = await emergencyWorld();
  world.approving();
  const [one, two] = [world.execution(), world.execution()];
  const endings = await Promise.all([one.run(world.bodyOf()), two.run(world.bodyOf())]);
  const outcomes = endings.map((ending) => (ending.died ? 'died' : ending.result.outcome));
  expect(outcomes.sort()).toEqual(['done', 'held']);
  expect(await world.open()).toEqual([]);
  expect(world.restored.made()).toEqual([`instance ${NEW}`]);
});

test('who began it may not approve it where two are wanted', async () => {
  const world = await emergencyWorld({ restore: { two: true } });
  let refused: unknown;
  world.whilePaused(async (pause) => {
    if (!pause.startsWith('wait for approval')) return;
    refused ??= await world.answer('approve', 'anna').catch((error) => error);
    await world.answer('approve', 'ben').catch(() => undefined);
  });
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect(refused).toMatchObject({ code: 'not-approved' });
});

test('an answer is refused when there is nothing to answer yet, or nothing at all, and the first one counts', async () => {
  const world = await emergencyWorld();
  await expect(world.answer('approve')).rejects.toThrow('no restore of crm is under way');
  const refusals: unknown[] = [];
  world.whilePaused(async (pause) => {
    if (pause === 'let the parameters settle')
      refusals.push(await world.answer('approve').catch(({ code }) => code));
    if (pause !== 'wait for approval: pause 1') return;
    await world.answer('reject');
    refusals.push(await world.answer('approve').catch(({ code }) => code));
  });
  await world.whole(world.bodyOf());
  expect(refusals).toEqual(['too-early', 'already-answered']);
  expect(world.production()).toEqual(UNTOUCHED);
});

test('a secret that somebody writes during the restore is not overwritten, and one that was switched is put back', async () => {
  const world = await emergencyWorld();
  world.whilePaused(async (pause) => {
    if (pause !== 'wait for approval: pause 1') return;
    await world.answer('approve');
    world.applicationSecrets.write(SECRETS[1]!, 'rotated');
  });
  const outcome = await world.whole(world.bodyOf());
  expect(outcome).toMatchObject({ outcome: 'not-done' });
  expect(await world.record()).toMatchObject({ error: { code: 'secret-changed' } });
  expect(world.production()).toEqual({
    ...UNTOUCHED,
    secrets: [OLD.host, 'elsewhere.example.internal', OLD.host],
  });
});

test('an old database that cannot be closed ends the restore, and nothing is switched', async () => {
  const world = await emergencyWorld();
  world.approving();
  world.databases.refuses.fence = { code: 'sessions-stay', message: '2 sessions of rds stay' };
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'not-done' });
  expect(world.applicationSecrets.callsOf('redirect')).toEqual([]);
  expect(world.production()).toEqual(UNTOUCHED);
});

test('a new database that somebody deletes before the fence ends the restore at once', async () => {
  const world = await emergencyWorld();
  world.whilePaused(async (pause) => {
    if (pause !== 'wait for approval: pause 1') return;
    world.deps.restored.look = async () => undefined;
    await world.answer('approve');
  });
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'not-done' });
  expect(await world.record()).toMatchObject({ phase: 'approve', error: { code: 'scratch-deleted' } });
  expect(world.databases.asked).not.toContain('fence');
  expect(world.production()).toEqual(UNTOUCHED);
});

test('what cannot be put back is told by name, and on record', async () => {
  const world = await emergencyWorld();
  world.approving();
  const stays = { code: 'sessions-stay', message: 'one session stays' };
  Object.assign(world.databases.refuses, { fence: stays, unfence: stays, thaw: stays });
  await world.whole(world.bodyOf());
  expect((await world.record()).notPutBack).toEqual([
    'crm-db lets sessions in again: one session stays',
    'crm-db takes writes again: one session stays',
  ]);
  expect(await world.open()).toEqual(['restore-not-done crm', 'restore-not-undone crm']);
});

test('an old database that cannot be reached for a while is opened as soon as it can', async () => {
  const world = await emergencyWorld();
  const unreachable = { code: 'source-unreachable', message: 'the name does not resolve' };
  Object.assign(world.databases.refuses, { unfence: unreachable, thaw: unreachable });
  Object.assign(world.databases.times, { unfence: 3, thaw: 2 });
  world.whilePaused(async (pause) => {
    if (pause !== 'wait for approval: pause 1') return;
    await world.answer('approve');
    world.applicationSecrets.write(SECRETS[1]!, 'rotated');
  });
  await world.whole(world.bodyOf());
  expect(world.production().old).toEqual(UNTOUCHED.old);
  expect(world.databases.new.closed).toBe(true);
  expect((await world.record()).notPutBack).toEqual([]);
});

test('a new database that cannot be closed keeps the old one closed, and the rollback may be repeated', async () => {
  const world = await emergencyWorld({ restore: { services: [] } });
  world.approving();
  await world.whole(world.bodyOf());
  const { id } = await world.record();
  world.databases.refuses.fence = { code: 'sessions-stay', message: 'one session stays' };
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({ outcome: 'not-done' });
  expect(world.production().old.closed).toBe(true);
  expect(await world.record()).toMatchObject({ state: 'done', error: { code: 'restore-not-undone' } });
  expect(await world.open()).toEqual(['restore-not-undone crm']);
  world.databases.refuses.fence = undefined;
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({ outcome: 'done' });
  expect(world.production()).toEqual(UNTOUCHED);
  expect(await world.open()).toEqual([]);
});

test('of two rollbacks that two people ask for at the same moment one puts everything back', async () => {
  const world = await emergencyWorld();
  world.approving();
  await world.whole(world.bodyOf());
  const { id } = await world.record();
  const second = world.execution();
  // Both have seen an ended restore when the first one takes it.
  const { takeRestore } = world.catalog;
  let other: unknown;
  world.catalog.takeRestore = async (...given) => {
    world.catalog.takeRestore = takeRestore;
    other = await second.run(world.rollbackOf(id));
    return takeRestore(...given);
  };
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({ outcome: 'refused' });
  expect(other).toMatchObject({ result: { outcome: 'done' } });
  expect(world.production()).toEqual(UNTOUCHED);
  expect(await world.record()).toMatchObject({ state: 'rolled-back' });
});

test('a rollback does nothing when the old database is gone, and production keeps the new one', async () => {
  const world = await emergencyWorld();
  world.approving();
  await world.whole(world.bodyOf());
  const before = world.production();
  world.platform.removeSource(OLD.name);
  expect(await world.whole(world.rollbackOf((await world.record()).id))).toMatchObject({
    outcome: 'refused',
  });
  expect(world.production()).toEqual(before);
  expect(world.databases.new.closed).toBe(false);
});

test('a name that somebody takes between the two renames: the new one keeps its own, and the old one gets its name back when it is free', async () => {
  const world = await emergencyWorld({ restore: { cutover: 'rename', services: [] } });
  world.approving();
  const { rename } = world.restored;
  let refused = 0;
  world.deps.restored.rename = async (kind, resourceId, from, to) => {
    if (to === OLD.name && resourceId !== OLD.id && refused++ === 0)
      throw new UnderstudyError('instance-exists', `${to} is the name of another one`);
    return rename(kind, resourceId, from, to);
  };
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'not-done' });
  expect(world.production()).toEqual(UNTOUCHED);
  expect(await world.record()).toMatchObject({ error: { code: 'instance-exists' } });
});

test('a copy whose quarantine is open ends the restore', async () => {
  const world = await emergencyWorld();
  world.approving();
  world.databases.refuses.prove = { code: 'quarantine-open', message: 'its subscriptions may act' };
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'not-done' });
  expect(await world.record()).toMatchObject({ phase: 'proof', error: { code: 'quarantine-open' } });
  expect(world.production()).toEqual(UNTOUCHED);
});

test('what else names the old database is listed before approval, and stops nothing where it cannot be seen', async () => {
  const seen = await emergencyWorld();
  seen.approving();
  seen.restored.behind.push({ what: 'the proxy web leads to crm-db', command: 'aws rds …' });
  await seen.whole(seen.bodyOf());
  expect((await seen.record()).incomplete).toEqual(['the proxy web leads to crm-db: aws rds …']);
  expect(seen.restored.callsOf('leftBehind')).toEqual([
    [{ kind: 'rds', old: 'crm-db', members: [], name: NEW, takesName: false }],
  ]);
  const unseen = await emergencyWorld({ restore: { cutover: 'rename', services: [] } });
  unseen.approving();
  unseen.restored.fail('leftBehind', new Error('gone'));
  expect(await unseen.whole(unseen.bodyOf())).toMatchObject({ outcome: 'done' });
  expect((await unseen.record()).incomplete).toEqual([
    expect.stringContaining('what else names crm-db: unknown'),
  ]);
});

test('settings that cannot be given are named with their commands, and settings that can are waited for', async () => {
  const world = await emergencyWorld();
  world.approving();
  world.restored.lacks.push(
    { what: 'Multi-AZ', looks: 3 },
    { what: 'enhanced monitoring', looks: 0, command: 'aws rds modify-db-instance …' },
  );
  await world.whole(world.bodyOf());
  expect((await world.record()).incomplete).toEqual(['enhanced monitoring: aws rds modify-db-instance …']);
});

test('a service that does not become steady is told, and takes nothing back', async () => {
  const world = await emergencyWorld();
  world.approving();
  world.services.look = async () => ({ state: 'failed', seen: '0 of 2 tasks' });
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect(await world.record()).toMatchObject({ state: 'done', error: { code: 'restore-unsettled' } });
  expect(await world.open()).toEqual(['restore-unsettled crm']);
});

test('a rollback closes the new database, opens the old one and leads everything back', async () => {
  for (const cutover of ['secret', 'rename'] as const) {
    const world = await emergencyWorld({ restore: { cutover, services: [] } });
    world.approving();
    await world.whole(world.bodyOf());
    const { id } = await world.record();
    expect(await world.whole(world.rollbackOf(id))).toMatchObject({ outcome: 'done' });
    expect([cutover, world.production()]).toEqual([cutover, UNTOUCHED]);
    expect(world.databases.new.closed).toBe(true);
    expect(await world.record()).toMatchObject({ state: 'rolled-back' });
    // The watch reports no replaced source.
    expect((await world.catalog.observed('crm')).platform).toMatchObject({ resourceId: OLD.id });
    expect(await world.whole(world.rollbackOf(id))).toMatchObject({ outcome: 'refused' });
  }
});

test('whoever began it cannot approve it where another must, however the answer came on record', async () => {
  const world = await emergencyWorld({ restore: { two: true } });
  world.whilePaused(async (pause) => {
    if (pause !== 'wait for approval: pause 1') return;
    const { id } = await world.record();
    const at = utc(world.clock.now());
    await world.catalog.answerRestore({ target: 'crm', restore: id, answer: 'approve', by: 'anna', at });
  });
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'not-done' });
  expect(await world.record()).toMatchObject({ error: { code: 'not-approved' } });
  expect(world.production()).toEqual(UNTOUCHED);
});

test('a restore that is dated at another time does not begin', async () => {
  const world = await emergencyWorld();
  const late = world.bodyOf({ scheduledFor: '2026-11-20T12:11:00Z' });
  expect(await world.whole(late)).toMatchObject({ outcome: 'refused' });
  expect(await world.catalog.restore('crm')).toBeUndefined();
});

test('a restore does not begin while another target of the same instance is restored', async () => {
  const world = await emergencyWorld();
  world.plan.targets.push({ ...world.plan.targets[0]!, id: 'billing' });
  await world.catalog.beginRestore(restoreRecord({ target: 'billing' }));
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'refused', code: 'restore-under-way' });
  expect(world.production()).toEqual(UNTOUCHED);
});

test('the new database has backups from its first minute, as long as the old one', async () => {
  const world = await emergencyWorld();
  world.approving();
  await world.whole(world.bodyOf());
  const { backups } = (await world.platform.source({ kind: 'rds', id: OLD.name }))!;
  expect(backups.retention).toBeGreaterThan(86_400);
  expect(world.restored.callsOf('begin')).toEqual([
    [expect.objectContaining({ backupDays: backups.retention / 86_400 })],
  ]);
});

test.each([
  ['secret', ['dump']],
  ['rename', ['snapshot', 'dump']],
  ['none', []],
] as const)('with cutover: %s the first backups that are asked for are %j', async (cutover, jobs) => {
  const world = await emergencyWorld({ restore: { cutover, services: [] } });
  const { schedules } = world.plan.targets[0]!.policy;
  schedules.dump = schedules.snapshot!;
  world.approving();
  await world.whole(world.bodyOf());
  const asked = ['snapshot', 'dump'].flatMap((queue) => world.deps.messages.take(queue));
  expect(asked.map(({ job }) => job)).toEqual(jobs);
});

test('the password of its making goes when the master has the one of his secret, and stays where nobody else has one', async () => {
  for (const user of ['crm', 'postgres']) {
    const world = await emergencyWorld();
    world.databases.admitted = [{ user, as: 'password-set' }];
    world.approving();
    await world.whole(world.bodyOf());
    const { masterPasswordIn, notes } = await world.record();
    const isMaster = user === 'postgres';
    expect([user, masterPasswordIn, world.deps.passwords.left()]).toEqual(
      isMaster ? [user, undefined, []] : [user, NEW, [`secret ${NEW}`]],
    );
    expect(notes.some((note) => note.includes(`restore/${NEW}`))).toBe(!isMaster);
  }
});

test('a rollback by name waits until the names have settled before it opens what they lead to', async () => {
  const world = await emergencyWorld({ restore: { cutover: 'rename', services: [] } });
  world.approving();
  await world.whole(world.bodyOf());
  const back = world.rollbackOf((await world.record()).id);
  let closed: boolean | undefined;
  world.whilePaused(async (pause) => {
    if (pause === 'let the names settle') closed = world.databases.old.closed;
  });
  await world.whole(back);
  expect(closed).toBe(true);
  expect(world.production()).toEqual(UNTOUCHED);
});

test('a rollback lets the services start anew with the old secrets', async () => {
  const world = await emergencyWorld();
  world.approving();
  await world.whole(world.bodyOf());
  await world.whole(world.rollbackOf((await world.record()).id));
  expect(world.services.callsOf('startAnew')).toHaveLength(2);
});

test('what a person does next is not said any more when the restore is rolled back', async () => {
  const world = await emergencyWorld();
  world.approving();
  await world.whole(world.bodyOf());
  const done = await world.record();
  expect(done.next!.join()).toContain('crm-db stays and costs; delete it when you are sure');
  await world.whole(world.rollbackOf(done.id));
  const back = await world.record();
  expect(
    [...back.notes, ...back.next!].filter((text) => /crm-db stays|deploy that|rollback/.test(text)),
  ).toEqual([]);
  expect(back.next).toEqual([`${NEW} stays and costs; it has what was written to it`]);
});

test('no restore is rolled back while one is under way', async () => {
  const world = await emergencyWorld();
  world.approving();
  await world.whole(world.bodyOf());
  const { id } = await world.record();
  const before = world.production();
  const next = restoreRecord({ id: '20261120T120500Z', startedAt: '2026-11-20T12:05:00Z', token: 'next' });
  await world.catalog.beginRestore(next);
  for (const each of [id, next.id]) {
    const summary = expect.stringContaining(`the restore ${next.id} of crm is under way`);
    expect(await world.whole(world.rollbackOf(each))).toMatchObject({ outcome: 'refused', summary });
    expect(world.production()).toEqual(before);
  }
});

test('migrations that the copy lacks are for the approver to know, and one that cannot be compared ends nothing', async () => {
  const lacks = 'Prisma, public._prisma_migrations: it lacks 1 migration';
  const world = await emergencyWorld();
  world.databases.migrations = [lacks];
  world.approving();
  await world.whole(world.bodyOf());
  expect((await world.record()).notes).toContain(lacks);
  const other = await emergencyWorld();
  other.databases.refuses.migrations = { code: 'source-unreachable', message: 'it does not run' };
  other.approving();
  expect(await other.whole(other.bodyOf())).toMatchObject({ outcome: 'done' });
  expect((await other.record()).notes).toContain('migrations were not compared: it does not run');
});

test('a copy of a moment at which the database was closed is opened before it is proven', async () => {
  const world = await emergencyWorld();
  world.databases.new.closed = true;
  let closed: boolean | undefined;
  world.whilePaused(async (pause) => {
    if (!pause.startsWith('wait for approval')) return;
    closed = world.databases.new.closed;
    await world.answer('approve').catch(() => undefined);
  });
  await world.whole(world.bodyOf());
  const { asked } = world.databases;
  expect([closed, asked.indexOf('reopen') < asked.indexOf('prove')]).toEqual([false, true]);
});

test('an assertion that the copy fails is for the approver to know', async () => {
  const world = await emergencyWorld();
  const failed = { name: 'leads are there', passed: false, detail: '0, expected at least 1000' };
  world.databases.proof = { assertions: [failed, { ...failed, name: 'of a smoke step', smoke: 'P1' }] };
  world.approving();
  await world.whole(world.bodyOf());
  const { proof } = await world.record();
  expect(proof!.differences).toEqual([
    expect.stringContaining('"leads are there" 0, expected at least 1000'),
  ]);
});

test('a dump that brings back one database takes no instance’s name that has others', async () => {
  const world = await emergencyWorld({ way: 'dump', restore: { cutover: 'rename', services: [] } });
  world.databases.before = { crm: {}, billing: {} };
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'not-done' });
  expect(await world.record()).toMatchObject({ error: { code: 'other-databases' } });
  expect(world.restored.made()).toEqual([]);
  const other = await emergencyWorld({ way: 'dump', restore: { cutover: 'rename', services: [] } });
  other.plan.targets.push({ ...other.plan.targets[0]!, id: 'billing' });
  expect(await other.whole(other.bodyOf())).toMatchObject({ outcome: 'refused' });
  expect(other.production()).toEqual(UNTOUCHED);
});

test('a rollback that leaves a service unsteady has its old database, and never calls it kept', async () => {
  const world = await emergencyWorld();
  world.approving();
  await world.whole(world.bodyOf());
  const { id, made } = await world.record();
  world.deps.services.look = async () => ({ state: 'failed', seen: 'no capacity' });
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({ outcome: 'not-done' });
  const record = await world.record();
  expect(record).toMatchObject({
    state: 'rolled-back',
    kept: [{ name: made!.name }],
    notPutBack: [expect.stringContaining('no capacity')],
  });
  expect(world.production()).toEqual(UNTOUCHED);
  // It may be tried again until nothing is left.
  world.deps.services.look = async () => ({ state: 'steady', seen: '2 of 2' });
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({ outcome: 'done' });
  expect((await world.record()).notPutBack).toEqual([]);
});

test('a freeze that an earlier restore could not undo is undone by the next one', async () => {
  const world = await emergencyWorld();
  world.databases.refuses.admit = { code: 'role-missing', message: 'no such role' };
  world.databases.refuses.thaw = { code: 'freeze-denied', message: 'no' };
  await world.whole(world.bodyOf());
  expect(await world.record()).toMatchObject({ state: 'not-done', notPutBack: [expect.anything()] });
  // It is read-only now, which is no usual state.
  world.databases.before = { crm: { readOnly: 'on' } };
  world.databases.refuses = {};
  await world.clock.advance(60);
  const scheduledFor = utc(world.clock.now());
  world.whilePaused(async (pause) => {
    if (pause.startsWith('wait for approval')) await world.answer('reject').catch(() => undefined);
  });
  await world.whole(world.bodyOf({ scheduledFor }));
  const second = await world.record();
  expect(second).toMatchObject({
    was: { crm: {} },
    held: { crm: {} },
    leftBy: { restore: '20261120T120000Z' },
  });
  expect(world.production()).toEqual(UNTOUCHED);
});

test('a request that begins too late is made again by who holds the restore still', async () => {
  const world = await emergencyWorld();
  world.databases.refuses.freeze = { code: 'too-late', message: 'nothing was done' };
  world.databases.times.freeze = 1;
  world.approving();
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
});

test('a rollback asks the new database what it has, where nothing was known of the old one', async () => {
  const world = await emergencyWorld({ restore: { freeze: 'none' } });
  world.databases.refuses.may = { code: 'source-unreachable', message: 'it does not answer' };
  world.databases.refuses.before = { code: 'source-unreachable', message: 'it does not answer' };
  const source = world.platform.source.bind(world.platform);
  world.platform.source = async (ref) => {
    const found = await source(ref);
    return found && { ...found, state: 'stopped', status: 'stopped' };
  };
  world.approving();
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect((await world.record()).closed).toBeUndefined();
  world.platform.source = source;
  world.databases.refuses = {};
  const asked = world.databases.asked.length;
  await world.whole(world.rollbackOf((await world.record()).id));
  expect(world.databases.asked.slice(asked)).toEqual(expect.arrayContaining(['before', 'fence']));
  expect(world.databases.fenced.at(-1)).toEqual(['crm']);
});

test('without a cutover a database that stays frozen can be thawed by a rollback', async () => {
  const world = await emergencyWorld({ restore: { cutover: 'none', services: [] } });
  world.databases.refuses.thaw = { code: 'freeze-denied', message: 'no' };
  world.approving();
  await world.whole(world.bodyOf());
  const { id, notPutBack } = await world.record();
  expect(notPutBack).toEqual([expect.stringContaining('takes no writes')]);
  world.databases.refuses = {};
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({ outcome: 'done' });
  expect(world.databases.old.frozen).toBe(false);
});

test('what dies while it is being made is named by its id when the restore ends', async () => {
  const world = await emergencyWorld();
  world.abortingIn('restore');
  await world.whole(world.bodyOf());
  const { kept, made } = await world.record();
  expect([kept![0]!.name, made!.resourceId]).toEqual([NEW, '']);
  expect(kept![0]!.resourceId).toMatch(/./);
});

test('a rollback does not begin while another target of the instance is restored', async () => {
  const world = await emergencyWorld();
  world.approving();
  await world.whole(world.bodyOf());
  world.plan.targets.push({ ...world.plan.targets[0]!, id: 'billing' });
  await world.catalog.beginRestore(restoreRecord({ target: 'billing' }));
  const { id } = await world.record();
  expect(await world.whole(world.rollbackOf(id))).toMatchObject({
    outcome: 'refused',
    code: 'restore-under-way',
  });
});

test('an old database that RDS calls failed, and that does not answer, is no obstacle to leaving it by secret', async () => {
  const world = await emergencyWorld({ restore: { freeze: 'none' } });
  const unreachable = { code: 'source-unreachable', message: 'it does not answer' };
  Object.assign(world.databases.refuses, { may: unreachable, before: unreachable, fence: unreachable });
  const source = world.platform.source.bind(world.platform);
  world.platform.source = async (ref) => {
    const found = await source(ref);
    return found && { ...found, state: 'unusable', status: 'failed' };
  };
  world.approving();
  expect(await world.whole(world.bodyOf())).toMatchObject({ outcome: 'done' });
  expect((await world.record()).notes.join()).toContain('was not closed, because it does not run: failed');
});
