import { parseNotice } from '../../../lib/adapters/aws/events/parse-notice.ts';
import { snapshotName } from '../../../lib/domain/names.ts';
import type { Plan } from '../../../lib/domain/plan/policy.ts';
import type { PlatformKind } from '../../../lib/domain/points/platform-source.ts';
import { ownersOf } from '../../../lib/workflows/events/notice-owner.ts';
import { snapshotPoint, target } from '../../support/builders.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';

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
  await catalog.beginScratch({
    target: 'shop',
    policy: 'production',
    name: SCRATCH,
    kind: 'aurora',
    run: 'r',
    state: 'making',
    beganAt: MOMENT,
    expiresAt: AT,
  });
  const plan: Plan = { schemaVersion: 1, policies: [], targets };
  const owners = async (body: Record<string, unknown>) =>
    (await ownersOf(parseNotice(JSON.stringify(body), AT), { plan, stage: 'test', catalog })).map(
      ({ target, as }) => `${target.id} as ${as}`,
    );
  return { owners, catalog };
}

const name = (id: string, stage = 'test', kind: PlatformKind = 'rds') =>
  snapshotName(stage, id, MOMENT, kind);
const arn = (kind: string, id: string) => ({
  'Source ARN': `arn:aws:rds:eu-central-1:111122223333:${kind}:${id}`,
});

describe('a notice belongs', () => {
  it.each<[string, string, Record<string, unknown>, string]>([
    ['db-instance', 'crm-db', {}, 'crm as source'],
    ['db-instance', 'crm-db-2', {}, 'crm-2 as source'],
    ['db-instance', 'crm-db-3', {}, 'understudy as nobody'],
    ['db-cluster', 'shop', {}, 'shop as source'],
    ['db-instance', 'shop-instance-1', {}, 'shop as member'],
    ['db-instance', 'shopping', {}, 'understudy as nobody'],
    [
      'db-instance',
      'writer',
      { 'Event Message': 'Attempt to block writes for DB cluster shop in Region x' },
      'shop as member',
    ],
    [
      'db-instance',
      'writer',
      { Tags: { of: 'arn:aws:rds:eu-central-1:111122223333:cluster:shop' } },
      'shop as member',
    ],
    ['db-instance', 'writer', { 'Event Message': 'the shop is open' }, 'understudy as nobody'],
    ['db-instance', 'sessions', {}, 'understudy as nobody'],
    ['db-snapshot', name('crm'), {}, 'crm as our-snapshot'],
    ['db-snapshot', name('crm-2'), {}, 'crm-2 as our-snapshot'],
    ['db-snapshot', name('Odd--Name'), {}, 'Odd--Name as our-snapshot'],
    ['db-cluster-snapshot', name('shop'), {}, 'shop as our-snapshot'],
    ['db-snapshot', name('neon'), {}, 'neon as our-snapshot'],
    ['db-snapshot', name('left-the-plan'), {}, 'understudy as nobody'],
    [
      'db-snapshot',
      name('left-the-plan'),
      { Tags: { 'understudy:stage': 'test', 'understudy:target': 'left-the-plan' } },
      'understudy as nobody',
    ],
    // What it is called says ours, and what it bears says whose.
    ['db-snapshot', name('crm'), { Tags: { 'understudy:stage': 'prod' } }, 'understudy as nobody'],
    ['db-cluster-snapshot', name(LONG, 'test', 'aurora'), {}, `${LONG} as our-snapshot`],
    ['db-snapshot', name('crm', 'prod'), {}, 'understudy as nobody'],
    ['db-snapshot', 'understudy-test-crm-99991399t999999z', {}, 'understudy as nobody'],
    [
      'db-snapshot',
      'renamed',
      { Tags: { 'understudy:stage': 'test', 'understudy:target': 'crm' } },
      'crm as our-snapshot',
    ],
    [
      'db-snapshot',
      'renamed',
      { Tags: { 'understudy:stage': 'prod', 'understudy:target': 'crm' } },
      'understudy as nobody',
    ],
    ['db-snapshot', 'rds:crm-db-2026-11-20-02-05', {}, 'crm as their-snapshot'],
    ['db-snapshot', 'rds:crm-db-2-2026-11-20-02-05', {}, 'crm-2 as their-snapshot'],
    ['db-cluster-snapshot', 'rds:shop-2026-11-20-02-05', {}, 'shop as their-snapshot'],
    ['db-snapshot', 'before-the-migration', {}, 'crm as their-snapshot'],
    [
      'db-cluster-snapshot',
      'awsbackup:job-1',
      arn('cluster-snapshot', 'awsbackup:job-1'),
      'shop as their-snapshot',
    ],
    ['db-snapshot', 'nobody-knows', {}, 'understudy as nobody'],
    ['db-cluster', SCRATCH, {}, 'shop as scratch'],
    ['db-instance', `${SCRATCH}-1`, {}, 'shop as scratch'],
    ['db-cluster-snapshot', `rds:${SCRATCH}-2026-11-20-02-05`, {}, 'shop as scratch'],
    ['db-instance', 'understudy-scratch-unknown', {}, 'understudy as scratch'],
  ])('of a %s %s %j to %s', async (source, id, changes, owner) => {
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
    ['CacheClusterId', 'sessions-old', 'understudy as nobody'],
    ['InstanceId', 'crm-db', 'understudy as nobody'],
  ])('of an alarm of %s %s to %s', async (dimension, value, owner) => {
    const { owners } = await world();
    const Trigger = { Dimensions: [{ name: dimension, value }] };
    expect(await owners({ AlarmName: 'a', NewStateValue: 'OK', Trigger })).toEqual([owner]);
  });

  it('of an instance to the cluster that the watch last saw it in, whatever it is called', async () => {
    const { owners, catalog } = await world();
    const event = { 'Event Source': 'db-instance', 'Source ID': 'shop-0', 'Event ID': 'RDS-EVENT-0031' };
    const alarm = {
      AlarmName: 'a',
      NewStateValue: 'ALARM',
      Trigger: { Dimensions: [{ name: 'DBInstanceIdentifier', value: 'shop-0' }] },
    };
    for (const body of [event, alarm]) expect(await owners(body)).toEqual(['understudy as nobody']);
    const seen = (members: string[]) =>
      catalog.observe(
        'shop',
        { platform: { readAt: AT, status: 'available', retention: 0, members } },
        new Date(AT),
      );
    await seen(['shop-0', 'shop-1']);
    for (const body of [event, alarm]) expect(await owners(body)).toEqual(['shop as member']);
    await seen(['shop-1']);
    for (const body of [event, alarm]) expect(await owners(body)).toEqual(['understudy as nobody']);
  });

  it('of a snapshot whose name says nothing to nobody, in a plan so large that asking would cost more than it is worth', async () => {
    const many = Array.from({ length: 201 }, (_, number) => of(`t${number}`, 'rds', `db-${number}`));
    const { owners, catalog } = await world([...TARGETS, ...many]);
    const asked = jest.spyOn(catalog, 'points');
    expect(await owners({ 'Event Source': 'db-snapshot', 'Source ID': 'before-the-migration' })).toEqual([
      'understudy as nobody',
    ]);
    expect(asked).not.toHaveBeenCalled();
  });
});
