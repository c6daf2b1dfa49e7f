import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { DumpPoint } from '../../lib/domain/points/recovery-point.ts';
import { catalog } from '../../lib/runtime/compose.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { lastPoint } from '../support/night.ts';
import { planWith } from '../support/plan.ts';
import { createStage } from '../support/stage.ts';
import { begin, configOf, UNDERSTUDY } from './support.ts';

describe('local commands', () => {
  let database: TestDatabase;
  let config: string;

  beforeAll(async () => {
    database = await createDatabase('create table leads (id int primary key)');
    const stage = await createStage(planWith());
    await stage.secret('crm', database.credentials);
    config = configOf(stage, { crm: 'crm', shop: 'crm', lost: 'nowhere' });
  });
  afterAll(() => database.drop());

  async function here(...args: string[]): Promise<{ status: number; said: string }> {
    const it = begin(UNDERSTUDY, ['--local', '--config', config, ...args]);
    return { status: await it.ended, said: it.shown() };
  }

  it('do the work they were asked for alone, although a message waits in a queue and two run at once', async () => {
    const sqs = new SQSClient({});
    const QueueUrl = process.env['UNDERSTUDY_QUEUE_DUMP']!;
    const message = { job: 'dump', target: 'lost', scheduledFor: '2026-11-20T01:00:00Z', requestedBy: 'x' };
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(message) }));
    const [crm, shop] = await Promise.all([here('run', 'dump', 'crm'), here('run', 'dump', 'shop')]);
    expect([crm.status, shop.status]).toEqual([0, 0]);
    expect(crm.said).toMatch(/✔ dump of crm[\s\S]*✔ verify of crm/);
    expect(crm.said).not.toMatch(/shop|lost/);
    expect(shop.said).toMatch(/✔ dump of shop[\s\S]*✔ verify of shop/);
    expect(shop.said).not.toMatch(/crm|lost/);
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    expect(Attributes).toEqual({ ApproximateNumberOfMessages: '1' });
  });

  it('verify the newest point where none is named', async () => {
    const { status, said } = await here('run', 'verify', 'crm', '--again');
    expect([status, said]).toEqual([0, expect.stringContaining(`${(await lastPoint())!.id} is good`)]);
  });

  it('end on record the run that a killed command left, and say so', async () => {
    const scheduledFor = '2026-11-20T02:00:00Z';
    const now = new Date('2026-11-20T02:00:00Z');
    const run = { job: 'dump', target: 'crm', scheduledFor, requestedBy: 'x', now, leaseSeconds: 120 };
    const claimed = await catalog().claim(run);
    if (claimed.outcome !== 'claimed') throw new Error(`the claim is ${claimed.outcome}`);
    const point = { ...((await lastPoint()) as DumpPoint), scheduledFor, id: '20261120T020000Z-1' };
    await catalog().putPoint(claimed.claim, { ...point, state: 'creating' });
    const { said } = await here('run', 'verify', 'crm', '--again');
    expect(said).toContain(`dump/crm/${scheduledFor} was interrupted and is now on record as failed`);
    expect(await catalog().run(run)).toMatchObject({ state: 'failed', error: { code: 'worker-died' } });
    expect(await catalog().point('crm', point.id)).toMatchObject({ state: 'failed' });
  });
});
