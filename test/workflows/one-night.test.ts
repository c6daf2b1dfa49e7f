import type { Evidence } from '../../lib/domain/proof/evidence.ts';
import { drainQueues, readInbox } from '../../scripts/local/drain-queues.ts';
import { endDurable, invokeLocally } from '../../scripts/local/invoke-locally.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { planWith } from '../support/plan.ts';
import { createStage, type Stage } from '../support/stage.ts';

describe('a deployment', () => {
  let database: TestDatabase;
  let stage: Stage;

  beforeAll(async () => {
    database = await createDatabase(
      'create table leads (id serial primary key, name text); insert into leads (name) select md5(i::text) from generate_series(1, 5000) i',
    );
    stage = await createStage(planWith());
    await stage.secret('crm', database.credentials);
  });
  afterAll(async () => {
    await endDurable();
    await database.drop();
  });

  it('dumps, verifies and rehearses a database in one night by its schedules alone, without an alert', async () => {
    const tick = { policy: 'production', scheduledFor: '2026-11-20T01:00:00Z' };
    await invokeLocally('dispatch', { ...tick, job: 'dump' });
    const night = await drainQueues();
    expect(night.map((each) => [each.function, each.error])).toEqual([
      ['dump', undefined],
      ['verify', undefined],
    ]);

    await invokeLocally('dispatch', { ...tick, job: 'rehearse', scheduledFor: '2026-11-20T02:00:00Z' });
    const [rehearsal] = await drainQueues();
    const { evidence } = rehearsal!.result as { evidence: Evidence };
    expect(evidence).toMatchObject({
      outcome: 'passed',
      strength: 'exact',
      differences: [],
      operator: 'schedule',
      compared: { tables: 1, rows: '5000' },
    });

    await invokeLocally('watch', {});
    expect(await readInbox(stage.inbox.alerts)).toEqual([]);
    const report = (await invokeLocally('operator', { ask: 'status' })) as { targets: { state: string }[] };
    expect(report.targets[0]?.state).toBe('good');
  });
});
