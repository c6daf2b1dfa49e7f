import { catalog } from '../../lib/runtime/compose.ts';
import type { RehearsalOutcome } from '../../lib/workflows/rehearse/rehearse.ts';
import { formatDeliveryLine } from '../cli/format-delivery.ts';
import { formatEvidenceLines } from '../cli/format-evidence-lines.ts';
import { showProgress } from '../cli/show-progress.ts';
import { type Delivery, drainQueues } from '../local/drain-queues.ts';
import { invokeLocally } from '../local/invoke-locally.ts';
import type { LocalRds } from '../local/rds/local-rds.ts';
import { requestJob, summaryOf } from './deliveries.ts';
import { giveBack } from './give-back.ts';
import { narrator } from './narrator.ts';
import { forgetTheWhere, ORDERS, ordersLeft, SHOP } from './shop.ts';

const { say, typed, expect } = narrator;

/** A snapshot; a DELETE without WHERE; a rehearsal of the second before it; and the deleted rows put back. */
export async function actForgottenWhere(rds: LocalRds, wanted: 'before' | 'after'): Promise<void> {
  typed(`./understudy run dump ${SHOP}`);
  const [dump] = await ask({ job: 'dump' }, 'the shop’s dump, which a restored instance is compared with');
  expect(dump?.error === undefined, `dumped: ${summaryOf(dump)}`);
  typed(`./understudy run snapshot ${SHOP} --label "before release 4.2"`);
  const [snapshot] = await ask(
    { job: 'snapshot', label: 'before release 4.2' },
    'a snapshot before a risky release',
  );
  expect(outcome(snapshot) === 'done', `the snapshot is available and as promised: ${summaryOf(snapshot)}`);

  const { before, after } = await showProgress('an operator types: delete from orders', () =>
    forgetTheWhere(rds),
  );
  expect((await ordersLeft(rds)) === 0, 'production has no orders any more');
  say(`   the last second before it was ${before}; the snapshot is older, and the dump is too`);
  const moment = wanted === 'before' ? before : after;
  typed(`./understudy rehearse ${SHOP} --from moment --moment ${moment}`);
  const [rehearsal] = await ask(
    { job: 'rehearse-instance', from: 'moment', moment },
    `the instance as of ${moment}, on a scratch instance`,
  );
  const { evidence } = (rehearsal?.result ?? {}) as Extract<RehearsalOutcome, { evidence: unknown }>;
  if (!evidence) throw rehearsal?.error ?? new Error(summaryOf(rehearsal));
  for (const text of formatEvidenceLines(evidence)) say(`   ${text}`);
  expect(
    evidence.outcome === 'passed' && evidence.assertions.some(({ passed }) => passed),
    `all ${ORDERS.toLocaleString('en')} orders are in the copy`,
  );
  expect(evidence.strength === 'bounded', 'it is proven within what was written since the dump');
  await showProgress('the watch looks at what AWS has', () => invokeLocally('watch', {}));
  const left = rds.calls.filter(({ action }) => action === 'DeleteDBInstance').length;
  expect(
    left === 1 && (await catalog().openScratches()).length === 0,
    'the scratch instance is gone, with its secret and its parameters',
  );
  await giveBack(rds);
}

async function ask(message: object, what: string): Promise<Delivery[]> {
  await requestJob({ target: SHOP, ...message });
  return showProgress(what, ({ say }) => drainQueues((delivery) => say(formatDeliveryLine(delivery))));
}

function outcome(delivery: Delivery | undefined): string | undefined {
  return (delivery?.result as { outcome?: string } | undefined)?.outcome;
}
