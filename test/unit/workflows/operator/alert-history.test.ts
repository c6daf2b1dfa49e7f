import { raise } from '../../../../lib/alerting/alerts.ts';
import { finding } from '../../../../lib/domain/findings/finding.ts';
import { alertHistory } from '../../../../lib/workflows/operator/alert-history.ts';
import { history } from '../../../../lib/workflows/operator/history.ts';
import { target } from '../../../support/builders.ts';
import { memoryAlerts } from '../../../support/doubles/alerts.ts';
import { memoryCatalog } from '../../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../../support/doubles/clock.ts';
import { faulty } from '../../../support/doubles/faults.ts';
import { recordingLog } from '../../../support/doubles/log.ts';
import { recordingMetrics } from '../../../support/doubles/metrics.ts';

const AT = '2026-11-20T02:00:00Z';
const FOUND = finding('restore-failed', { target: target(), subject: 'p1', message: 'it did not restore' });

/** Raises a finding, and says what was sent. */
async function raised(failing: { topic: 'pages'; reason: string }[] = [], recordless = false) {
  const clock = manualClock(AT);
  const catalog = faulty(memoryCatalog(clock));
  if (recordless) catalog.fail('addEvent', new Error('throttled'));
  const alerts = memoryAlerts();
  const inner = failing.length > 0 ? { ...alerts, send: async () => failing } : alerts;
  const [metrics, log] = [recordingMetrics(), recordingLog()];
  await raise({ catalog: catalog.port, alerts: inner, clock, metrics, log, stage: 'prod' }, FOUND);
  return { catalog: catalog.port, alerts };
}

test('the alert history names the topics that took an alert and those that did not', async () => {
  const failing = [{ topic: 'pages' as const, reason: 'throttled' }];
  const { catalog } = await raised(failing);
  expect(await alertHistory(catalog, 'crm', 10)).toMatchObject([
    {
      at: AT,
      code: 'restore-failed',
      subject: 'p1',
      sent: { occasion: 'opened', severity: 'P0', taken: ['alerts'], failed: failing },
    },
  ]);
});

test('an alert is one entry of the timeline', async () => {
  const { catalog } = await raised();
  expect(await history(catalog, 'crm', 10)).toHaveLength(1);
});

test('an alert is sent although its history cannot be written', async () => {
  const { alerts } = await raised([], true);
  expect(alerts.take('alerts')).toHaveLength(1);
});
