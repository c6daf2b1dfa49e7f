import {
  confirmationOfAll,
  isLate,
  planRestoreAll,
  type RestoreAllInput,
} from '../../../../lib/domain/incidents/restore-all.ts';
import type { RestorePlan, Way } from '../../../../lib/domain/incidents/way.ts';
import type { Target } from '../../../../lib/domain/plan/policy.ts';
import {
  DEFAULT_RESTORE_ALL,
  type RestoreAllSettings,
  targetsOfSteps,
} from '../../../../lib/domain/plan/restore-all-steps.ts';
import { HOUR, policy, target } from '../../../support/builders.ts';
import { restoreRecord } from '../../../support/restore-records.ts';

const NOW = new Date('2026-11-20T14:00:00Z');

const way = (minutes?: number, changes: Partial<Way> = {}): Way => ({
  kind: 'moment',
  asOf: '2026-11-20T13:55:00Z',
  loses: { least: 300, most: 300 },
  ...{ concerns: [], costs: { said: 'unknown' } },
  confirm: 'code',
  ...(minutes === undefined
    ? {}
    : {
        takes: { least: minutes * 60, middle: minutes * 60, most: minutes * 60, measurements: 1, phases: [] },
      }),
  ...changes,
});
const planOf = (id: string, ways: Way[], changes: Partial<RestorePlan> = {}): RestorePlan => ({
  ...{ target: id, madeAt: '2026-11-20T14:00:00Z', ways, noWays: [], does: policy().restore, digest: 'x' },
  ...(ways.length > 0 ? { recommended: { way: 0, reason: 'it loses least' } } : {}),
  ...changes,
});

type Of = Partial<Omit<Target, 'id'>> & { rto?: number; ways?: Way[]; plan?: Partial<RestorePlan> };

/** Targets on instances of their own, each with one way of ten minutes unless told otherwise. */
function given(all: Record<string, Of>, settings: Partial<RestoreAllSettings> = {}): RestoreAllInput {
  const targets = Object.entries(all).map(([id, { rto = HOUR, ways: _ways, plan: _plan, ...changes }]) =>
    target({
      id,
      platform: { kind: 'rds', id: `${id}-db` },
      policy: policy({ objectives: { rpo: {}, rto } }),
      ...changes,
    }),
  );
  const plans = new Map(
    Object.entries(all).map(([id, { ways = [way(10)], plan }]) => [id, planOf(id, ways, plan)]),
  );
  return { settings: { ...DEFAULT_RESTORE_ALL, ...settings }, targets, plans, now: NOW };
}
const orderOf = (input: RestoreAllInput) =>
  planRestoreAll(input).steps.map(({ name, restores }) => [name, ...restores.map((each) => each.target)]);
const readyOf = (input: RestoreAllInput) =>
  Object.fromEntries(
    planRestoreAll(input).steps.flatMap(({ restores }) =>
      restores.map((each) => [each.target, each.readyAfter]),
    ),
  );

test('restores P0 first, then P1, then P2, in each the strictest RTO first', () => {
  const input = given({
    cold: { priority: 'P2' },
    slow: { rto: 2 * HOUR },
    warm: { priority: 'P1' },
    fast: { rto: HOUR / 2 },
  });
  expect(orderOf(input)).toEqual([
    ['P0', 'fast', 'slow'],
    ['P1', 'warm'],
    ['P2', 'cold'],
  ]);
});

test('gives a target to the first step that names it, and names those that no step has', () => {
  const steps = [
    { name: 'first', targets: ['b'] },
    { name: 'then', targets: 'P0' as const },
  ];
  const input = given({ a: {}, b: {}, c: { priority: 'P1' } }, { steps });
  expect(orderOf(input)).toEqual([
    ['first', 'b'],
    ['then', 'a'],
  ]);
  expect(planRestoreAll(input).inNoStep).toEqual(['c']);
  expect(targetsOfSteps(steps, input.targets).left.map(({ id }) => id)).toEqual(['c']);
});

