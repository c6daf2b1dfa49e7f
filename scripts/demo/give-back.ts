import { execFile } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { isDump } from '../../lib/domain/points/recovery-point.ts';
import { catalog, vault, vaultName } from '../../lib/runtime/compose.ts';
import { showProgress } from '../cli/show-progress.ts';
import type { LocalRds } from '../local/rds/local-rds.ts';
import { tool } from '../local/tools.ts';
import { narrator } from './narrator.ts';
import { ORDERS, ordersLeft, SHOP, shopEnvironment } from './shop.ts';

/** Puts the deleted rows back into production, from the dump, with standard programs. */
export async function giveBack(rds: LocalRds): Promise<void> {
  const { say, typed, expect } = narrator;
  const point = (await catalog().points(SHOP)).filter(isDump).find(({ dump }) => dump !== undefined);
  const stored = point?.dump;
  if (!point || !stored) throw new Error('the shop has no dump to give its rows back from');
  typed(`./understudy points show ${SHOP} ${point.id}`);
  say(`   ${point.tables} tables, ${point.rows?.toLocaleString('en')} rows, and the commands to get them:`);
  typed(`aws s3 cp s3://${vaultName()}/${stored.key} point.dump`);
  typed('pg_restore --data-only --table=orders --dbname=shop point.dump');
  const directory = mkdtempSync(join(tmpdir(), 'us-demo-back-'));
  try {
    const file = join(directory, 'point.dump');
    await showProgress('the deleted rows go back into production', async () => {
      await pipeline(await vault().read(stored), createWriteStream(file));
      const env = shopEnvironment(rds);
      const args = ['--data-only', '--table=orders', '--dbname=shop', file];
      await promisify(execFile)(join(tool('PG_BIN'), 'pg_restore'), args, { env });
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  expect(
    (await ordersLeft(rds)) === ORDERS,
    `production has its ${ORDERS.toLocaleString('en')} orders again`,
  );
}
