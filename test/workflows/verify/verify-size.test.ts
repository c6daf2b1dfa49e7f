import type { DumpJob } from '../../../lib/domain/runs/job.ts';
import { dump } from '../../../lib/workflows/dump/dump.ts';
import { verify } from '../../../lib/workflows/verify/verify.ts';
import { point as stored } from '../../support/builders.ts';
import { memoryAlerts } from '../../support/doubles/alerts.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryMessages } from '../../support/doubles/job-messages.ts';
import { recordingLog } from '../../support/doubles/log.ts';
import { recordingMetrics } from '../../support/doubles/metrics.ts';
import { memoryVault } from '../../support/doubles/vault.ts';
import { planWith } from '../../support/plan.ts';
import { engineOf } from '../../unit/workflows/dump/dumped.ts';

const START = '2026-11-20T01:00:00Z';
const CREDENTIALS = {
  host: 'h',
  port: 1,
  database: 'd',
  user: 'u',
  password: 'p',
  sslmode: 'disable' as const,
};

/** A target whose dumps had 5 MB, and whose new one has next to nothing. */
async function world() {
  const clock = manualClock(START);
  const catalog = memoryCatalog(clock);
  const alerts = memoryAlerts();
  const deps = {
    catalog,
    vault: memoryVault(clock),
    messages: memoryMessages(clock),
    alerts,
    log: recordingLog(),
    clock,
    plan: planWith(),
    metrics: recordingMetrics(),
    secrets: { credentials: async () => CREDENTIALS },
    engine: {
      ...engineOf([['public', 'leads']], '3381; 0 16387 TABLE DATA public leads crm'),
      async inspect(stream: AsyncIterable<Buffer>) {
        for await (const _ of stream);
        return {};
      },
    },
    stage: 'test',
    secondsLeft: () => 900,
  };
  for (const day of [16, 17, 18, 19]) await catalog.adoptPoint(stored(`2026-11-${day}T01:00:00Z`));
  const verified = async () => {
    const job: DumpJob = { job: 'dump', target: 'crm', scheduledFor: START, requestedBy: 'schedule' };
    await dump(job, deps);
    const [outcome] = await verify(
      { ...job, job: 'verify', point: '20261120T010000Z-1', again: false },
      deps,
    );
    return outcome;
  };
  return { catalog, verified, told: () => alerts.take('alerts').map(({ subject }) => subject) };
}

test('a dump of unusual size is good and verified, with a remark that is told', async () => {
  const { verified, told, catalog } = await world();
  expect(await verified()).toMatchObject({
    outcome: 'done',
    summary: expect.stringContaining('is good'),
    findings: [{ code: 'size-anomaly', severity: 'P2' }],
  });
  expect(told()).toEqual(['[P2] crm: size-anomaly (test)']);
  expect(await catalog.point('crm', '20261120T010000Z-1')).toMatchObject({ state: 'verified' });
});

test('one that was announced says by whom, and is not told', async () => {
  const { verified, told, catalog } = await world();
  await catalog.acknowledge({
    target: 'crm',
    code: 'size-anomaly',
    until: '2026-11-27T00:00:00Z',
    reason: 'a bulk load',
    by: 'anna',
    at: START,
  });
  expect(await verified()).toMatchObject({
    outcome: 'done',
    findings: [{ code: 'size-anomaly', acknowledged: { by: 'anna', reason: 'a bulk load' } }],
  });
  expect(told()).toEqual([]);
});
