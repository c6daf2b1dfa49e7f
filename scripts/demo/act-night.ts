import { utc } from '../../lib/domain/time.ts';
import { formatDeliveryLine } from '../cli/format-delivery.ts';
import { formatEvidenceLines } from '../cli/format-evidence-lines.ts';
import { showProgress } from '../cli/show-progress.ts';
import { drainQueues } from '../local/drain-queues.ts';
import { keepWriting } from './crm.ts';
import { findingsOf, summaryOf } from './deliveries.ts';
import type { DemoOptions, DemoStage } from './demo-stage.ts';
import { fireSchedule, rehearseOnSchedule } from './fire-schedule.ts';
import { narrator } from './narrator.ts';

const { act, say, typed, expect } = narrator;

/** Dumps the demo's target while it is written to; the id of the point. */
export async function actNight(stage: DemoStage): Promise<string> {
  act(
    1,
    stage.cluster
      ? 'A night: the dump, while the database is being written to'
      : 'A night: the dump of your database',
  );
  typed(`./understudy run dump ${stage.target}`);
  const stop = new AbortController();
  const writing = stage.cluster ? keepWriting(stage.cluster, stop.signal) : Promise.resolve(0);
  await fireSchedule('dump', utc(new Date()));
  const deliveries = await showProgress('01:00 the schedule fires: one message to topic jobs', ({ say }) =>
    drainQueues((delivery) => say(formatDeliveryLine(delivery))),
  );
  stop.abort();
  const written = await writing;
  const [dump, verify] = deliveries;
  expect(
    dump?.error === undefined && summaryOf(dump).length > 0,
    `dumped in one database snapshot: ${summaryOf(dump)}`,
  );
  if (stage.cluster)
    expect(
      written > 0,
      `meanwhile the CRM was written to ${written.toLocaleString('en')} times, and no session waited`,
    );
  expect(findingsOf(verify).length === 0, `verified: ${summaryOf(verify)}`);
  return (dump!.result as { point: string }).point;
}

export async function actRehearsal(stage: DemoStage, proof: DemoOptions['proof']): Promise<void> {
  act(2, 'Sunday: the rehearsal');
  const evidence = await rehearseOnSchedule(stage);
  for (const text of formatEvidenceLines(evidence)) say(`   ${text}`);
  if (proof === 'counts') {
    throw new Error('with proof.depth: counts nothing is ever proven, so there is no more to show');
  }
  expect(
    evidence.outcome === 'passed' && evidence.strength === 'exact',
    'the restored copy is equal to its source, row by row',
  );
}
