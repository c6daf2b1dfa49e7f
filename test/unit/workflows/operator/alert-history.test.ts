import type { Alert } from '../../../../lib/domain/findings/alert.ts';
import { finding } from '../../../../lib/domain/findings/finding.ts';
import { alertHistory, recordedAlerts } from '../../../../lib/workflows/operator/alert-history.ts';
import { history } from '../../../../lib/workflows/operator/history.ts';
import { target } from '../../../support/builders.ts';
import { memoryAlerts } from '../../../support/doubles/alerts.ts';
import { memoryCatalog } from '../../../support/doubles/catalog/catalog.ts';
import { recordingLog } from '../../../support/doubles/log.ts';

const alert: Alert = {
  occasion: 'opened',
  finding: finding('restore-failed', { target: target(), subject: 'p1', message: 'it did not restore' }),
  since: '2026-11-20T02:00:00Z',
  at: '2026-11-20T02:00:00Z',
  stage: 'prod',
};

async function sentWith(failing: { topic: 'pages'; reason: string }[] = []) {
  const catalog = memoryCatalog();
  const inner = { ...memoryAlerts(), send: async () => failing };
  const failed = await recordedAlerts(inner, catalog, recordingLog()).send(alert, ['alerts', 'pages']);
  return { catalog, failed };
}

test('an alert stays in the history with the topics that took it and those that did not', async () => {
  const failing = [{ topic: 'pages' as const, reason: 'throttled' }];
  const { catalog, failed } = await sentWith(failing);
  expect(failed).toEqual(failing);
  expect(await alertHistory(catalog, 'crm', 10)).toMatchObject([
    {
      at: alert.at,
      code: 'restore-failed',
      subject: 'p1',
      sent: { occasion: 'opened', severity: 'P0', taken: ['alerts'], failed: failing },
    },
  ]);
});

test('the timeline, which has the alert already, does not show its sending again', async () => {
  const { catalog } = await sentWith();
  expect(await history(catalog, 'crm', 10)).toEqual([]);
});

test('a history that cannot be written stops no alert', async () => {
  const catalog = { addEvent: () => Promise.reject(new Error('throttled')) };
  const alerts = memoryAlerts();
  expect(await recordedAlerts(alerts, catalog, recordingLog()).send(alert, ['alerts'])).toEqual([]);
  expect(alerts.take('alerts')).toHaveLength(1);
});
