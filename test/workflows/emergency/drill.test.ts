import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { RESTORE_LEASE } from '../../../lib/domain/incidents/restore-record.ts';
import type { RunName } from '../../../lib/domain/names.ts';
import type { Evidence } from '../../../lib/domain/proof/evidence.ts';
import type { Durable } from '../../../lib/ports/durable.ts';
import { concludeRehearsal } from '../../../lib/restore/conclude/conclude.ts';
import { waysBack } from '../../../lib/restore/ways-back.ts';
import type { DrillOutcome } from '../../../lib/workflows/emergency/drill.ts';
import { HOME, platformSource, point, target } from '../../support/builders.ts';
import { emergencyWorld, OLD, UNTOUCHED } from '../../support/emergency-world.ts';
import { deathsOf } from '../../support/executions.ts';
import { raiseFinding } from '../../support/records.ts';
import { MANIFEST } from '../../support/rehearsals.ts';
import { restoreRecord } from '../../support/restore-records.ts';

const NEW = 'crm-db-restored-20261120t120000z';
type World = Awaited<ReturnType<typeof emergencyWorld>>;

const evidenceOf = (outcome: DrillOutcome) => {
  if (outcome.outcome !== 'drilled') throw new Error(`it was ${JSON.stringify(outcome)}`);
  return outcome.evidence;
};
const seenWhileServing = (world: World) => {
  const seen: string[][] = [];
  const { startAnew } = world.services;
  world.services.startAnew = async (ref) => {
    seen.push(world.production().secrets);
    return startAnew(ref);
  };
  return seen;
};

test('a drill gives the application a restored database, and then its own back, and leaves nothing', async () => {
  const world = await emergencyWorld({ drill: { of: 'crm', from: 'moment' } });
  const seen = seenWhileServing(world);
  const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
  const there = `${NEW}.example.internal`;
  expect(seen).toEqual([
    [there, there, there],
    [OLD.host, OLD.host, OLD.host],
  ]);
  expect(world.production()).toEqual(UNTOUCHED);
  expect(world.restored.made()).toEqual([]);
  expect(evidence).toMatchObject({
    ...{ target: 'crm', run: 'drill/crm/2026-11-20T12:00:00Z', sort: 'moment', outcome: 'passed' },
    ...{ strength: 'bounded', operator: 'schedule', findings: [] },
  });
  expect(evidence.phases.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['freeze', 'restore', 'proof', 'approve', 'fence', 'cut-over', 'close']),
  );
  const total = evidence.phases.reduce((sum, { seconds }) => sum + seconds, 0);
  expect(evidence.rto!.achieved).toBeCloseTo(total, 0);
  expect(await world.catalog.evidence('crm', 1)).toEqual([evidence]);
  expect(await world.record()).toMatchObject({
    ...{ state: 'rolled-back', drill: { of: 'crm' }, kept: [], notPutBack: [] },
    answer: { by: 'the policy', answer: 'approve' },
  });
  expect(
    await world.catalog.run({ job: 'drill', target: 'crm', scheduledFor: '2026-11-20T12:00:00Z' }),
  ).toMatchObject({
    state: 'succeeded',
  });
});

test('nobody is told of a drill that works, and no person is asked', async () => {
  const world = await emergencyWorld({ drill: { of: 'crm', from: 'moment' } });
  await world.whole(world.drillOf());
  expect(world.alerts.taken).toEqual([]);
  expect(await world.open()).toEqual([]);
});

test.each(['moment', 'snapshot', 'dump'] as const)(
  'a drill by name restores a %s and gives the name back',
  async (from) => {
    const world = await emergencyWorld({
      ...{ way: from, drill: { of: 'crm', from } },
      restore: { cutover: 'rename', services: [] },
    });
    const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
    expect(evidence).toMatchObject({ sort: from, outcome: 'passed' });
    expect(evidence.strength).toBe(from === 'dump' ? 'exact' : 'bounded');
    expect(Object.fromEntries(world.restored.names)).toMatchObject({ [OLD.name]: OLD.id });
    expect(world.production()).toEqual(UNTOUCHED);
    expect(world.restored.made()).toEqual([]);
    const { platform } = await world.catalog.observed('crm');
    expect(platform).toMatchObject({ id: OLD.name, resourceId: OLD.id });
  },
);

