import { resolve } from '../../../lib/alerting/alerts.ts';
import type { Finding } from '../../../lib/domain/findings/finding.ts';
import type { TimelineEvent } from '../../../lib/domain/status/timeline-event.ts';
import { operate, operatorRequest } from '../../../lib/workflows/operator/operate.ts';
import type { StatusReport } from '../../../lib/workflows/operator/status.ts';
import { target as madeTarget, point, policy } from '../../support/builders.ts';
import { memoryDeps } from '../../support/doubles/deps.ts';
import { faulty } from '../../support/doubles/faults.ts';
import { memoryServices } from '../../support/doubles/services.ts';
import { claimRun, raiseFinding } from '../../support/records.ts';

const NOW = '2026-11-20T12:00:00Z';
const UNTIL = '2026-11-23T12:00:00Z';
const REQUEST = { code: 'size-anomaly', until: UNTIL, by: 'anna', reason: 'a bulk load' } as const;
const ACKNOWLEDGED = { until: UNTIL, by: 'anna', reason: 'a bulk load' };

/** A target that is good but for what the test finds. */
async function world() {
  const base = memoryDeps();
  const { catalog, alerts } = base;
  const schedules = { dump: { cron: '0 1 * * *', timezone: 'UTC' } };
  const target = madeTarget({ policy: policy({ schedules }) });
  const plan = { schemaVersion: 1 as const, policies: [target.policy], targets: [target] };
  const deps = { ...base, plan, vaultName: 'vault', services: memoryServices() };
  await catalog.owe('crm', schedules, new Date(NOW));
  await catalog.adoptPoint(point('2026-11-20T11:00:00Z'));
  await catalog.refreshStatus('crm');
  const ask = <T>(request: object) =>
    operate(operatorRequest.parse({ target: 'crm', ...request }), deps) as Promise<T>;
  return {
    ...base,
    deps,
    ask,
    acknowledge: (changes: object = {}) =>
      ask<{ open: Finding[] }>({ ask: 'acknowledge', ...REQUEST, ...changes }),
    takeBack: () => ask({ ask: 'end-acknowledgement', code: 'size-anomaly', by: 'anna' }),
    find: (code: 'size-anomaly' | 'rpo-breached') => raiseFinding(deps, code, 'x'),
    resolve: (code: 'size-anomaly' | 'rpo-breached') => resolve(deps, { target: 'crm', code, subject: 'x' }),
    told: alerts.told,
    status: async () => (await ask<StatusReport>({ ask: 'status' })).targets[0]!,
    timeline: () => ask<TimelineEvent[]>({ ask: 'timeline' }),
  };
}

