import { postgresHeartbeat } from '../../lib/adapters/engines/postgres/heartbeat-table.ts';
import { catalog } from '../../lib/runtime/compose.ts';
import { invokeLocally } from '../../scripts/local/invoke-locally.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { told } from '../support/night.ts';
import { planWith } from '../support/plan.ts';
import { createStage, type Stage } from '../support/stage.ts';

const minute = '2026-11-20T01:02:00Z';
const MESSAGE = { job: 'heartbeat', target: 'crm', scheduledFor: minute, requestedBy: 'schedule' };

/** As topic `jobs` delivers it. */
const deliver = (body: object) =>
  invokeLocally('heartbeat', { Records: [{ Sns: { Message: JSON.stringify(body) } }] });

describe('the heartbeat function', () => {
  let database: TestDatabase;
  let stage: Stage;

  beforeAll(async () => {
    database = await createDatabase(`create schema understudy;
      create table understudy.heartbeat (minute timestamptz primary key, written_at timestamptz not null default clock_timestamp(), committed_by timestamptz)`);
    stage = await createStage(planWith({ target: 'heartbeat: true' }));
    await stage.secret('crm', database.credentials);
  });
  afterAll(() => database.drop());

  it('writes a row once when its message is delivered twice, and puts its time into the catalog', async () => {
    expect(await deliver(MESSAGE)).toEqual({ outcome: 'written', minute });
    expect(await deliver(MESSAGE)).toEqual({ outcome: 'there', minute });
    const [row] = await postgresHeartbeat().rows(database.credentials, '2000-01-01T00:00:00Z');
    expect(row).toMatchObject({ minute });
    const status = (await catalog().statuses(['crm'])).get('crm');
    expect(status!.heartbeatAt! >= `${row!.writtenAt.slice(0, 19)}Z`).toBe(true);
    expect(await told(stage)).toEqual([]);
  });

  it('opens unknown-job for a target without a heartbeat, and does not fail', async () => {
    stage.usePlan(planWith());
    expect(await deliver(MESSAGE)).toBeUndefined();
    expect(await told(stage)).toEqual(['opened P1 unknown-job heartbeat crm']);
  });
});
