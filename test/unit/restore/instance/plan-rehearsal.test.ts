import type { Policy } from '../../../../lib/domain/plan/policy.ts';
import { formatEstimate } from '../../../../lib/restore/instance/budget.ts';
import { planRehearsal } from '../../../../lib/restore/instance/plan-rehearsal.ts';
import { point, policy, snapshotPoint } from '../../../support/builders.ts';
import { jobOf, MANIFEST, rehearsalWorld, SNAPSHOT_ID } from '../../../support/rehearsals.ts';

async function planning(options: Parameters<typeof rehearsalWorld>[0] = {}) {
  const made = await rehearsalWorld(options);
  const [target] = made.deps.plan.targets;
  return {
    ...made,
    plan: (from: 'snapshot' | 'moment' = 'snapshot', changes: object = {}) =>
      planRehearsal(jobOf(from, changes), target!, made.deps),
  };
}
const random: Partial<Policy> = { rehearsal: { ...policy().rehearsal, point: 'random' } };

describe('a rehearsal restores', () => {
  it('the newest verified snapshot at home, also one that RDS took by itself', async () => {
    const { plan, catalog } = await planning();
    const auto = { kind: 'automated', snapshot: { id: 'rds:auto' } } as const;
    await catalog.adoptPoint(snapshotPoint('2026-11-20T05:00:00Z', auto));
    await catalog.adoptPoint(snapshotPoint('2026-11-20T06:00:00Z', { place: 'eu-west-1' }));
    await catalog.adoptPoint(snapshotPoint('2026-11-20T07:00:00Z', { state: 'available' }));
    await catalog.adoptPoint(snapshotPoint('2026-11-20T08:00:00Z', { state: 'corrupt' }));
    const point = '20261120T050000Z-automated@eu-central-1';
    expect(await plan()).toMatchObject({ point, from: { snapshot: 'rds:auto' } });
  });

  it('a random retained snapshot where the policy says so', async () => {
    const { plan, catalog, deps } = await planning({ policy: random });
    await catalog.adoptPoint(snapshotPoint('2026-11-19T02:00:00Z', { snapshot: { id: 'older' } }));
    await catalog.adoptPoint(snapshotPoint('2026-11-18T02:00:00Z', { state: 'corrupt' }));
    const counts: number[] = [];
    deps.pick = (count) => {
      counts.push(count);
      return count - 1;
    };
    expect(await plan()).toMatchObject({ point: '20261119T020000Z-snapshot@eu-central-1' });
    expect(counts).toEqual([2]);
  });

  it('the snapshot that was asked for, good or not, as long as it exists', async () => {
    const { plan, catalog } = await planning();
    await catalog.movePoint('crm', SNAPSHOT_ID, 'corrupt');
    expect(await plan('snapshot', { point: SNAPSHOT_ID })).toMatchObject({ point: SNAPSHOT_ID });
    await catalog.movePoint('crm', SNAPSHOT_ID, 'expiring');
    await expect(plan('snapshot', { point: SNAPSHOT_ID })).rejects.toMatchObject({ code: 'no-point' });
  });

  it.each(['creating', 'failed'] as const)(
    'no snapshot that is %s, although it was asked for',
    async (state) => {
      const { plan, catalog } = await planning();
      const unfinished = { availableAt: undefined as never, snapshotAt: undefined as never };
      const made = snapshotPoint('2026-11-20T09:00:00Z', { state, ...unfinished });
      await catalog.adoptPoint(made);
      await expect(plan('snapshot', { point: made.id })).rejects.toMatchObject({ code: 'no-point' });
    },
  );

  it.each(['snapshot', 'moment'] as const)(
    'no %s of a Multi-AZ DB cluster, which it refuses by its name',
    async (from) => {
      const { plan } = await planning({ kind: 'aurora', source: { engine: 'postgres' } });
      const message = expect.stringContaining('Multi-AZ DB cluster');
      await expect(plan(from)).rejects.toMatchObject({ code: 'not-rehearsed', message });
    },
  );

  it('a cluster of Aurora', async () => {
    const { plan } = await planning({ kind: 'aurora', source: { engine: 'aurora-postgresql' } });
    expect(await plan()).toMatchObject({ kind: 'aurora' });
  });
});

