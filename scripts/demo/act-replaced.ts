import type { RestorePlan } from '../../lib/domain/incidents/way.ts';
import { plusSeconds, utc } from '../../lib/domain/time.ts';
import { catalog } from '../../lib/runtime/compose.ts';
import type { RestoreOutcome } from '../../lib/workflows/emergency/restoring.ts';
import { restorePlanCommand } from '../cli/commands/restore-plan-command.ts';
import { showProgress } from '../cli/show-progress.ts';
import { invokeLocally } from '../local/invoke-locally.ts';
import type { LocalRds } from '../local/rds/local-rds.ts';
import { startApplication } from '../local/sample/application.ts';
import { demoSession } from './demo-session.ts';
import { narrator } from './narrator.ts';
import { forgetTheWhere, ORDERS, SHOP, SHOP_SECRET } from './shop.ts';

const { act, say, typed, expect } = narrator;

/** Three in the morning: the rows are deleted again, and the application gets a new instance of the second before. */
export async function actReplaced(rds: LocalRds, number: number): Promise<void> {
  act(number, 'Three in the morning: the rows are gone, and an application needs them');
  const application = await startApplication(SHOP_SECRET, 'orders');
  const served = async () => {
    const answer = await fetch(`${application.endpoint}/orders`);
    return ((await answer.json()) as { rows?: number }).rows;
  };
  try {
    expect(
      (await served()) === ORDERS,
      'the application reads its connection from its secret, and serves all orders',
    );
    const { before: lastGood } = await showProgress('delete from orders', () => forgetTheWhere(rds));
    const began = Date.now();
    expect((await served()) === 0, 'it serves none');
    await invokeLocally('watch', {});
    await restore(utc(plusSeconds(lastGood, 1)));
    // Its connection has ended; it connects anew.
    while ((await served()) === undefined);
    expect(
      (await served()) === ORDERS,
      `the application serves all ${ORDERS.toLocaleString('en')} orders again, ${Math.round((Date.now() - began) / 1000)} s after the first look`,
    );
  } finally {
    await application.close();
  }
}

async function restore(before: string): Promise<void> {
  typed(`./understudy restore ${SHOP} --before ${before}`);
  const { document, lines } = await restorePlanCommand(demoSession, SHOP, { before });
  for (const line of lines.slice(0, lines.findLastIndex((line) => line.startsWith('→')) + 1))
    say(`   ${line}`);
  const { ways } = document as RestorePlan;
  const { asOf, confirm } = ways.find(({ kind }) => kind === 'moment')!;

  typed(`./understudy restore ${SHOP} --before ${before} --go`);
  const restoring = invokeLocally('restore', {
    ...{ job: 'restore', target: SHOP, scheduledFor: utc(new Date()), requestedBy: 'anna' },
    ...{ way: 'moment', asOf, confirm },
  }) as Promise<RestoreOutcome>;
  await showProgress('a new instance comes up beside the living one, and is compared', () =>
    Promise.race([untilAsked(), restoring]),
  );
  const { made, proof } = (await catalog().restore(SHOP))!;
  expect(
    proof?.strength === 'bounded',
    `${made?.name} is proven; production does not change until you approve`,
  );

  typed(`./understudy approve ${SHOP}`);
  await invokeLocally('approve', { ask: 'approve', target: SHOP, by: 'ben' });
  const { outcome, summary } = await showProgress(
    'the old database is closed, and the secret names the new one',
    () => restoring,
  );
  expect(outcome === 'done', summary);
  say(`   the way back: ./understudy --stage demo restore rollback ${SHOP}`);
}

async function untilAsked(): Promise<void> {
  while ((await catalog().restore(SHOP))?.decideBy === undefined)
    await new Promise((resolve) => setTimeout(resolve, 200));
}
