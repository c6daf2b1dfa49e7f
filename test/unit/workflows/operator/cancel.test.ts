import { type ClaimDeps, underClaim } from '../../../../lib/execution/claim.ts';
import { cancel } from '../../../../lib/workflows/operator/cancel.ts';
import { point, policy, target } from '../../../support/builders.ts';
import { memoryAlerts } from '../../../support/doubles/alerts.ts';
import { memoryCatalog } from '../../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../../support/doubles/clock.ts';
import { memoryMessages } from '../../../support/doubles/job-messages.ts';
import { recordingLog } from '../../../support/doubles/log.ts';
import { recordingMetrics } from '../../../support/doubles/metrics.ts';

const AT = '2026-11-20T01:00:00Z';
const NAME = { job: 'dump', target: 'crm', scheduledFor: AT };
const MESSAGE = { ...NAME, job: 'dump' as const, requestedBy: 'schedule' };
const REQUEST = { target: 'crm', job: 'dump', by: 'anna', local: true };

function world() {
  const clock = manualClock(AT);
  const alerts = memoryAlerts();
  const deps = {
    plan: { schemaVersion: 1 as const, policies: [policy()], targets: [target()] },
    catalog: memoryCatalog(clock),
    alerts,
    clock,
    messages: memoryMessages(clock),
    log: recordingLog(),
    metrics: recordingMetrics(),
    stage: 'test',
    secondsLeft: () => 900,
  };
  return { deps: deps as typeof deps & ClaimDeps, alerts };
}

test('a worker whose run is cancelled stops, writes nothing more and sends no alert', async () => {
  const { deps, alerts } = world();
  const outcome = await underClaim(deps, MESSAGE, NAME, async ({ claim }) => {
    await deps.catalog.putPoint(claim, point(AT, { state: 'creating' }));
    const { cancelled } = await cancel(REQUEST, deps);
    expect(cancelled).toMatchObject([NAME]);
    await expect(deps.catalog.putPoint(claim, point(AT, { state: 'available' }))).rejects.toThrow(
      'taken over',
    );
    throw new Error('the upload was aborted');
  });
  expect(outcome).toEqual({ outcome: 'cancelled', summary: `dump/crm/${AT} was cancelled by anna` });
  expect(await deps.catalog.run(NAME)).toMatchObject({
    state: 'failed',
    error: { code: 'cancelled', message: 'cancelled by anna' },
  });
  expect(await deps.catalog.pointAt('crm', AT)).toMatchObject({ state: 'failed', why: 'cancelled by anna' });
  expect(alerts.take('alerts')).toEqual([]);
});

test('a run that another worker has taken over is not called cancelled', async () => {
  const { deps } = world();
  const outcome = await underClaim(deps, MESSAGE, NAME, async ({ claim }) => {
    await deps.catalog.finish(claim, { state: 'failed', endedAt: AT, summary: 'its worker died' });
    await deps.catalog.putPoint(claim, point(AT, { state: 'creating' }));
    return { summary: 'never' };
  });
  expect(outcome).toMatchObject({ outcome: 'taken-over' });
});

test('cancel refuses a job that is not running', async () => {
  const { deps } = world();
  await expect(cancel(REQUEST, deps)).rejects.toMatchObject({
    code: 'input-invalid',
    message: 'no dump of crm is running',
  });
});

test('a worker of a deployed stage ends its run at the next renewal after a request', async () => {
  const { deps, alerts } = world();
  const outcome = await underClaim(deps, MESSAGE, NAME, async ({ claim, signal }) => {
    await deps.catalog.putPoint(claim, point(AT, { state: 'creating' }));
    await cancel({ ...REQUEST, local: false }, deps);
    expect(await deps.catalog.run(NAME)).toMatchObject({ state: 'running' });
    for (let second = 0; second < 60 && !signal.aborted; second++) await deps.clock.advance(1);
    signal.throwIfAborted();
    return { summary: 'never' };
  });
  expect(outcome).toEqual({ outcome: 'cancelled', summary: `dump/crm/${AT} was cancelled by anna` });
  expect(await deps.catalog.run(NAME)).toMatchObject({
    state: 'failed',
    error: { code: 'cancelled', message: 'cancelled by anna' },
  });
  expect(await deps.catalog.pointAt('crm', AT)).toMatchObject({ state: 'failed', why: 'cancelled by anna' });
  expect(alerts.take('alerts')).toEqual([]);
});

test('a cancelled run that cannot be put on record ends with the cancellation as its error', async () => {
  const { deps } = world();
  const { catalog } = deps;
  const outcome = underClaim(
    {
      ...deps,
      catalog: { ...catalog, finish: async () => Promise.reject(new Error('the table is throttled')) },
    },
    MESSAGE,
    NAME,
    async ({ signal }) => {
      await cancel({ ...REQUEST, local: false }, deps);
      for (let second = 0; second < 60 && !signal.aborted; second++) await deps.clock.advance(1);
      signal.throwIfAborted();
      return { summary: 'never' };
    },
  );
  await expect(outcome).resolves.toMatchObject({ outcome: 'refused', code: 'cancelled' });
});

test('a cancel request does not end the next attempt of the same run', async () => {
  const { deps } = world();
  await underClaim(deps, MESSAGE, NAME, async () => {
    await cancel({ ...REQUEST, local: false }, deps);
    throw new Error('it failed by itself');
  }).catch(() => undefined);
  const outcome = await underClaim(deps, MESSAGE, NAME, async ({ signal }) => {
    for (let second = 0; second < 60; second++) await deps.clock.advance(1);
    signal.throwIfAborted();
    return { summary: 'done' };
  });
  expect(outcome).toEqual({ outcome: 'done', summary: 'done' });
});

test.each(['rehearse', 'simulation'])(
  'cancel refuses a %s of a deployed stage, which looks at no request',
  async (job) => {
    const { deps } = world();
    await expect(cancel({ ...REQUEST, job, local: false }, deps)).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('cannot be cancelled'),
    });
  },
);
