import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3 } from '@aws-sdk/client-s3';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { raise } from '../../lib/alerting/alerts.ts';
import { finding } from '../../lib/domain/findings/finding.ts';
import { placedId, REPLICA, vaultKeys } from '../../lib/domain/names.ts';
import { catalog, telling } from '../../lib/runtime/compose.ts';
import { ONLY_THE_TABLE } from '../../lib/workflows/rebuild/only-the-table.ts';
import { evidence, scratchRecord } from '../contract/support/catalogs.ts';
import { contentOf } from '../support/compared.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { planWith } from '../support/plan.ts';
import { restoreRecord } from '../support/restore-records.ts';
import { createStage, type Stage } from '../support/stage.ts';
import { configOf, run, UNDERSTUDY } from './support.ts';

type Item = Record<string, unknown>;

/** Fields of a point that no manifest has; a lock is read from S3, which counts it from the upload. */
const MEASURED = [
  'state',
  'lockedUntil',
  'availableAt',
  'verifiedAt',
  'dumpSeconds',
  'verifySeconds',
  'rebuiltAt',
];

let database: TestDatabase;
let stage: Stage;
let config: string;
const table = DynamoDBDocument.from(new DynamoDBClient({}));

beforeAll(async () => {
  database = await createDatabase(
    'create table leads (id int primary key); insert into leads select generate_series(1, 100)',
  );
  stage = await createStage(planWith());
  await stage.secret('crm', database.credentials);
  config = configOf(stage, { crm: 'crm' });
});
afterAll(async () => {
  await database.drop();
  table.destroy();
});

const typed = (where: string[], args: string[], environment = {}) => {
  const ran = run(UNDERSTUDY, [...where, '--config', config, '--json', ...args], environment);
  const json = () => {
    if (!ran.stdout.startsWith('{') && !ran.stdout.startsWith('[')) throw new Error(ran.stderr);
    return JSON.parse(ran.stdout) as Record<string, unknown>;
  };
  return { ...ran, json };
};
const here = (...args: string[]) => typed(['--local'], args);
/** As of a deployed stage: it is found by its stack, and nothing of it is invoked. */
const rebuild = (...args: string[]) => typed(['--stage', stage.name], ['catalog', 'rebuild', ...args]);
const pointIds = () => (here('points', 'crm').json() as unknown as { id: string }[]).map(({ id }) => id);

async function itemsIn(TableName = process.env['UNDERSTUDY_TABLE']!): Promise<Item[]> {
  const { Items = [] } = await table.scan({ TableName });
  return Items;
}

async function throwAway(): Promise<void> {
  const TableName = process.env['UNDERSTUDY_TABLE']!;
  for (const { PK, SK } of await itemsIn()) await table.delete({ TableName, Key: { PK, SK } });
}

/** The beginning of the key by which an item is what it is. */
const kindOf = ({ PK, SK }: Item) => {
  const own = String(PK).split('#')[0]!;
  return own === 'TARGET' ? String(SK).split('#')[0]! : own;
};

/** One record of every kind, besides those that two dumps and their verifications have left. */
async function everythingElse(): Promise<void> {
  const known = catalog();
  const now = new Date();
  const run = { job: 'dump', target: 'crm', scheduledFor: '2026-11-20T01:00:00Z' };
  await known.addEvidence(evidence('crm'));
  await known.requestCancel({ ...run, by: 'anna', at: '2026-11-20T01:00:00Z', token: 'x' } as never);
  await raise(telling(), finding('size-anomaly', { target: { id: 'crm' }, subject: 'dump', message: 'odd' }));
  expect(here('ack', 'crm', 'size-anomaly', '--until', '7d', '--reason', 'a bulk load').status).toBe(0);
  const record = await known.beginRestore(restoreRecord());
  await known.answerRestore({
    target: 'crm',
    restore: record.id,
    answer: 'reject',
    by: 'ben',
    at: '2026-11-20T12:00:00Z',
  });
  const scratch = scratchRecord('crm');
  await known.beginScratch(scratch);
  await known.startScratch(scratch, scratch.beganAt, scratch.expiresAt, await known.standing(scratch.policy));
  await known.owe('crm', { dump: { cron: '0 1 * * *', timezone: 'UTC' } }, now);
  await known.awaitNotice('instance:crm', 'token', now);
}

