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

describe('what is rehearsed', () => {
  it('is the newest verified snapshot at home, whoever took it', async () => {
    const { plan, catalog } = await planning();
    await catalog.adoptPoint(
      snapshotPoint('2026-11-20T05:00:00Z', { kind: 'automated', snapshot: { id: 'rds:auto' } }),
    );
    await catalog.adoptPoint(snapshotPoint('2026-11-20T06:00:00Z', { place: 'eu-west-1' }));
    await catalog.adoptPoint(snapshotPoint('2026-11-20T07:00:00Z', { state: 'available' }));
    await catalog.adoptPoint(snapshotPoint('2026-11-20T08:00:00Z', { state: 'corrupt' }));
    expect(await plan()).toMatchObject({
      point: '20261120T050000Z-automated@eu-central-1',
      from: { snapshot: 'rds:auto' },
    });
  });

  it('is any retained one by chance where the policy says so', async () => {
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

  it('is the one that was asked for, good or not, as long as it is there', async () => {
    const { plan, catalog } = await planning();
    await catalog.movePoint('crm', SNAPSHOT_ID, 'corrupt');
    expect(await plan('snapshot', { point: SNAPSHOT_ID })).toMatchObject({ point: SNAPSHOT_ID });
    await catalog.movePoint('crm', SNAPSHOT_ID, 'expiring');
    await expect(plan('snapshot', { point: SNAPSHOT_ID })).rejects.toMatchObject({ code: 'no-point' });
  });

  it.each(['creating', 'failed'] as const)('is never one that is %s', async (state) => {
    const { plan, catalog } = await planning();
    const {
      availableAt: _available,
      snapshotAt: _snapshot,
      ...rest
    } = snapshotPoint('2026-11-20T09:00:00Z', { state });
    await catalog.adoptPoint(rest);
    await expect(plan('snapshot', { point: rest.id })).rejects.toMatchObject({ code: 'no-point' });
  });
});

it('refuses a Multi-AZ DB cluster by its name before anything is made', async () => {
  const { plan } = await planning({ kind: 'aurora', source: { engine: 'postgres' } });
  for (const from of ['snapshot', 'moment'] as const)
    await expect(plan(from)).rejects.toMatchObject({
      code: 'not-rehearsed',
      message: expect.stringContaining('Multi-AZ DB cluster'),
    });
  const aurora = await planning({ kind: 'aurora', source: { engine: 'aurora-postgresql' } });
  expect(await aurora.plan()).toMatchObject({ kind: 'aurora' });
});

describe('the manifest that it is held against', () => {
  it('is the newest verified dump’s that is surely older than what is restored: a snapshot may hold less than is said', async () => {
    const { plan, catalog } = await planning();
    const manifest = (key: string) => ({ ...MANIFEST, key });
    await catalog.adoptPoint(
      point('2026-11-20T01:44:59Z', { manifest: manifest('surely before'), database: 'sales' }),
    );
    await catalog.adoptPoint(point('2026-11-20T01:45:01Z', { manifest: manifest('perhaps after') }));
    await catalog.adoptPoint(point('2026-11-20T01:30:00Z', { manifest: manifest('older') }));
    expect(await plan()).toMatchObject({ manifest: { key: 'surely before' }, database: 'sales' });
    expect(await plan('moment')).toMatchObject({ manifest: { key: 'perhaps after' } });
  });

  it('may not be of the very second: which of the two was first is not known', async () => {
    const { plan, catalog } = await planning();
    await catalog.adoptPoint(point('2026-11-20T02:00:00Z', { manifest: { ...MANIFEST, key: 'then' } }));
    expect(await plan()).toMatchObject({ manifest: MANIFEST });
  });

  it.each([
    ['not verified', { state: 'available' as const }],
    ['bad', { state: 'corrupt' as const }],
    ['in the replica', { place: 'replica' as const, id: '20261120T013000Z-1@replica' }],
    ['without one', { manifest: undefined as never }],
  ])('is of no dump that is %s', async (_what, changes) => {
    const { plan, catalog } = await planning();
    await catalog.adoptPoint(
      point('2026-11-20T01:30:00Z', { manifest: { ...MANIFEST, key: 'wrong' }, ...changes }),
    );
    expect(await plan()).toMatchObject({ manifest: MANIFEST });
  });

  it('is none where there is no dump, which is said', async () => {
    const { plan, catalog } = await planning();
    await catalog.movePoint('crm', '20261120T010000Z-1', 'corrupt');
    const chosen = await plan();
    expect(chosen).not.toHaveProperty('manifest');
    expect(chosen.notes).toContain('there is no verified dump 15 min before this snapshot to compare with');
    expect(chosen.database).toBe('postgres');
  });

  it('is none where the dump is too young for the snapshot, whose moment nobody notes to the second', async () => {
    const { plan, catalog } = await planning();
    await catalog.movePoint('crm', '20261120T010000Z-1', 'corrupt');
    await catalog.adoptPoint(point('2026-11-20T01:50:00Z', { manifest: MANIFEST }));
    expect((await plan()).notes).toContain(
      'there is no verified dump 15 min before this snapshot to compare with; the newest is of 2026-11-20T01:50:00Z',
    );
  });
});

describe('an estimate', () => {
  it('is said in hours and dollars, and how much is used', () => {
    expect(formatEstimate({ seconds: 2520, dollars: 0.08, used: 10_800, allowed: 86_400 })).toBe(
      'about 42 min on a scratch instance, 0.08 USD and its storage; 3 h of 24 h used this month',
    );
    expect(formatEstimate({ seconds: 3600, used: 0, allowed: 7200 })).not.toContain('USD');
  });
});

describe('the source’s groups', () => {
  const source = { parameterGroup: 'crm-parameters', optionGroup: 'crm-options', subnetGroup: 'theirs' };
  const there: Partial<Policy> = {
    rehearsal: { ...policy().rehearsal, instance: { ...policy().rehearsal.instance, subnetGroup: 'theirs' } },
  };

  it('are taken over where the copy is of the same major and stands in the same network', async () => {
    const { plan } = await planning({ source, policy: there });
    expect(await plan()).toMatchObject({ parametersFrom: 'crm-parameters', optionGroup: 'crm-options' });
    expect((await plan()).notes.join()).not.toContain('option group');
  });

  it('are not of another major’s snapshot, for which they would be refused', async () => {
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
    'give way to the default of %s %s in another network: options belong to one',
    async (engine, engineVersion, optionGroup) => {
      const { plan } = await planning({ source: { ...source, engine, engineVersion } });
      expect(await plan('moment')).toMatchObject({
        parametersFrom: 'crm-parameters',
        optionGroup,
        notes: expect.arrayContaining([
          expect.stringContaining('without the source’s option group crm-options'),
        ]),
      });
    },
  );
});
