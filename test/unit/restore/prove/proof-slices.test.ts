import type { InstanceCopy } from '../../../../lib/ports/database.ts';
import { mergeProofs, NOTHING_PROVEN, type ProveResult } from '../../../../lib/restore/prove/proof-slices.ts';
import { planOf } from '../../../support/snapshots.ts';
import { proofWorld } from './proof-world.ts';

/** Time for so many tasks a slice. */
const tasksASlice = (most: number) => {
  let asked = 0;
  return () => (asked++ % most === most - 1 ? 10 : 900);
};
const asserting = (...names: string[]) =>
  ({ assertions: names.map((name) => ({ name, sql: 'select 1', when: 'always', is: '1' })) }) as never;
const INDEXES = ['leads_pkey', 'events_pkey', 'leads'];

describe('a proof in slices', () => {
  it.each([2, 3, 4])('of %i tasks comes to the same as a proof in one piece', async (most) => {
    const whole = await proofWorld().proveAll();
    const sliced = proofWorld({}, { secondsLeft: tasksASlice(most) });
    expect(await sliced.proveAll()).toEqual(whole);
    expect(sliced.opened.length).toBeGreaterThan(1);
    expect(sliced.closed).toHaveLength(sliced.opened.length);
    expect([...sliced.checked].sort()).toEqual([...INDEXES].sort());
  });

  it('does one task a slice when there is hardly any time', async () => {
    const { proveAll, checked } = proofWorld({}, { secondsLeft: () => 1 });
    expect(await proveAll()).toMatchObject({ compared: { checked: 3 }, unchecked: [] });
    expect(checked).toHaveLength(3);
  });

  const withOneTaskASlice = (...assertions: string[]) =>
    proofWorld({}, { target: asserting(...assertions), secondsLeft: () => 1 });
  const deployWithoutAssertions = ({ deps }: ReturnType<typeof proofWorld>) =>
    Object.assign(deps.plan, planOf({ target: { assertions: [] } }));

  it('reads every table although the plan loses its assertions between two slices', async () => {
    const made = withOneTaskASlice('a');
    const { table } = made.copy;
    const asked: string[] = [];
    made.copy.table = (schema, name, depth) => {
      asked.push(name);
      deployWithoutAssertions(made);
      return table(schema, name, depth);
    };
    await made.proveAll();
    expect(asked).toEqual(['leads', 'events']);
  });

  it('checks every index although the plan loses its assertions between two slices', async () => {
    const made = withOneTaskASlice('one', 'two', 'three');
    made.copy.value = async () => {
      deployWithoutAssertions(made);
      return '1';
    };
    const { compared } = await made.proveAll();
    expect(made.checked).toEqual(INDEXES);
    expect([compared.checked, compared.checkable]).toEqual([3, 3]);
  });

  it('begins with indexes in a slice of their own when tables left too little time', async () => {
    let left = 900;
    const time = { secondsLeft: () => left };
    const { proveAll, copy, checked } = proofWorld({ uncheckable: async () => ['gin'] }, time);
    const { table, checkable, close } = copy;
    copy.table = async (...asked) => {
      left = asked[1] === 'events' ? 10 : 900;
      return table(...asked);
    };
    copy.checkable = async () => {
      if (left < 45) throw new Error('canceling statement due to statement timeout');
      return checkable();
    };
    copy.close = async () => {
      left = 900;
      await close();
    };
    const proof = await proveAll();
    expect([proof.unchecked, checked.length, proof.notes.length]).toEqual([[], 3, 1]);
  });

  it('says that a later slice could check no index', async () => {
    const { proveAll, copy } = proofWorld({}, { secondsLeft: tasksASlice(5) });
    const { checkable } = copy;
    let slices = 0;
    copy.checkable = () => (++slices === 1 ? checkable() : Promise.reject(new Error('connection lost')));
    const { compared, unchecked } = await proveAll();
    expect(slices).toBeGreaterThan(1);
    expect(compared.checked).toBeLessThan(3);
    expect(unchecked).toEqual(['indexes: connection lost']);
  });

  it('lists as much as a checkpoint holds, of however many slices', async () => {
    const many: Partial<InstanceCopy> = {
      checkable: async () =>
        Array.from({ length: 1000 }, (_, at) => ({ oid: `${at}`, kind: 'index' as const, name: `i${at}` })),
      check: async ({ oid }) => {
        if (Number(oid) % 2 === 0) return 'hole '.repeat(1000);
        throw new Error('no right '.repeat(1000));
      },
    };
    const proof = await proofWorld(many, { secondsLeft: tasksASlice(200) }).proveAll();
    expect(proof.compared.checked).toBe(500);
    expect([proof.corrupt.length, proof.unchecked.length]).toEqual([100, 100]);
    expect(JSON.stringify(proof).length).toBeLessThan(120_000);
  });
});

test('mergeProofs keeps what an earlier slice found when a later one fails', () => {
  const found: ProveResult = {
    differences: [{ kind: 'rows', name: 'public.leads', what: 'changed' }],
    differenceCount: 1,
    compared: { ...NOTHING_PROVEN.compared, objects: 2, tables: 2, exact: 1, bounded: 1, rows: '103' },
    corrupt: [{ name: 'i', problem: 'a hole' }],
    unchecked: ['x'],
    notes: ['n'],
    assertions: [{ name: 'a', passed: false, detail: '' }],
  };
  const failure = { code: 'source-unreachable', message: 'x' };
  expect(mergeProofs({ ...found, next: 4 }, { ...NOTHING_PROVEN, failure })).toEqual({ ...found, failure });
});
