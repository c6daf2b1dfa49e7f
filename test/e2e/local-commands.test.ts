import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { DumpPoint } from '../../lib/domain/points/recovery-point.ts';
import { catalog } from '../../lib/runtime/compose.ts';
import { ROOT } from '../../scripts/local/tools.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { lastPoint } from '../support/night.ts';
import { planWith } from '../support/plan.ts';
import { createStage } from '../support/stage.ts';

describe('local commands', () => {
  let database: TestDatabase;
  let config: string;

  beforeAll(async () => {
    database = await createDatabase('create table leads (id int primary key)');
    const stage = await createStage(planWith());
    await stage.secret('crm', database.credentials);
    config = join(mkdtempSync(join(tmpdir(), 'us-cli-')), 'understudy.yml');
    const [policies] = readFileSync(join(ROOT, 'understudy.yml'), 'utf8').split('\ntargets:');
    const target = (id: string, secret: string) =>
      `  ${id}: { policy: production, connection: { secret: ${stage.name}/${secret} } }\n`;
    writeFileSync(
      config,
      `${policies}\ntargets:\n${target('crm', 'crm')}${target('shop', 'crm')}${target('lost', 'nowhere')}`,
    );
  });
  afterAll(() => database.drop());

  async function here(...args: string[]): Promise<{ status: number; said: string }> {
    const child = spawn(join(ROOT, 'understudy'), ['--local', '--config', config, ...args], {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: '1' },
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    const [status] = (await once(child, 'close')) as [number];
    return { status, said };
  }

  it('do their own work only: what waits in a queue is not theirs, and two at once do not meet', async () => {
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

  it('verify again the newest point where none is named', async () => {
    const { status, said } = await here('run', 'verify', 'crm', '--again');
    expect([status, said]).toEqual([0, expect.stringContaining(`${(await lastPoint())!.id} is good`)]);
  });

  it('end on record what a killed command left, and say so', async () => {
    const scheduledFor = '2026-11-20T02:00:00Z';
    const now = new Date('2026-11-20T02:00:00Z');
    const run = { job: 'dump', target: 'crm', scheduledFor, requestedBy: 'x', now, leaseSeconds: 120 };
    const claimed = await catalog().claim(run);
    if (claimed.outcome !== 'claimed') throw new Error('somebody has it');
    const point = { ...((await lastPoint()) as DumpPoint), scheduledFor, id: '20261120T020000Z-1' };
    await catalog().putPoint(claimed.claim, { ...point, state: 'creating' });
    const { said } = await here('run', 'verify', 'crm', '--again');
    expect(said).toContain(`dump/crm/${scheduledFor} was interrupted and is now on record as failed`);
    expect(await catalog().run(run)).toMatchObject({ state: 'failed', error: { code: 'worker-died' } });
    expect(await catalog().point('crm', point.id)).toMatchObject({ state: 'failed' });
  });
});
