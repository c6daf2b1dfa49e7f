import type { RestoreAllPlan, TargetInAll } from '../../../lib/domain/incidents/restore-all.ts';
import type { RestoreRecord } from '../../../lib/domain/incidents/restore-record.ts';
import type { Way } from '../../../lib/domain/incidents/way.ts';
import { type RestoreAllPorts, runRestoreAll } from '../../../lib/workflows/restore-all/run-restore-all.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { restoreRecord } from '../../support/restore-records.ts';

const NOON = '2026-11-20T12:00:00Z';
const way: Way = {
  ...{ kind: 'moment', asOf: NOON, loses: { least: 60, most: 60 }, confirm: 'code' },
  ...{ concerns: [], costs: { said: 'unknown' } },
};
const all = (...targets: string[]): TargetInAll[] =>
  targets.map((target) => ({ target, priority: 'P0', rto: 3600, way }));
const step = (name: string, restores: TargetInAll[]) => ({
  name,
  targets: 'P0' as const,
  restores,
  endsAfter: 0,
});
const gate = (name: string, more: { function: string; within: number } | { confirm: string }) => ({
  ...{ name, restores: [], endsAfter: 0 },
  ...more,
});
const planOf = (steps: RestoreAllPlan['steps'], more: Partial<RestoreAllPlan> = {}): RestoreAllPlan => ({
  ...{ madeAt: NOON, atOnce: 4, inNoStep: [], total: 0, unmeasured: [], confirm: 'x' },
  steps,
  ...more,
});

type Fate = { takes?: number; ends?: Partial<RestoreRecord>; begins?: 'never' | Error; refused?: string };
const MADE: Partial<RestoreRecord> = {
  phase: 'approve',
  decideBy: '2026-11-21T12:00:00Z',
  made: { name: 'crm-restored', resourceId: 'db-1', host: 'new.internal', port: 5432 },
};

/** A deployment whose restores take so many seconds until they wait for approval; what happened, in order. */
function deployment(fates: Record<string, Fate> = {}, known: RestoreRecord[] = []) {
  const clock = manualClock(NOON, { skipping: true });
  const records = [...known];
  const happened: string[] = [];
  const readyAt = new Map<string, number>();
  const isReady = (target: string) => clock.now().getTime() >= (readyAt.get(target) ?? 0);
  let underWay = 0;
  let most = 0;
  const ports: RestoreAllPorts = {
    clock,
    say: () => undefined,
    live: () => undefined,
    async restore(target, id) {
      const record = records.findLast(
        (each) => each.target === target && (id === undefined || each.id === id),
      );
      if (!record || !readyAt.has(target)) return record ?? null;
      if (!isReady(target)) return record;
      if (!happened.includes(`${target} ready`)) {
        happened.push(`${target} ready`);
        underWay--;
      }
      return { ...record, ...(fates[target]?.ends ?? MADE) };
    },
    async begin({ target }) {
      const { takes = 600, begins, refused } = fates[target] ?? {};
      happened.push(`${target} begun`);
      if (begins instanceof Error) throw begins;
      const id = 'new';
      if (begins !== 'never' && !refused) {
        most = Math.max(most, ++underWay);
        const startedAt = clock.now().toISOString().replace('.000', '');
        records.push(restoreRecord({ target, id, startedAt }));
        readyAt.set(target, clock.now().getTime() + takes * 1000);
      }
      return { id, refused: () => refused };
    },
    async invoke(name, within, request) {
      happened.push(`${name} invoked (${within} s): ${request.restores.map((each) => each.target).join()}`);
      return { ok: true };
    },
    async ask(question) {
      happened.push(question);
      return true;
    },
  };
  return {
    ports,
    happened,
    most: () => most,
    run: (plan: RestoreAllPlan, more: Partial<RestoreAllPorts> = {}) =>
      runRestoreAll(plan, { ...ports, ...more }),
  };
}

test('begins the next step when every restore of this one waits for approval', async () => {
  const { run, happened } = deployment({ a: { takes: 600 }, b: { takes: 60 } });
  const result = await run(planOf([step('P0', all('a', 'b')), step('P1', all('c'))]));
  expect(happened).toEqual(['a begun', 'b begun', 'b ready', 'a ready', 'c begun', 'c ready']);
  expect(result.targets).toMatchObject([
    { target: 'a', outcome: 'made', readyAfter: 600, host: 'new.internal', port: 5432 },
    { target: 'b', outcome: 'made', readyAfter: 60 },
    { target: 'c', outcome: 'made', readyAfter: 1200 },
  ]);
  expect(result.stoppedAt).toBeUndefined();
});

test('has no more than atOnce on their way', async () => {
  const { run, most } = deployment();
  await run(planOf([step('P0', all('a', 'b', 'c', 'd', 'e'))], { atOnce: 2 }));
  expect(most()).toBe(2);
});

test.each<[string, Fate, RegExp]>([
  [
    'ends without success',
    { ends: { state: 'not-done', error: { code: 'x', message: 'no room' } } },
    /no room/,
  ],
  ['is rejected', { ends: { state: 'not-done' } }, /it is not-done/],
  ['cannot be begun', { begins: new Error('access denied') }, /access denied/],
  ['is refused', { refused: 'another is under way' }, /another is under way/],
  ['never begins', { begins: 'never' }, /it has not begun/],
])('goes on with the others when one %s', async (_, fate, why) => {
  const { run } = deployment({ a: fate });
  const result = await run(planOf([step('P0', all('a', 'b')), step('P1', all('c'))]));
  expect(result.targets).toMatchObject([
    { target: 'a', outcome: 'failed', why: expect.stringMatching(why) },
    { target: 'b', outcome: 'made' },
    { target: 'c', outcome: 'made' },
  ]);
  expect(result.targets[0]).not.toHaveProperty('readyAfter');
});

