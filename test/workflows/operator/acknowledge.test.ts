import { raise, resolve } from '../../../lib/alerting/alerts.ts';
import { type Finding, finding } from '../../../lib/domain/findings/finding.ts';
import type { TimelineEvent } from '../../../lib/domain/status/timeline-event.ts';
import { operate, operatorRequest } from '../../../lib/workflows/operator/operate.ts';
import type { StatusReport } from '../../../lib/workflows/operator/status.ts';
import { target as madeTarget, point, policy } from '../../support/builders.ts';
import { memoryAlerts } from '../../support/doubles/alerts.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { faulty } from '../../support/doubles/faults.ts';
import { memoryMessages } from '../../support/doubles/job-messages.ts';
import { recordingLog } from '../../support/doubles/log.ts';
import { recordingMetrics } from '../../support/doubles/metrics.ts';

const NOW = '2026-11-20T12:00:00Z';
const UNTIL = '2026-11-23T12:00:00Z';

/** A target that is well but for what the test finds. */
async function world() {
  const clock = manualClock(NOW);
  const catalog = memoryCatalog(clock);
  const alerts = memoryAlerts();
  const schedules = { dump: { cron: '0 1 * * *', timezone: 'UTC' } };
  const target = madeTarget({ policy: policy({ schedules }) });
  const deps = {
    plan: { schemaVersion: 1 as const, policies: [target.policy], targets: [target] },
    catalog,
    alerts,
    clock,
    messages: memoryMessages(clock),
    log: recordingLog(),
    metrics: recordingMetrics(),
    stage: 'test',
    vaultName: 'vault',
  };
  await catalog.owe('crm', schedules, new Date(NOW));
  await catalog.adoptPoint(point('2026-11-20T11:00:00Z'));
  await catalog.refreshStatus('crm');
  const ask = <T>(request: object) =>
    operate(operatorRequest.parse({ target: 'crm', ...request }), deps) as Promise<T>;
  const ack = (code: string, more: object = {}) =>
    ask<{ open: Finding[] }>({
      ask: 'acknowledge',
      code,
      until: UNTIL,
      by: 'anna',
      reason: 'a bulk load',
      ...more,
    });
  return {
    deps,
    catalog,
    clock,
    ask,
    ack,
    target,
    find: (code: 'size-anomaly' | 'rpo-breached' | 'job-failed') =>
      raise(deps, finding(code, { target, subject: 'x', message: `${code} was found` })),
    told: () => alerts.take('alerts').map(({ subject }) => subject),
    status: async () => (await ask<StatusReport>({ ask: 'status' })).targets[0]!,
    timeline: () => ask<TimelineEvent[]>({ ask: 'timeline' }),
  };
}

test('an acknowledged P2 makes the target good again, stays visible, and is told again when it is over', async () => {
  const { find, ack, told, status, clock } = await world();
  await find('size-anomaly');
  expect([(await status()).state, told()]).toEqual(['bad', ['[P2] crm: size-anomaly (test)']]);
  expect(await ack('size-anomaly')).toMatchObject({ open: [{ code: 'size-anomaly' }] });
  expect(await status()).toMatchObject({
    state: 'good',
    open: [{ code: 'size-anomaly', acknowledged: { until: UNTIL, by: 'anna', reason: 'a bulk load' } }],
  });
  clock.set('2026-11-22T12:00:00Z');
  await find('size-anomaly');
  expect(told()).toEqual([]);
  clock.set(UNTIL);
  expect((await status()).state).toBe('bad');
  await find('size-anomaly');
  expect(told()).toEqual(['[P2] still: crm: size-anomaly (test)']);
});

test('an expected change is announced beforehand, and what then opens is on the timeline and in no mail', async () => {
  const { find, ack, told, status, timeline, deps } = await world();
  expect(await ack('size-anomaly')).toMatchObject({ open: [] });
  expect(await status()).toMatchObject({ state: 'good', open: [], acknowledged: [{ code: 'size-anomaly' }] });
  await find('size-anomaly');
  await resolve(deps, { target: 'crm', code: 'size-anomaly', subject: 'x' });
  expect(told()).toEqual([]);
  expect((await timeline()).map(({ from, message }) => `${from} ${message}`)).toEqual(
    expect.arrayContaining([
      `person anna acknowledged it until ${UNTIL}: a bulk load`,
      `alert P2 not alerted until ${UNTIL}, acknowledged by anna: a bulk load: size-anomaly was found`,
    ]),
  );
});