describe('a rehearsal compares its copy with the manifest', () => {
  const dump = (scheduledFor: string, key: string, changes: Parameters<typeof point>[1] = {}) =>
    point(scheduledFor, { manifest: { ...MANIFEST, key }, ...changes });

  it('of the newest verified dump that is certainly older than what is restored', async () => {
    const { plan, catalog } = await planning();
    await catalog.adoptPoint(dump('2026-11-20T01:44:59Z', 'certainly older', { database: 'sales' }));
    await catalog.adoptPoint(dump('2026-11-20T01:45:01Z', 'perhaps younger'));
    await catalog.adoptPoint(dump('2026-11-20T01:30:00Z', 'older'));
    expect(await plan()).toMatchObject({ manifest: { key: 'certainly older' }, database: 'sales' });
    expect(await plan('moment')).toMatchObject({ manifest: { key: 'perhaps younger' } });
  });

  it.each<[string, string, Parameters<typeof point>[1]]>([
    ['of the same second', '2026-11-20T02:00:00Z', {}],
    ['that is not verified', '2026-11-20T01:30:00Z', { state: 'available' }],
    ['that is bad', '2026-11-20T01:30:00Z', { state: 'corrupt' }],
    ['in the replica', '2026-11-20T01:30:00Z', { place: 'replica', id: '20261120T013000Z-1@replica' }],
    ['without a manifest', '2026-11-20T01:30:00Z', { manifest: undefined as never }],
  ])('but not of a dump %s', async (_what, scheduledFor, changes) => {
    const { plan, catalog } = await planning();
    await catalog.adoptPoint(dump(scheduledFor, 'wrong', changes));
    expect(await plan()).toMatchObject({ manifest: MANIFEST });
  });

  it('only where there is one, and notes that there is none or that it is too young', async () => {
    const { plan, catalog } = await planning();
    await catalog.movePoint('crm', '20261120T010000Z-1', 'corrupt');
    const chosen = await plan();
    const note = 'there is no verified dump 15 min before this snapshot to compare with';
    expect(chosen).not.toHaveProperty('manifest');
    expect(chosen.notes).toContain(note);
    expect(chosen.database).toBe('postgres');
    await catalog.adoptPoint(dump('2026-11-20T01:50:00Z', 'too young'));
    expect((await plan()).notes).toContain(`${note}; the newest is of 2026-11-20T01:50:00Z`);
  });
});

test('an estimate says hours, dollars where they are known, and how much of the month is used', () => {
  expect(formatEstimate({ seconds: 2520, dollars: 0.08, used: 10_800, allowed: 86_400 })).toBe(
    'about 42 min on a scratch instance, 0.08 USD and its storage; 3 h of 24 h used this month',
  );
  expect(formatEstimate({ seconds: 3600, used: 0, allowed: 7200 })).not.toContain('USD');
});

describe('a scratch instance gets', () => {
  const source = { parameterGroup: 'crm-parameters', optionGroup: 'crm-options', subnetGroup: 'theirs' };
  const { rehearsal } = policy();
  const there: Partial<Policy> = {
    rehearsal: { ...rehearsal, instance: { ...rehearsal.instance, subnetGroup: 'theirs' } },
  };

  it('the groups of its source where it has the same major and network', async () => {
    const { plan } = await planning({ source, policy: there });
    expect(await plan()).toMatchObject({ parametersFrom: 'crm-parameters', optionGroup: 'crm-options' });
    expect((await plan()).notes.join()).not.toContain('option group');
  });

  it('default parameters and no option group where its snapshot has another major', async () => {
    const { plan } = await planning({ source: { ...source, engineVersion: '16.4' }, policy: there });
    const chosen = await plan();
    expect(chosen).toMatchObject({ parametersFrom: 'default.postgres15' });
    expect(chosen).not.toHaveProperty('optionGroup');
  });

  it.each([
    ['postgres', '15.18', 'default:postgres-15'],
    ['mysql', '8.0.39', 'default:mysql-8-0'],
    ['mariadb', '10.11.9', 'default:mariadb-10-11'],
  ])(
    'in another network the default option group of %s %s, and a note',
    async (engine, version, optionGroup) => {
      const { plan } = await planning({ source: { ...source, engine, engineVersion: version } });
      const note = expect.stringContaining('without the source’s option group crm-options');
      const notes = expect.arrayContaining([note]);
      expect(await plan('moment')).toMatchObject({ parametersFrom: 'crm-parameters', optionGroup, notes });
    },
  );
});
