import { type OperatorDeps, operate, operatorRequest } from '../../../../lib/workflows/operator/operate.ts';
import { target } from '../../../support/builders.ts';
import { memoryCatalog } from '../../../support/doubles/catalog/catalog.ts';

describe('the operator’s function', () => {
  const catalog = memoryCatalog();
  const deps = { catalog, plan: { targets: [target()] } } as unknown as OperatorDeps;
  const ask = (request: object) => operate(operatorRequest.parse({ ask: 'timeline', ...request }), deps);
  beforeAll(async () => {
    for (const whose of ['crm', 'understudy', 'shop'])
      for (const minute of ['01', '02'])
        await catalog.addEvent({
          target: whose,
          at: `2026-11-20T01:${minute}:00Z`,
          id: minute,
          from: 'rds',
          subject: whose,
          message: minute,
        });
  });

  it('answers with a target’s timeline, newest first and as long as was asked for', async () => {
    expect(await ask({ target: 'crm' })).toMatchObject([
      { target: 'crm', message: '02' },
      { target: 'crm', message: '01' },
    ]);
    expect(await ask({ target: 'crm', limit: 1 })).toHaveLength(1);
  });
  it('answers with the timeline of the deployment, named understudy', async () => {
    expect(await ask({ target: 'understudy' })).toHaveLength(2);
  });
  it('refuses the outcome of a run of a target that does not exist', async () => {
    const request = { ask: 'outcome', target: 'shop', job: 'dump', scheduledFor: '2026-11-20T01:00:00Z' };
    await expect(operate(operatorRequest.parse(request), deps)).rejects.toThrow('there is no target "shop"');
  });
  it('refuses the timeline of a target that does not exist', async () => {
    await expect(ask({ target: 'shop' })).rejects.toThrow('there is no target "shop"');
  });
});