test('a P0 is acknowledged only while it is open, and no target is good over it', async () => {
  const { find, ack, told, status, clock } = await world();
  await expect(ack('rpo-breached')).rejects.toThrow(
    'is a P0 and not open: it cannot be acknowledged in advance',
  );
  await find('rpo-breached');
  await expect(ack('rpo-breached', { subject: 'y' })).rejects.toThrow('not open about y');
  await ack('rpo-breached');
  expect(await status()).toMatchObject({ state: 'bad', open: [{ acknowledged: { by: 'anna' } }] });
  told();
  clock.set('2026-11-22T12:00:00Z');
  await find('rpo-breached');
  expect(told()).toEqual([]);
});

test('a P0 that opens anew under an acknowledgement is told', async () => {
  const { find, ack, told, deps } = await world();
  await find('rpo-breached');
  await ack('rpo-breached');
  await resolve(deps, { target: 'crm', code: 'rpo-breached', subject: 'x' });
  told();
  await find('rpo-breached');
  expect(told()).toEqual(['[P0] crm: rpo-breached (test)']);
});

test('taken back, it is bad at once and told at the next look', async () => {
  const { find, ack, ask, told, status, timeline } = await world();
  await ack('size-anomaly');
  await find('size-anomaly');
  await ask({ ask: 'end-acknowledgement', code: 'size-anomaly', by: 'anna' });
  expect((await status()).state).toBe('bad');
  await find('size-anomaly');
  expect(told()).toEqual(['[P2] crm: size-anomaly (test)']);
  expect((await timeline()).map(({ message }) => message)).toContain('anna took the acknowledgement back');
  await expect(ask({ ask: 'end-acknowledgement', code: 'size-anomaly', by: 'anna' })).rejects.toThrow(
    'is in force',
  );
});

test.each([
  ['that is over', { until: NOW }, 'is over'],
  ['of more than 90 days', { until: '2027-02-19T12:00:00Z' }, 'more than 90 d ahead'],
  ['of nobody’s target', { target: 'shop' }, 'there is no target "shop"'],
])('one %s is refused', async (_what, changes, said) => {
  const { ack } = await world();
  await expect(ack('size-anomaly', changes)).rejects.toThrow(said);
});

test.each([
  ['no such code', { code: 'size-anomalie' }],
  ['no reason', { reason: '' }],
])('%s is no request', (_what, changes) => {
  const request = {
    ask: 'acknowledge',
    target: 'crm',
    code: 'size-anomaly',
    until: UNTIL,
    reason: 'r',
    ...changes,
  };
  expect(operatorRequest.safeParse(request).success).toBe(false);
});

test('the deployment’s own findings can be acknowledged', async () => {
  const { deps, ack, ask } = await world();
  await raise(
    deps,
    finding('no-subscribers', { target: { id: 'understudy' }, subject: 'pages', message: 'm' }),
  );
  await ack('no-subscribers', { target: 'understudy' });
  expect(await ask({ ask: 'status', target: undefined })).toMatchObject({
    deployment: [{ acknowledged: { by: 'anna' } }],
  });
});

test('what people were told is on the timeline beside the runs, newest first', async () => {
  const { find, deps, catalog, clock, timeline } = await world();
  const claimed = await catalog.claim({
    job: 'dump',
    target: 'crm',
    scheduledFor: NOW,
    requestedBy: 'anna',
    now: clock.now(),
    leaseSeconds: 60,
  });
  if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome);
  await catalog.finish(claimed.claim, {
    state: 'failed',
    endedAt: '2026-11-20T12:00:30Z',
    summary: 'no room',
  });
  clock.set('2026-11-20T12:01:00Z');
  await find('rpo-breached');
  clock.set('2026-11-20T12:02:00Z');
  await resolve(deps, { target: 'crm', code: 'rpo-breached', subject: 'x' });
  expect(
    (await timeline()).map(({ at, from, code, message }) => `${at.slice(11, 19)} ${from} ${code} ${message}`),
  ).toEqual([
    '12:02:00 alert rpo-breached P0 resolved: rpo-breached was found',
    '12:01:00 alert rpo-breached P0 opened: rpo-breached was found',
    '12:00:30 run dump failed: no room (asked for by anna)',
  ]);
});

test('an alert goes out though the timeline cannot be written', async () => {
  const { find, deps, catalog, told } = await world();
  const broken = faulty(catalog);
  broken.fail('addEvent', new Error('throttled'));
  deps.catalog = broken.port;
  await find('size-anomaly');
  expect(told()).toEqual(['[P2] crm: size-anomaly (test)']);
});
