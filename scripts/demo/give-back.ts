import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { applySqlFile } from '../../lib/adapters/engines/postgres/compare/apply-file.ts';
import { restoreCommand } from '../cli/commands/restore-command.ts';
import { destinationOf } from '../cli/destination-of.ts';
import { showProgress } from '../cli/show-progress.ts';
import type { LocalRds } from '../local/rds/local-rds.ts';
import { demoSession } from './demo-session.ts';
import { narrator } from './narrator.ts';
import { ORDERS, ordersLeft, SHOP, shopEnvironment } from './shop.ts';

const { say, typed, expect } = narrator;

/** Mends production: puts the deleted rows back beside everything since, by a patch from the dump. */
export async function giveBack(rds: LocalRds): Promise<void> {
  const output = mkdtempSync(join(tmpdir(), 'us-demo-back-'));
  try {
    typed(`./understudy restore ${SHOP} --table public.orders --patch`);
    const { document, lines } = await restoreCommand(demoSession, SHOP, {
      ...{ table: ['public.orders'], patch: true, output },
    });
    say(`   ${lines.find((line) => line.startsWith('The patch'))}`);
    const { patch } = (document as { written: { patch: string } }).written;
    typed(`./understudy patch apply ${basename(patch)}`);
    await showProgress('the deleted rows go back into production', () =>
      applySqlFile(patch, destinationOf(undefined, shopEnvironment(rds))),
    );
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
  expect(
    (await ordersLeft(rds)) === ORDERS,
    `production has its ${ORDERS.toLocaleString('en')} orders again`,
  );
}