describe('an acknowledgement', () => {
  it('makes a target good over its P2, which stays visible and alerts again afterwards', async () => {
    const { find, acknowledge, told, status, clock } = await world();
    await find('size-anomaly');
    expect([(await status()).state, told()]).toEqual(['bad', ['opened P2 size-anomaly crm x']]);
    expect(await acknowledge()).toMatchObject({ open: [{ code: 'size-anomaly' }] });
    const open = [{ code: 'size-anomaly', acknowledged: ACKNOWLEDGED }];
    expect(await status()).toMatchObject({ state: 'good', open });
    clock.set('2026-11-22T12:00:00Z');
    await find('size-anomaly');
    expect(told()).toEqual([]);
    clock.set(UNTIL);
    expect((await status()).state).toBe('bad');
    await find('size-anomaly');
    expect(told()).toEqual(['reminder P2 size-anomaly crm x']);
  });

  it('made beforehand puts what then opens on the timeline without an alert', async () => {
    const { find, resolve, acknowledge, told, status, timeline } = await world();
    expect(await acknowledge()).toMatchObject({ open: [] });
    const acknowledged = [{ code: 'size-anomaly' }];
    expect(await status()).toMatchObject({ state: 'good', open: [], acknowledged });
    await find('size-anomaly');
    await resolve('size-anomaly');
    expect(told()).toEqual([]);
    expect((await timeline()).map(({ from, message }) => `${from} ${message}`)).toEqual(
      expect.arrayContaining([
        `person anna acknowledged it until ${UNTIL}: a bulk load`,
        `alert P2 not alerted until ${UNTIL}, acknowledged by anna: a bulk load: a job found it`,
      ]),
    );
  });

  it('of a P0 is refused while that is not open, and makes no target good', async () => {
    const { find, acknowledge, told, status, clock } = await world();
    const code = 'rpo-breached';
    await expect(acknowledge({ code })).rejects.toThrow('cannot be acknowledged in advance');
    await find(code);
    await expect(acknowledge({ code, subject: 'y' })).rejects.toThrow('not open about y');
    await acknowledge({ code });
    expect(await status()).toMatchObject({ state: 'bad', open: [{ acknowledged: { by: 'anna' } }] });
    told();
    clock.set('2026-11-22T12:00:00Z');
    await find(code);
    expect(told()).toEqual([]);
  });

  it('of a P0 ends when that is resolved: it alerts when it opens again', async () => {
    const { find, resolve, acknowledge, told } = await world();
    await find('rpo-breached');
    await acknowledge({ code: 'rpo-breached' });
    await resolve('rpo-breached');
    told();
    await find('rpo-breached');
    expect(told()).toEqual(['opened P0 rpo-breached crm x']);
  });

  it('that is taken back makes the target bad at once, and the next look alerts', async () => {
    const { find, acknowledge, takeBack, told, status, timeline } = await world();
    await acknowledge();
    await find('size-anomaly');
    await takeBack();
    expect((await status()).state).toBe('bad');
    await find('size-anomaly');
    expect(told()).toEqual(['opened P2 size-anomaly crm x']);
    expect((await timeline()).map(({ message }) => message)).toContain('anna took the acknowledgement back');
    await expect(takeBack()).rejects.toThrow('is in force');
  });

  it.each([
    ['that is over', { until: NOW }, 'is over'],
    ['of more than 90 days', { until: '2027-02-19T12:00:00Z' }, 'more than 90 d ahead'],
    ['of an unknown target', { target: 'shop' }, 'there is no target "shop"'],
  ])('%s is refused', async (_what, changes, said) => {
    const { acknowledge } = await world();
    await expect(acknowledge(changes)).rejects.toThrow(said);
  });

  it.each([
    ['an unknown code', { code: 'size-anomalie' }],
    ['no reason', { reason: '' }],
  ])('with %s is no valid request', (_what, changes) => {
    const request = { ask: 'acknowledge', target: 'crm', ...REQUEST, ...changes };
    expect(operatorRequest.safeParse(request).success).toBe(false);
  });

  it('can be of a finding about the deployment', async () => {
    const { deps, acknowledge, ask } = await world();
    await raiseFinding(deps, 'no-subscribers', 'pages', 'understudy');
    await acknowledge({ code: 'no-subscribers', target: 'understudy' });
    const deployment = [{ acknowledged: { by: 'anna' } }];
    expect(await ask({ ask: 'status', target: undefined })).toMatchObject({ deployment });
  });
});

describe('the timeline of a target', () => {
  it('has alerts beside runs, newest first', async () => {
    const { find, resolve, catalog, clock, timeline } = await world();
    const run = { job: 'dump', target: 'crm', scheduledFor: NOW };
    const claim = await claimRun(catalog, run, NOW, { requestedBy: 'anna' });
    await catalog.finish(claim, { state: 'failed', endedAt: '2026-11-20T12:00:30Z', summary: 'no room' });
    clock.set('2026-11-20T12:01:00Z');
    await find('rpo-breached');
    clock.set('2026-11-20T12:02:00Z');
    await resolve('rpo-breached');
    const lines = (await timeline()).map(
      ({ at, from, code, message }) => `${at.slice(11, 19)} ${from} ${code} ${message}`,
    );
    expect(lines).toEqual([
      '12:02:00 alert rpo-breached P0 resolved: a job found it',
      '12:01:00 alert rpo-breached P0 opened: a job found it',
      '12:00:30 run dump failed: no room (asked for by anna)',
    ]);
  });

  it('stops no alert when it cannot be written', async () => {
    const { find, deps, catalog, told } = await world();
    const broken = faulty(catalog);
    broken.fail('addEvent', new Error('throttled'));
    deps.catalog = broken.port;
    await find('size-anomaly');
    expect(told()).toEqual(['opened P2 size-anomaly crm x']);
  });
});