/** Staging is crm, and the data is that of shop, which has another instance. */
async function worldOfTwo(from: 'moment' | 'snapshot' | 'dump') {
  const world = await emergencyWorld({ drill: { of: 'shop', from } });
  const [crm] = world.plan.targets;
  const shop = target({ ...crm!, id: 'shop', platform: { kind: 'rds', id: 'shop-db' }, drill: undefined });
  world.plan.targets.push(shop);
  const own = { id: 'shop-db', resourceId: 'db-SHOP1', parameterGroup: 'shop-parameters' };
  world.platform.putSource(platformSource({ kind: 'rds', ...own }));
  const crms = (await world.platform.source({ kind: 'rds', id: OLD.name }))!;
  world.platform.putSource({ ...crms, parameterGroup: 'crm-parameters' });
  const shopPoint = (at: string) => ({
    ...point(at, { manifest: MANIFEST, database: 'crm' }),
    target: 'shop',
  });
  await world.catalog.adoptPoint(shopPoint('2026-11-20T03:00:00Z'));
  const { platform } = await world.catalog.observed('crm');
  await world.catalog.observe('shop', { platform: { ...platform!, ...own } }, world.clock.now());
  return world;
}

test.each(['moment', 'dump'] as const)(
  'a drill with a %s of another target restores its data, and is evidence of it',
  async (from) => {
    const world = await worldOfTwo(from);
    const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
    expect(evidence).toMatchObject({
      target: 'shop',
      run: 'drill/crm/2026-11-20T12:00:00Z',
      outcome: 'passed',
    });
    expect(await world.catalog.evidence('shop', 1)).toEqual([evidence]);
    expect(await world.catalog.evidence('crm', 1)).toEqual([]);
    if (from === 'dump') {
      expect(world.databases.loaded).toEqual([`20261120T030000Z-1 into ${NEW}`]);
      expect((await world.catalog.point('shop', evidence.point))!.state).toBe('rehearsed');
    } else expect(world.databases.proven).toEqual(['shop']);
    // The restore is one of the staging target, which it replaces: production is not held.
    expect(await world.catalog.restore('shop')).toBeUndefined();
    expect(await world.record()).toMatchObject({ old: { name: OLD.name }, drill: { of: 'shop' } });
    const [[order]] = world.restored.callsOf('begin') as [[{ name: string; from: object }]];
    expect(order.name).toBe(NEW);
    if (from === 'moment') expect(order.from).toMatchObject({ source: 'shop-db' });
    // Staging's own parameters at its release, not those of the other.
    expect(world.restored.callsOf('release')[0]![1]).toMatchObject({
      parameterGroup: 'crm-parameters',
    });
    expect(world.restored.callsOf('quarantineParameters')[0]![1]).toBe('crm-parameters');
  },
);

test('a drill that takes longer than the objective breaches it, and no rehearsal closes that', async () => {
  const world = await emergencyWorld({ drill: { of: 'crm', from: 'moment' } });
  world.plan.targets[0]!.policy.objectives.rto = 1;
  const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
  expect(evidence.findings).toEqual([expect.objectContaining({ code: 'rto-breached', subject: 'drill' })]);
});

test('only a drill of the same staging target closes its failure', async () => {
  const world = await emergencyWorld({ drill: { of: 'crm', from: 'moment' } });
  world.databases.failing = { 'log in': 99 };
  const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
  for (const run of ['drill/other/2026-11-20T13:00:00Z', 'rehearse-moment/crm/2026-11-20T13:00:00Z']) {
    const name = { job: run.split('/')[0]!, target: run.split('/')[1]!, scheduledFor: run.split('/')[2]! };
    const execution = (durable: Durable) => passed({ ...evidence, run }, name, durable, world);
    await world.whole(execution);
    expect([run, await world.open()]).toEqual([run, ['drill-failed crm']]);
  }
});

async function passed(failed: Evidence, name: RunName, durable: Durable, world: World) {
  const claimed = await world.catalog.claim({
    ...{ ...name, requestedBy: 'schedule', now: world.clock.now(), leaseSeconds: 60, token: name.job },
  });
  if (claimed.outcome !== 'claimed') throw new Error('not claimed');
  const evidence: Evidence = { ...failed, outcome: 'passed', findings: [] };
  await concludeRehearsal(evidence, world.plan.targets[0]!, claimed.claim, durable, world.deps);
}