test('the table is thrown away and made again: its dumps are listed, verified and compared, and what is lost is named', async () => {
  for (let dump = 0; dump < 2; dump++) expect(here('run', 'dump', 'crm').status).toBe(0);
  const ids = pointIds();
  expect(ids).toHaveLength(2);
  await everythingElse();
  const before = await itemsIn();
  await throwAway();
  expect(pointIds()).toEqual([]);

  const planned = rebuild('--dry-run');
  expect([planned.status, planned.json()]).toMatchObject([0, { dryRun: true }]);
  expect(await itemsIn()).toEqual([]);
  const made = rebuild();
  expect([made.status, made.json()]).toMatchObject([
    0,
    { targets: [{ target: 'crm', added: [...ids].sort(), known: 0 }], findings: [], failures: [] },
  ]);
  const after = new Map((await itemsIn()).map((item) => [`${item['PK']} ${item['SK']}`, item]));

  // What the command says is lost is exactly what the table had and has no more.
  const lost = before.filter((item) => {
    const again = after.get(`${item['PK']} ${item['SK']}`);
    return Object.entries(item).some(
      ([name, value]) => JSON.stringify(again?.[name]) !== JSON.stringify(value),
    );
  });
  const named = new Set(ONLY_THE_TABLE.flatMap(({ records }) => records));
  expect([...new Set(lost.map(kindOf))].sort()).toEqual([...named].sort());
  const told = made.json()['onlyTheTableKnew'] as unknown[];
  expect(told).toHaveLength(ONLY_THE_TABLE.length);
  for (const point of before.filter((item) => kindOf(item) === 'POINT')) {
    const again = after.get(`${point['PK']} ${point['SK']}`)!;
    const names = [...new Set([...Object.keys(point), ...Object.keys(again)])];
    const changed = names.filter((name) => JSON.stringify(point[name]) !== JSON.stringify(again[name]));
    expect(MEASURED).toEqual(expect.arrayContaining(changed));
    expect(again).toMatchObject({ state: 'available' });
  }

  expect(pointIds()).toEqual(ids);
  expect(here('run', 'verify', 'crm').status).toBe(0);
  await database.sql('delete from leads where id > 90');
  const compared = here('diff', 'crm');
  expect([compared.status, compared.json()]).toMatchObject([3, { point: ids[0], tables: [{ missing: 10 }] }]);
});

test('a second rebuild adds nothing, and ends with 3 because of a manifest that is damaged', async () => {
  const again = rebuild();
  expect([again.status, again.json()]).toMatchObject([0, { targets: [{ added: [], known: 2 }] }]);

  const s3 = new S3({ forcePathStyle: true });
  const Bucket = process.env['UNDERSTUDY_VAULT']!;
  const keys = vaultKeys('crm', '2026-11-19T01:00:00Z', 1);
  for (const Key of Object.values(keys)) await s3.putObject({ Bucket, Key, Body: '{ "target": "crm"' });
  const found = rebuild();
  expect([found.status, found.json()]).toMatchObject([
    3,
    {
      targets: [{ added: [], known: 2 }],
      findings: [{ code: 'manifest-invalid', message: expect.stringContaining(keys.manifest) }],
    },
  ]);
  expect(run(UNDERSTUDY, ['--stage', 'nowhere', '--config', config, 'catalog', 'rebuild']).status).toBe(1);
  s3.destroy();
});

test('with nothing but the replica bucket, another deployment has the dumps, verifies them and restores one', async () => {
  const replica = process.env['UNDERSTUDY_VAULT']!;
  const ids = pointIds().map((id) => placedId(id, REPLICA));
  stage = await createStage(planWith());
  expect(process.env['UNDERSTUDY_VAULT']).not.toBe(replica);
  const region = process.env['AWS_REGION']!;
  const made = rebuild('--vault', replica, '--region', region);
  expect(made.json()).toMatchObject({ targets: [{ added: [...ids].sort() }] });

  process.env['UNDERSTUDY_REPLICA'] = replica;
  process.env['UNDERSTUDY_REPLICA_REGION'] = region;
  const onto = await createDatabase();
  try {
    const verified = here('run', 'verify', 'crm', '--point', ids[0]!);
    expect([verified.status, verified.stderr]).toEqual([0, expect.anything()]);
    expect(here('points', 'crm').json()).toMatchObject([{ id: ids[0], state: 'verified' }, { id: ids[1] }]);
    const { host, port, password } = onto.credentials;
    const to = `postgres://postgres@${host}:${port}/${onto.name}`;
    const restored = typed(['--local'], ['restore', 'crm', '--to', to], { PGPASSWORD: password });
    expect([restored.status, restored.stderr]).toEqual([0, expect.anything()]);
    await database.sql('insert into leads select generate_series(91, 100)');
    expect(await contentOf(onto)).toEqual(await contentOf(database));
  } finally {
    delete process.env['UNDERSTUDY_REPLICA'];
    delete process.env['UNDERSTUDY_REPLICA_REGION'];
    await onto.drop();
  }
});
