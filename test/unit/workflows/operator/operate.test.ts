import { InputError } from '../../../../lib/domain/errors.ts';
import { type OperatorDeps, operate, operatorRequest } from '../../../../lib/workflows/operator/operate.ts';
import { failedPoint, point, target } from '../../../support/builders.ts';
import { memoryCatalog } from '../../../support/doubles/catalog/catalog.ts';
import { memoryMessages } from '../../../support/doubles/job-messages.ts';

const AT = '2026-11-20T01:00:00Z';

/** A deployment with the target crm, a good and a failed point of it, and two events on each of three timelines. */
async function world() {
  const catalog = memoryCatalog();
  const messages = memoryMessages();
  const deps = { catalog, messages, plan: { targets: [target()] } } as unknown as OperatorDeps;
  await catalog.adoptPoint(point('2026-11-19T01:00:00Z'));
  await catalog.adoptPoint(failedPoint(AT));
  for (const whose of ['crm', 'understudy', 'shop'])
    for (const id of ['01', '02']) {
      const event = { id, from: 'rds', subject: whose, message: id } as const;
      await catalog.addEvent({ target: whose, at: `2026-11-20T01:${id}:00Z`, ...event });
    }
  const ask = (request: object) => operate(operatorRequest.parse(request), deps);
  const run = (job: string, more: object = {}) =>
    ask({ ask: 'run', message: { job, target: 'crm', scheduledFor: '2026-11-20T12:00:00Z', ...more } });
  return { ask, run, messages };
}

describe('the operator’s function', () => {
  it.each(['verify', 'rehearse'])('refuses to publish %s of a failed or unknown point', async (job) => {
    const { run, messages } = await world();
    const failed = run(job, { point: '20261120T010000Z-1' });
    await expect(failed).rejects.toBeInstanceOf(InputError);
    await expect(failed).rejects.toMatchObject({
      message: expect.stringContaining('20261120T010000Z-1 of crm is failed'),
      hint: 'take another: ./understudy run dump crm',
    });
    await expect(run(job, { point: '20261121T010000Z-1' })).rejects.toThrow('crm has no recovery point');
    expect(messages.take(job)).toEqual([]);
  });

  it('publishes verify of a good point, and verify without a point', async () => {
    const { run, messages } = await world();
    await run('verify', { point: '20261119T010000Z-1' });
    await run('verify');
    expect(messages.take('verify')).toHaveLength(2);
  });

  it.each([
    ['of a target, newest first', { target: 'crm' }, ['crm 02', 'crm 01']],
    ['of a target, as long as was asked for', { target: 'crm', limit: 1 }, ['crm 02']],
    ['of the deployment, named understudy', { target: 'understudy' }, ['understudy 02', 'understudy 01']],
  ])('answers with the timeline %s', async (_, request, events) => {
    const { ask } = await world();
    const timeline = (await ask({ ask: 'timeline', ...request })) as { target: string; message: string }[];
    expect(timeline.map(({ target, message }) => `${target} ${message}`)).toEqual(events);
  });

  it.each([
    ['timeline', {}],
    ['outcome', { job: 'dump', scheduledFor: AT }],
  ])('refuses the %s of a target that does not exist', async (ask, more) => {
    const made = await world();
    const refused = made.ask({ ask, target: 'shop', ...more });
    await expect(refused).rejects.toThrow('there is no target "shop"');
  });
});