const FAILURES: [string, (world: World) => void, string][] = [
  [
    'a P0 question fails',
    (world) => void Object.assign(world.databases, { failing: { 'leads are there': 9 } }),
    'leads are there',
  ],
  [
    'the application answers wrongly',
    (world) => void Object.assign(world.databases, { failing: { 'log in': 99 } }),
    'log in',
  ],
  [
    'the old database cannot be closed',
    (world) =>
      void Object.assign(world.databases, {
        refuses: {
          fence: { code: 'source-unreachable', message: 'it does not answer' },
        },
      }),
    'it does not answer',
  ],
  [
    'the application cannot log in',
    (world) =>
      void Object.assign(world.databases, {
        refuses: { 'log-in': { code: 'login-refused', message: 'crm may not' } },
      }),
    'crm may not',
  ],
];
test.each(FAILURES)(
  'when %s the drill fails, puts everything back, and the next one clears it',
  async (_, spoil, why) => {
    const world = await emergencyWorld({ drill: { of: 'crm', from: 'moment' } });
    spoil(world);
    const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
    expect(evidence.outcome).toBe('failed');
    expect(evidence.findings).toEqual([
      expect.objectContaining({ code: 'drill-failed', message: expect.stringContaining(why) }),
    ]);
    // What was restored is good all the same.
    expect(evidence.strength).toBe('bounded');
    expect(evidence.error).toBeUndefined();
    expect(world.production()).toEqual(UNTOUCHED);
    expect(world.restored.made()).toEqual([]);
    expect(await world.open()).toEqual(['drill-failed crm']);
    Object.assign(world.databases, { failing: {}, refuses: {} });
    world.clock.advance(3600);
    await world.whole(world.drillOf('2026-11-20T13:00:00Z'));
    expect(await world.open()).toEqual([]);
  },
);

test('a copy that differs is not approved, and the point is found bad as in a rehearsal', async () => {
  const world = await emergencyWorld({ way: 'snapshot', drill: { of: 'crm', from: 'snapshot' } });
  const difference = { kind: 'table' as const, name: 'public.leads', what: 'lost' as const };
  world.databases.proof = { differences: [difference], differenceCount: 1 } as never;
  const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
  expect(evidence.findings.map(({ code }) => code).sort()).toEqual(['drill-failed', 'proof-mismatch']);
  expect((await world.catalog.point('crm', evidence.point))!.state).toBe('corrupt');
  expect(world.applicationSecrets.callsOf('redirect')).toEqual([]);
  expect(world.production()).toEqual(UNTOUCHED);
  expect(world.restored.made()).toEqual([]);
});

test.each([
  ['a P1 question', { failing: { 'invoices are there': 9 } }, 'invoices are there', 'exact'],
  [
    'a loaded row',
    { loads: { strength: 'none' as const, differences: ['public.leads has fewer rows'], notes: [] } },
    'public.leads has fewer rows',
    'none',
  ],
])('the policy does not approve a dump with %s that is wrong', async (_, spoilt, why, strength) => {
  const world = await emergencyWorld({ way: 'dump', drill: { of: 'crm', from: 'dump' } });
  Object.assign(world.databases, spoilt);
  const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
  expect(evidence).toMatchObject({ outcome: 'failed', strength });
  expect(evidence.findings[0]!.message).toContain(why);
  expect(evidence.rto).toBeUndefined();
  expect(world.applicationSecrets.callsOf('redirect')).toEqual([]);
});

test('the policy does not approve a copy that answers an assertion wrongly', async () => {
  const world = await emergencyWorld({ drill: { of: 'crm', from: 'moment' } });
  world.databases.proof = { assertions: [{ name: 'leads are there', passed: false, detail: 'was 0' }] };
  const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
  expect(evidence.findings.map(({ code }) => code).sort()).toEqual(['assertion-failed', 'drill-failed']);
  expect(world.applicationSecrets.callsOf('redirect')).toEqual([]);
});

test('a point that does not restore is found bad, as in a rehearsal', async () => {
  const world = await emergencyWorld({ way: 'snapshot', drill: { of: 'crm', from: 'snapshot' } });
  const { look } = world.restored;
  world.restored.look = async (...which) => {
    const seen = await look(...which);
    return seen && { ...seen, state: 'failed', status: 'failed' };
  };
  const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
  expect(evidence.error).toMatchObject({ kind: 'bad', code: 'restore-failed' });
  expect(evidence.findings.map(({ code }) => code)).toEqual(['restore-failed', 'drill-failed']);
});

test('a way back that does not work is part of the result', async () => {
  const world = await emergencyWorld({ drill: { of: 'crm', from: 'moment' } });
  world.databases.refuses = { thaw: { code: 'source-unreachable', message: 'it does not answer' } };
  const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
  expect(evidence.findings[0]!.message).toContain('the way back: ');
  expect((await world.open()).sort()).toEqual(['drill-failed crm', 'restore-not-undone crm']);
});