test('adds up what runs after another, and not what runs beside it', () => {
  const input = given({
    a: { ways: [way(30)] },
    b: { ways: [way(10)] },
    c: { priority: 'P1', ways: [way(5)] },
  });
  expect(readyOf(input)).toEqual({ a: 1800, b: 600, c: 2100 });
  expect(planRestoreAll(input).total).toBe(2100);
});

test('lets no more than atOnce run beside each other', () => {
  const ways = [way(10)];
  const input = given({ a: { ways }, b: { ways }, c: { ways } }, { atOnce: 2 });
  expect(readyOf(input)).toEqual({ a: 600, b: 600, c: 1200 });
  expect(readyOf(given({ a: { ways }, b: { ways }, c: { ways } }, { atOnce: 1 }))).toMatchObject({ c: 1800 });
});

test('measures each RTO from the beginning of it all', () => {
  const input = given({ a: { ways: [way(50)] }, b: { priority: 'P1', ways: [way(20)] } });
  const [first, second] = planRestoreAll(input).steps.flatMap(({ restores }) => restores);
  expect([isLate(first!), isLate(second!), isLate({ rto: HOUR })]).toEqual([false, true, undefined]);
});

test('names what was never measured, and leaves it out of the total', () => {
  const input = given({ a: { ways: [way()] }, b: {} });
  expect(planRestoreAll(input)).toMatchObject({ total: 600, unmeasured: ['a'] });
});

test('counts a function with the longest time it may take', () => {
  const steps = [
    { name: 'network', function: 'network-up', within: 300 },
    { name: 'all', targets: 'P0' as const },
    { name: 'look', confirm: 'Does it run?' },
  ];
  expect(planRestoreAll(given({ a: {} }, { steps }))).toMatchObject({
    total: 900,
    steps: [{ endsAfter: 300 }, { endsAfter: 900 }, { endsAfter: 900 }],
  });
});

test('restores an instance once: its other targets come with it, in whatever step they are', () => {
  const platform = { kind: 'rds', id: 'shared' } as const;
  const input = given({ a: { platform, ways: [way(10)] }, b: { platform }, c: { platform, priority: 'P2' } });
  const all = planRestoreAll(input).steps.flatMap(({ restores }) => restores);
  expect(all).toMatchObject([
    { target: 'a', way: {}, readyAfter: 600 },
    { target: 'b', with: 'a', readyAfter: 600 },
    { target: 'c', with: 'a', readyAfter: 600 },
  ]);
  expect(all.filter((each) => each.way)).toHaveLength(1);
});

test('restores one target of an instance by a dump, which has no other database, and the next one afterwards', () => {
  const platform = { kind: 'rds', id: 'shared' } as const;
  const ways = [way(10, { kind: 'dump', point: '20261120T010000Z-1' })];
  const all = planRestoreAll(given({ a: { platform, ways }, b: { platform, ways } })).steps[0]!.restores;
  expect(all).toMatchObject([
    { target: 'a', way: {} },
    { target: 'b', why: expect.stringContaining('after a') },
  ]);
  expect(all[1]).not.toHaveProperty('with');
});

test('takes the recommended way if a new instance can be made of it, else the first that can', () => {
  const dump = way(5, { kind: 'dump', point: '20261120T010000Z-1', confirm: undefined as never });
  const { confirm: _none, ...byHand } = dump;
  const snapshot = way(20, { kind: 'snapshot', point: '20261120T010000Z-snapshot@eu-central-1' });
  const both = given({ a: { ways: [byHand, way(30), snapshot] } });
  expect(planRestoreAll(both).steps[0]!.restores).toMatchObject([{ way: { kind: 'moment' } }]);
  const recommended = given({
    a: { ways: [way(30), snapshot], plan: { recommended: { way: 1, reason: '' } } },
  });
  expect(planRestoreAll(recommended).steps[0]!.restores).toMatchObject([{ way: { kind: 'snapshot' } }]);
  const only = planRestoreAll(given({ a: { ways: [byHand] } })).steps[0]!.restores[0]!;
  expect([only.way, only.byHand?.kind]).toEqual([undefined, 'dump']);
});

