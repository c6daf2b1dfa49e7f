import { InputError } from '../../../../lib/domain/errors.ts';
import { type OperatorDeps, operate, operatorRequest } from '../../../../lib/workflows/operator/operate.ts';
import { failedPoint, point, target } from '../../../support/builders.ts';
import { memoryCatalog } from '../../../support/doubles/catalog/catalog.ts';
import { memoryMessages } from '../../../support/doubles/job-messages.ts';

async function world() {
  const catalog = memoryCatalog();
  const messages = memoryMessages();
  const deps = { catalog, messages, plan: { targets: [target()] } } as unknown as OperatorDeps;
  await catalog.adoptPoint(point('2026-11-19T01:00:00Z'));
  await catalog.adoptPoint(failedPoint('2026-11-20T01:00:00Z'));
  const ask = (job: string, more: object = {}) =>
    operate(
      operatorRequest.parse({
        ask: 'run',
        message: { job, target: 'crm', scheduledFor: '2026-11-20T12:00:00Z', ...more },
      }),
      deps,
    );
  return { ask, messages };
}

test.each(['verify', 'rehearse'])(
  'the operator’s function refuses to publish %s of a failed or unknown point',
  async (job) => {
    const { ask, messages } = await world();
    const failed = ask(job, { point: '20261120T010000Z-1' });
    await expect(failed).rejects.toBeInstanceOf(InputError);
    await expect(failed).rejects.toMatchObject({
      message: expect.stringContaining('20261120T010000Z-1 of crm is failed'),
      hint: 'take another: ./understudy run dump crm',
    });
    await expect(ask(job, { point: '20261121T010000Z-1' })).rejects.toThrow('crm has no recovery point');
    expect(messages.take(job)).toEqual([]);
  },
);

test('the operator’s function publishes verify of a good point, and verify without a point', async () => {
  const { ask, messages } = await world();
  await ask('verify', { point: '20261119T010000Z-1' });
  await ask('verify');
  expect(messages.take('verify')).toHaveLength(2);
});