test('what a drill has made stays while the application could not be sent back', async () => {
  const world = await emergencyWorld({ drill: { of: 'crm', from: 'moment' } });
  world.applicationSecrets.putBack = async () => {
    throw new UnderstudyError('secret-changed', 'somebody else has written it');
  };
  await world.whole(world.drillOf());
  expect(world.production().secrets).not.toContain(OLD.host);
  expect(world.restored.made()).toEqual([`instance ${NEW}`]);
});

test('a copy whose proof could not be finished is not approved, and nothing is judged', async () => {
  const world = await emergencyWorld({ drill: { of: 'crm', from: 'moment' } });
  await raiseFinding(world.deps, 'proof-incomplete', 'moment');
  world.databases.refuses = { prove: { code: 'proof-died', message: 'out of memory' } };
  const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
  expect(evidence).toMatchObject({ outcome: 'failed', error: { kind: 'unjudged', code: 'not-approved' } });
  expect(evidence.notes).toContain('out of memory');
  expect(world.applicationSecrets.callsOf('redirect')).toEqual([]);
  // One alert for it, and what was known before stays.
  expect((await world.open()).sort()).toEqual(['drill-failed crm', 'proof-incomplete moment']);
});

test('a drill that ended before anything was proven closes nothing that was found before', async () => {
  const world = await emergencyWorld({ way: 'snapshot', drill: { of: 'crm', from: 'snapshot' } });
  const older = `20261119T020000Z-snapshot@${HOME}`;
  await raiseFinding(world.deps, 'restore-failed', older);
  world.databases.refuses = { freeze: { code: 'freeze-denied', message: 'it may not' } };
  const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
  expect(evidence).toMatchObject({ strength: 'none', error: { kind: 'unjudged', code: 'freeze-denied' } });
  expect((await world.open()).sort()).toEqual(['drill-failed crm', `restore-failed ${older}`]);
  // One that proves it does.
  world.databases.refuses = {};
  await world.clock.advance(3600);
  await world.whole(world.drillOf('2026-11-20T13:00:00Z'));
  expect(await world.open()).toEqual([]);
});

test('what the proof found is told when the drill ends before its approval', async () => {
  const world = await emergencyWorld({ way: 'snapshot', drill: { of: 'crm', from: 'snapshot' } });
  const difference = { kind: 'table' as const, name: 'public.leads', what: 'lost' as const };
  world.databases.proof = { differences: [difference], differenceCount: 1 } as never;
  world.databases.failing = { 'leads are there': 9 };
  const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
  expect(evidence.findings.map(({ code }) => code).sort()).toEqual(['drill-failed', 'proof-mismatch']);
  expect((await world.catalog.point('crm', evidence.point))!.state).toBe('corrupt');
});

test('a staging application that does not come up is nothing against the way back', async () => {
  const world = await emergencyWorld({ way: 'snapshot', drill: { of: 'crm', from: 'snapshot' } });
  world.databases.failing = { 'log in': 99 };
  const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
  expect(evidence).toMatchObject({ outcome: 'failed', strength: 'bounded' });
  const point = (await world.catalog.point('crm', evidence.point))!;
  expect(point).toMatchObject({ state: 'rehearsed', rehearsal: { outcome: 'passed', strength: 'bounded' } });
  const { ways } = await waysBack(world.plan.targets[0]!, {}, { ...world.deps, home: HOME });
  const way = ways.find(({ kind }) => kind === 'snapshot')!;
  expect(way.lastFailed).toBeUndefined();
});

test('a way that an open finding would stop is not drilled', async () => {
  const world = await emergencyWorld({ drill: { of: 'crm', from: 'moment' } });
  await raiseFinding(world.deps, 'restore-failed', '20261120T110000Z-moment');
  expect(await world.whole(world.drillOf())).toMatchObject({
    ...{ outcome: 'refused', code: 'no-point' },
    summary: expect.stringContaining('crm has no moment to restore: a job found it'),
  });
  expect(world.databases.asked).toEqual([]);
});

test.each(['warm', 'close'] as const)(
  'somebody who aborts a drill in its phase %s gets everything back, and it says nothing of the point',
  async (phase) => {
    const world = await emergencyWorld({ drill: { of: 'crm', from: 'moment' } });
    world.abortingIn(phase);
    const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
    expect(evidence).toMatchObject({ outcome: 'failed', error: { kind: 'unjudged', code: 'aborted' } });
    expect(evidence.findings).toEqual([]);
    expect(world.production()).toEqual(UNTOUCHED);
    expect(world.restored.made()).toEqual([]);
  },
);

