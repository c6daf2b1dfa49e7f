import type { CancelRequest } from '../../lib/domain/runs/run.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { CATALOGS } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

describe.each(CATALOGS)('the catalog %s', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });

  it('keeps the newest cancel request of a run, for the claim that it names alone', async () => {
    const run = { target: unique(), job: 'dump', scheduledFor: '2026-11-20T01:00:00Z', attempt: 1 };
    const claim = { ...run, token: 'first' };
    expect(await catalog.cancelRequest(claim)).toBeUndefined();
    const request: CancelRequest = { ...claim, by: 'anna', at: '2026-11-20T01:05:00Z' };
    await catalog.requestCancel(request);
    await catalog.requestCancel({ ...request, by: 'ben' });
    expect(await catalog.cancelRequest(claim)).toEqual({ ...request, by: 'ben' });
    expect(await catalog.cancelRequest({ ...claim, token: 'second' })).toBeUndefined();
    expect(await catalog.cancelRequest({ ...claim, job: 'verify' })).toBeUndefined();
  });
});
