import { parseNotice } from '../../../lib/adapters/aws/events/parse-notice.ts';
import { snapshotName } from '../../../lib/domain/names.ts';
import type { Plan } from '../../../lib/domain/plan/policy.ts';
import type { PlatformKind } from '../../../lib/domain/points/platform-source.ts';
import { ownersOf } from '../../../lib/workflows/events/notice-owner.ts';
import { snapshotPoint, target } from '../../support/builders.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';
import { scratchRecord } from '../../support/scratches.ts';

const AT = '2026-11-20T12:00:00Z';
const MOMENT = '2026-11-20T01:00:00Z';
const SCRATCH = 'understudy-scratch-crm-0123456789';
/** Cut in the name of a cluster’s snapshot. */
const LONG = 'inventory-service-of-the-whole-company';
const of = (id: string, kind: 'rds' | 'aurora' | 'elasticache', source: string) =>
  target({ id, platform: { kind, id: source } });
const TARGETS = [
  of('crm', 'rds', 'crm-db'),
  of('crm-2', 'rds', 'crm-db-2'),
  of('shop', 'aurora', 'shop'),
  of('sessions', 'elasticache', 'sessions'),
  of('Odd--Name', 'rds', 'odd-db'),
  of(LONG, 'aurora', 'long-cluster'),
  target({ id: 'neon' }),
];

async function world(targets = TARGETS) {
  const catalog = memoryCatalog();
  for (const [id, target] of [
    ['before-the-migration', 'crm'],
    ['awsbackup:job-1', 'shop'],
  ] as const)
    await catalog.adoptPoint({ ...snapshotPoint(MOMENT, { kind: 'foreign', snapshot: { id } }), target });
  await catalog.beginScratch(scratchRecord({ target: 'shop', name: SCRATCH, kind: 'aurora' }));
  const plan: Plan = { schemaVersion: 1, policies: [], targets };
  const owners = async (body: Record<string, unknown>) =>
    (await ownersOf(parseNotice(JSON.stringify(body), AT), { plan, stage: 'test', catalog })).map(
      ({ target, as }) => `${target.id} as ${as}`,
    );
  return { owners, catalog };
}

const name = (id: string, stage = 'test', kind: PlatformKind = 'rds') =>
  snapshotName(stage, id, MOMENT, kind);
const tags = (stage: string, of: string) => ({
  Tags: { 'understudy:stage': stage, 'understudy:target': of },
});
const BACKUP_ARN = 'arn:aws:rds:eu-central-1:111122223333:cluster-snapshot:awsbackup:job-1';
const SHOP_ARN = 'arn:aws:rds:eu-central-1:111122223333:cluster:shop';
const BLOCKED = 'Attempt to block writes for DB cluster shop in Region x';