test('a drill does not begin without its setting, or while somebody restores', async () => {
  const none = await emergencyWorld();
  await expect(none.whole(none.drillOf())).rejects.toThrow('crm is not drilled');
  const busy = await emergencyWorld({ drill: { of: 'crm', from: 'moment' } });
  await busy.catalog.beginRestore(restoreRecord({ target: 'crm', state: 'running' }));
  expect(await busy.whole(busy.drillOf())).toMatchObject({ outcome: 'refused', code: 'restore-under-way' });
  expect(busy.restored.made()).toEqual([]);
  const run = await busy.catalog.run({ job: 'drill', target: 'crm', scheduledFor: '2026-11-20T12:00:00Z' });
  expect(run).toMatchObject({ state: 'failed', error: { code: 'restore-under-way' } });
  expect(await busy.open()).toContain('job-failed drill');
});

test('an emergency of the target whose data it would restore comes first', async () => {
  const world = await emergencyWorld({ drill: { of: 'shop', from: 'moment' } });
  world.plan.targets.push(target({ ...world.plan.targets[0]!, id: 'shop', drill: undefined }));
  await world.catalog.beginRestore(restoreRecord({ target: 'shop', state: 'running' }));
  expect(await world.whole(world.drillOf())).toMatchObject({
    ...{ outcome: 'refused', code: 'restore-under-way' },
    summary: expect.stringContaining('restoring shop'),
  });
});

test('a drill that a person rolls back meanwhile changes nothing more', async () => {
  const world = await emergencyWorld({ drill: { of: 'crm', from: 'moment' } });
  const { startAnew } = world.services;
  let rolledBack = false;
  world.services.startAnew = async (ref) => {
    if (!rolledBack) {
      rolledBack = true;
      await world.clock.advance(RESTORE_LEASE + 60);
      await world.whole(world.rollbackOf((await world.record()).id));
    }
    return startAnew(ref);
  };
  expect(await world.whole(world.drillOf())).toMatchObject({ outcome: 'refused', code: 'restore-taken' });
  expect(world.production()).toEqual(UNTOUCHED);
  expect(world.restored.made()).toEqual([]);
});

describe.each(['secret', 'rename'] as const)('a drill by %s that dies in any step', (cutover) => {
  const worldOf = () =>
    emergencyWorld({
      drill: { of: 'crm', from: 'moment' },
      restore: { cutover, ...(cutover === 'rename' ? { services: [] } : {}) },
    });

  test('goes on when it comes back, and leaves nothing', async () => {
    const first = await worldOf();
    for (const death of await deathsOf(first.execution(), first.drillOf())) {
      const world = await worldOf();
      const execution = world.execution();
      await execution.run(world.drillOf(), death);
      await execution.run(world.drillOf());
      expect([death, world.production()]).toEqual([death, UNTOUCHED]);
      expect([death, world.restored.made()]).toEqual([death, []]);
      expect([death, await world.catalog.evidence('crm', 5)]).toEqual([
        death,
        [expect.objectContaining({ outcome: 'passed' })],
      ]);
    }
  });

  test('is ended by a rollback when it does not come back, which deletes what it made', async () => {
    const first = await worldOf();
    const deaths = (await deathsOf(first.execution(), first.drillOf())).filter(({ when }) => when === 'kept');
    let stalled = 0;
    for (const death of deaths) {
      const world = await worldOf();
      await world.execution().run(world.drillOf(), death);
      const began = await world.record();
      if (began?.state !== 'running') continue;
      stalled++;
      await world.clock.advance(RESTORE_LEASE + 60);
      expect([death, await world.whole(world.rollbackOf(began.id))]).toMatchObject([
        death,
        { outcome: 'done' },
      ]);
      expect([death, world.production()]).toEqual([death, UNTOUCHED]);
      expect([death, world.restored.made()]).toEqual([death, []]);
    }
    expect(stalled).toBeGreaterThan(20);
  });
});

test('what cannot be deleted stays on record, so that it is told of', async () => {
  const world = await emergencyWorld({ drill: { of: 'crm', from: 'moment' } });
  world.restored.removeDrilled = async () => {
    throw new UnderstudyError('not-drilled', 'it has not the tag of a drill');
  };
  const evidence = evidenceOf((await world.whole(world.drillOf())) as DrillOutcome);
  expect(evidence.outcome).toBe('passed');
  expect((await world.record()).kept).toEqual([expect.objectContaining({ name: NEW })]);
});