test('says why a target cannot be restored', () => {
  const plan = { noWays: [{ kind: 'snapshot' as const, why: 'no good snapshot' }] };
  const [none, cache] = planRestoreAll(given({ a: { ways: [], plan }, b: { ways: [] } })).steps[0]!.restores;
  expect(none!.why).toBe('no snapshot: no good snapshot');
  expect(cache!.why).toMatch(/nothing that it could restore/);
});

describe('what is confirmed', () => {
  const shown = planRestoreAll(given({ a: {}, b: {} }));
  const later = (all: Record<string, Of>, more: Partial<RestoreAllInput> = {}) => {
    const plan = planRestoreAll({ ...given(all), now: new Date('2026-11-20T14:20:00Z'), ...more });
    return confirmationOfAll(plan, shown.madeAt) === shown.confirm;
  };

  it('is still the same when only the newest moment has moved on', () => {
    expect(later({ a: { ways: [way(12, { asOf: '2026-11-20T14:15:00Z' })] }, b: {} })).toBe(true);
  });

  it.each<[string, Record<string, Of>, Partial<RestoreAllInput>]>([
    ['a target is missing', { a: {} }, {}],
    ['another moment is wanted', { a: {}, b: {} }, { at: '2026-11-20T13:00:00Z' }],
    ['another way is taken', { a: { ways: [way(10, { kind: 'snapshot', point: 'x' })] }, b: {} }, {}],
    [
      'a rehearsal has failed',
      { a: { ways: [way(10, { lastFailed: { at: 'now', codes: [] } })] }, b: {} },
      {},
    ],
    [
      'the steps are others',
      { a: {}, b: {} },
      { settings: { atOnce: 4, steps: [{ name: 'all', targets: 'P0' }] } },
    ],
    ['a target comes with another', { a: {}, b: { platform: { kind: 'rds', id: 'a-db' } } }, {}],
  ])('is another when %s', (_, all, more) => {
    expect(later(all, more)).toBe(false);
  });
});

describe('an earlier restore', () => {
  const last = (changes: object = {}) =>
    new Map([
      [
        'crm',
        restoreRecord({
          state: 'done',
          startedAt: '2026-11-20T02:00:00Z',
          way: { kind: 'moment', asOf: '2026-11-20T01:30:00Z' },
          ...changes,
        }),
      ],
    ]);
  const planned = (lasts: ReturnType<typeof last>, at?: string) =>
    planRestoreAll({ ...given({ crm: {} }), lasts, at });
  const takenUp = (plan: ReturnType<typeof planned>) => plan.steps[0]!.restores[0]!.takenUp?.asOf;

  test('that was done within a day is taken up, which is shown and confirmed', () => {
    const plan = planned(last());
    expect(takenUp(plan)).toBe('2026-11-20T01:30:00Z');
    expect(plan.confirm).not.toBe(planned(new Map()).confirm);
    expect(takenUp(planned(last({ startedAt: '2026-11-19T02:00:00Z' })))).toBeUndefined();
  });

  test('that went back to another moment than the wanted one is not', () => {
    expect(takenUp(planned(last(), '2026-11-20T13:55:00Z'))).toBeUndefined();
    const same = last({ way: { kind: 'moment', asOf: '2026-11-20T13:55:00Z' } });
    expect(takenUp(planned(same, '2026-11-20T13:55:00Z'))).toBe('2026-11-20T13:55:00Z');
    expect(takenUp(planned(last({ state: 'running' }), '2026-11-20T13:55:00Z'))).toBe('2026-11-20T01:30:00Z');
  });
});

test('a target on another’s instance whose secrets nobody switches is named', () => {
  const platform = { kind: 'rds' as const, id: 'shared' };
  const does = (changes: object) => ({ plan: { does: { ...policy().restore, ...changes } } });
  const of = (changes: object) =>
    planRestoreAll(given({ a: { platform, ...does(changes) }, b: { platform } })).steps[0]!.restores[1];
  expect(of({ cutover: 'secret' })).toMatchObject({ with: 'a', unswitched: true });
  expect(of({ cutover: 'none' })).toMatchObject({ with: 'a', unswitched: true });
  expect(of({ cutover: 'rename' })).not.toHaveProperty('unswitched');
});