describe('a notice', () => {
  it.each<[string, string, Record<string, unknown>, string]>([
    ['db-instance', 'crm-db', {}, 'crm as source'],
    ['db-instance', 'crm-db-2', {}, 'crm-2 as source'],
    ['db-instance', 'crm-db-3', {}, 'understudy as deployment'],
    ['db-cluster', 'shop', {}, 'shop as source'],
    ['db-instance', 'shop-instance-1', {}, 'shop as member'],
    ['db-instance', 'shopping', {}, 'understudy as deployment'],
    ['db-instance', 'writer', { 'Event Message': BLOCKED }, 'shop as member'],
    ['db-instance', 'writer', { Tags: { of: SHOP_ARN } }, 'shop as member'],
    ['db-instance', 'writer', { 'Event Message': 'the shop is open' }, 'understudy as deployment'],
    ['db-instance', 'sessions', {}, 'understudy as deployment'],
    ['db-snapshot', name('crm'), {}, 'crm as our-snapshot'],
    ['db-snapshot', name('crm-2'), {}, 'crm-2 as our-snapshot'],
    ['db-snapshot', name('Odd--Name'), {}, 'Odd--Name as our-snapshot'],
    ['db-cluster-snapshot', name('shop'), {}, 'shop as our-snapshot'],
    ['db-snapshot', name('neon'), {}, 'neon as our-snapshot'],
    ['db-snapshot', name('left-the-plan'), {}, 'understudy as deployment'],
    ['db-snapshot', name('left-the-plan'), tags('test', 'left-the-plan'), 'understudy as deployment'],
    // By its name it is a job’s, and by its tags another stage’s.
    ['db-snapshot', name('crm'), { Tags: { 'understudy:stage': 'prod' } }, 'understudy as deployment'],
    ['db-cluster-snapshot', name(LONG, 'test', 'aurora'), {}, `${LONG} as our-snapshot`],
    ['db-snapshot', name('crm', 'prod'), {}, 'understudy as deployment'],
    ['db-snapshot', 'understudy-test-crm-99991399t999999z', {}, 'understudy as deployment'],
    ['db-snapshot', 'renamed', tags('test', 'crm'), 'crm as our-snapshot'],
    ['db-snapshot', 'renamed', tags('prod', 'crm'), 'understudy as deployment'],
    ['db-snapshot', 'rds:crm-db-2026-11-20-02-05', {}, 'crm as their-snapshot'],
    ['db-snapshot', 'rds:crm-db-2-2026-11-20-02-05', {}, 'crm-2 as their-snapshot'],
    ['db-cluster-snapshot', 'rds:shop-2026-11-20-02-05', {}, 'shop as their-snapshot'],
    ['db-snapshot', 'before-the-migration', {}, 'crm as their-snapshot'],
    ['db-cluster-snapshot', 'awsbackup:job-1', { 'Source ARN': BACKUP_ARN }, 'shop as their-snapshot'],
    ['db-snapshot', 'unknown', {}, 'understudy as deployment'],
    ['db-cluster', SCRATCH, {}, 'shop as scratch'],
    ['db-instance', `${SCRATCH}-1`, {}, 'shop as scratch'],
    ['db-cluster-snapshot', `rds:${SCRATCH}-2026-11-20-02-05`, {}, 'shop as scratch'],
    ['db-instance', 'understudy-scratch-unknown', {}, 'understudy as scratch'],
  ])('about %s %s %j belongs to %s', async (source, id, changes, owner) => {
    const { owners } = await world();
    const body = { 'Event Source': source, 'Source ID': id, 'Event ID': 'RDS-EVENT-0041', ...changes };
    expect(await owners(body)).toEqual([owner]);
  });

  it.each([
    ['DBInstanceIdentifier', 'crm-db', 'crm as source'],
    ['DBClusterIdentifier', 'shop', 'shop as source'],
    ['DBInstanceIdentifier', 'shop-instance-1', 'shop as source'],
    ['CacheClusterId', 'sessions-001', 'sessions as source'],
    ['CacheClusterId', 'sessions-0001-002', 'sessions as source'],
    ['CacheClusterId', 'sessions-old', 'understudy as deployment'],
    ['InstanceId', 'crm-db', 'understudy as deployment'],
  ])('about an alarm with %s %s belongs to %s', async (dimension, value, owner) => {
    const { owners } = await world();
    const Trigger = { Dimensions: [{ name: dimension, value }] };
    expect(await owners({ AlarmName: 'a', NewStateValue: 'OK', Trigger })).toEqual([owner]);
  });

  it('about an instance belongs to the cluster in which the watch last saw it, whatever its name', async () => {
    const { owners, catalog } = await world();
    const event = { 'Event Source': 'db-instance', 'Source ID': 'shop-0', 'Event ID': 'RDS-EVENT-0031' };
    const alarm = {
      AlarmName: 'a',
      NewStateValue: 'ALARM',
      Trigger: { Dimensions: [{ name: 'DBInstanceIdentifier', value: 'shop-0' }] },
    };
    for (const body of [event, alarm]) expect(await owners(body)).toEqual(['understudy as deployment']);
    const seen = (members: string[]) =>
      catalog.observe(
        'shop',
        { platform: { readAt: AT, status: 'available', retention: 0, members } },
        new Date(AT),
      );
    await seen(['shop-0', 'shop-1']);
    for (const body of [event, alarm]) expect(await owners(body)).toEqual(['shop as member']);
    await seen(['shop-1']);
    for (const body of [event, alarm]) expect(await owners(body)).toEqual(['understudy as deployment']);
  });

  it('about a snapshot without a telling name is looked up in the catalog only in plans of up to 200 targets', async () => {
    const many = Array.from({ length: 201 }, (_, number) => of(`t${number}`, 'rds', `db-${number}`));
    const { owners, catalog } = await world([...TARGETS, ...many]);
    const asked = jest.spyOn(catalog, 'points');
    expect(await owners({ 'Event Source': 'db-snapshot', 'Source ID': 'before-the-migration' })).toEqual([
      'understudy as deployment',
    ]);
    expect(asked).not.toHaveBeenCalled();
  });
});
