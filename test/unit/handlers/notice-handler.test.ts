import type { Context } from 'aws-lambda';
import { handler } from '../../../handlers/notice.ts';
import type { Catalog } from '../../../lib/ports/catalog.ts';
import { target } from '../../support/builders.ts';
import { memoryAlerts } from '../../support/doubles/alerts.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { type Faulty, faulty } from '../../support/doubles/faults.ts';
import { recordingLog } from '../../support/doubles/log.ts';
import { recordingMetrics } from '../../support/doubles/metrics.ts';

let mockDeps: Record<string, unknown>;
jest.mock('../../../lib/runtime/compose.ts', () => ({
  telling: () => mockDeps,
  plan: () => mockDeps['plan'],
  wakes: () => ({ wake: async () => undefined }),
  parseNotice: jest.requireActual('../../../lib/adapters/aws/events/parse-notice.ts').parseNotice,
}));

const RDS = { 'Event Source': 'db-instance', 'Source ID': 'crm-db', 'Event ID': 'RDS-EVENT-0001' };
const sns = (message: unknown, Timestamp = '2026-11-20T11:00:00.123Z') => ({
  EventSource: 'aws:sns',
  Sns: { Message: typeof message === 'string' ? message : JSON.stringify(message), Timestamp },
});
const call = (event: unknown) => handler(event, {} as Context);

describe('the function notice', () => {
  let catalog: Faulty<Catalog>;
  beforeEach(() => {
    const clock = manualClock('2026-11-20T12:00:00Z');
    catalog = faulty(memoryCatalog(clock));
    mockDeps = {
      clock,
      catalog: catalog.port,
      alerts: memoryAlerts(),
      log: recordingLog(),
      metrics: recordingMetrics(),
      stage: 'test',
      plan: { targets: [target({ platform: { kind: 'rds', id: 'crm-db' } })] },
    };
  });
  const moments = async (of = 'crm') => (await catalog.port.timeline(of, 9)).map(({ at }) => at);

  it('puts each record of the topic on the timeline, at the moment SNS took it', async () => {
    expect(await call({ Records: [sns(RDS), sns(RDS, '2026-11-20T11:00:05Z')] })).toHaveLength(2);
    expect(await moments()).toEqual(['2026-11-20T11:00:05Z', '2026-11-20T11:00:00Z']);
  });

  it('takes the same JSON from an operator', async () => {
    expect(await call(RDS)).toMatchObject([{ notice: 'rds', targets: ['crm'] }]);
    expect(await moments()).toEqual(['2026-11-20T12:00:00Z']);
  });

  it.each([
    null,
    undefined,
    7,
    'text',
    [],
    {},
    { Records: [null, {}, { Sns: null }, { Sns: { Message: 7 } }] },
  ])('answers %j with "unknown" only', async (event) => {
    for (const outcome of await call(event)) expect(outcome.notice).toBe('unknown');
  });

  it('takes the records after one that failed, and fails so that SNS delivers them again', async () => {
    catalog.fail('addEvent', new Error('the catalog does not answer'), { times: 1 });
    const event = { Records: [sns(RDS), sns(RDS, '2026-11-20T11:00:05Z')] };
    await expect(call(event)).rejects.toThrow('the catalog does not answer');
    expect(await moments()).toEqual(['2026-11-20T11:00:05Z']);
    await call(event);
    expect(await moments()).toHaveLength(2);
  });
});