test('takes up a restore that is under way, and one that was done today, and begins neither anew', async () => {
  const now = { startedAt: '2026-11-20T11:30:00Z', id: 'earlier' };
  const known = [
    restoreRecord({ target: 'a', ...now, ...MADE }),
    restoreRecord({ target: 'b', ...now, state: 'done' }),
    restoreRecord({ target: 'c', ...now, state: 'not-done' }),
    restoreRecord({ target: 'd', id: 'old', state: 'done', startedAt: '2026-11-18T12:00:00Z' }),
  ];
  const { run, happened } = deployment({}, known);
  const result = await run(planOf([step('P0', all('a', 'b', 'c', 'd'))]));
  expect(happened.filter((each) => each.endsWith('begun'))).toEqual(['c begun', 'd begun']);
  expect(result.targets).toMatchObject([
    { target: 'a', outcome: 'made', takenUp: true, restore: 'earlier' },
    { target: 'b', outcome: 'done', takenUp: true },
    { target: 'c', outcome: 'made', restore: 'new' },
    { target: 'd', outcome: 'made', restore: 'new' },
  ]);
});

test('looks again when a look fails, and gives up the target when nobody answers for ten minutes', async () => {
  const flaky = deployment();
  let looks = 0;
  const once = async (target: string, id?: string) => {
    if (id !== undefined && ++looks === 1) throw new Error('throttled');
    return flaky.ports.restore(target, id);
  };
  expect(await flaky.run(planOf([step('P0', all('a'))]), { restore: once })).toMatchObject({
    targets: [{ outcome: 'made' }],
  });
  const silent = deployment();
  const never = async (_target: string, id?: string) => {
    if (id !== undefined) throw new Error('no network');
    return null;
  };
  expect(await silent.run(planOf([step('P0', all('a'))]), { restore: never })).toMatchObject({
    targets: [{ outcome: 'failed', restore: 'new', why: expect.stringContaining('no network') }],
  });
});

test('a restore whose execution is over is no longer waited for', async () => {
  const dead: Fate = { ends: { state: 'running', aliveUntil: '2026-11-20T12:00:01Z' } };
  const result = await deployment({ a: dead }).run(planOf([step('P0', all('a'))]));
  expect(result.targets).toMatchObject([
    { outcome: 'failed', why: expect.stringContaining('restore rollback a') },
  ]);
});

describe('a function or a person', () => {
  const steps = (more: Parameters<typeof gate>[1]) =>
    planOf([step('P0', all('a')), gate('between', more), step('P1', all('b'))]);

  it('comes between the steps, and a function is given what was restored', async () => {
    const { run, happened } = deployment();
    const result = await run(steps({ function: 'network-up', within: 300 }));
    expect(happened).toEqual(['a begun', 'a ready', 'network-up invoked (300 s): a', 'b begun', 'b ready']);
    expect(result.steps).toMatchObject([{ name: 'P0', seconds: 600 }, { name: 'between' }, { name: 'P1' }]);
  });

  it.each<[string, Partial<RestoreAllPorts>, Parameters<typeof gate>[1], string]>([
    [
      'fails',
      { invoke: async () => Promise.reject(new Error('it failed')) },
      { function: 'f', within: 1 },
      'it failed',
    ],
    [
      'answers no',
      { invoke: async () => ({ ok: false, message: 'no route' }) },
      { function: 'f', within: 1 },
      'no route',
    ],
    [
      'answers anything else',
      { invoke: async () => ({ ok: 'true' }) },
      { function: 'f', within: 1 },
      'it did not answer { "ok": true }',
    ],
    ['says no', { ask: async () => false }, { confirm: 'Does it run?' }, 'it was not confirmed'],
  ])('that %s ends it: nothing after it begins', async (_, ports, more, why) => {
    const { run, happened } = deployment();
    const result = await run(steps(more), ports);
    expect(result).toMatchObject({ stoppedAt: 'between', steps: [{ name: 'P0' }, { name: 'between', why }] });
    expect(result.targets).toMatchObject([
      { target: 'a', outcome: 'made' },
      { target: 'b', outcome: 'not-begun' },
    ]);
    expect(happened).not.toContain('b begun');
  });
});

test('begins nothing for what is on another’s instance, and for what a person restores', async () => {
  const dump = { ...way, kind: 'dump' as const, point: '20261120T010000Z-1' };
  const others: TargetInAll[] = [
    { target: 'b', priority: 'P0', rto: 60, with: 'a' },
    { target: 'c', priority: 'P0', rto: 60, byHand: dump },
    { target: 'd', priority: 'P0', rto: 60, why: 'no good snapshot' },
  ];
  const { run, happened } = deployment();
  const result = await run(planOf([step('P0', [...all('a'), ...others])]));
  expect(happened).toEqual(['a begun', 'a ready']);
  expect(result.targets).toMatchObject([
    { target: 'a', outcome: 'made' },
    { target: 'b', outcome: 'made', why: 'it is on the instance of a' },
    { target: 'c', outcome: 'by-hand', why: 'dump 20261120T010000Z-1' },
    { target: 'd', outcome: 'by-hand', why: 'no good snapshot' },
  ]);
});

test('waits until a restore says how long it waits for approval', async () => {
  const { ports, run } = deployment();
  let looks = 0;
  const restore = async (target: string, id?: string) => {
    const record = await ports.restore(target, id);
    const { decideBy: _not, ...early } = { ...record, ...MADE } as RestoreRecord;
    return record && ++looks === 1 ? early : record;
  };
  expect(await run(planOf([step('P0', all('a'))]), { restore })).toMatchObject({
    targets: [{ outcome: 'made', readyAfter: 600 }],
  });
});
