import { stripVTControlCharacters } from 'node:util';
import type { RecoveryPoint } from '../../../../lib/domain/points/recovery-point.ts';
import type { PointReport } from '../../../../lib/workflows/operator/show-point.ts';
import { pointsCommand } from '../../../../scripts/cli/commands/points-command.ts';
import { pointsShowCommand } from '../../../../scripts/cli/commands/points-show-command.ts';
import type { Session } from '../../../../scripts/cli/session.ts';
import { point } from '../../../support/builders.ts';

const failed = {
  outcome: 'failed',
  at: '2026-11-20T02:00:00Z',
  strength: 'none',
  run: 'rehearse/crm/2026-11-20T02:00:00Z',
  code: 'restore-failed',
} as const;
const passed = { ...failed, code: undefined, outcome: 'passed', strength: 'exact' } as never;

async function shown(found: RecoveryPoint[]) {
  const session = { invoke: async () => found } as unknown as Session;
  const { lines, document } = await pointsCommand(session, 'crm');
  return { lines: lines.map(stripVTControlCharacters), document };
}

test('points shows a point that did not restore as bad, and recommends the newest good one', async () => {
  const { lines, document } = await shown([
    point('2026-11-20T01:00:00Z', { rehearsal: failed }),
    point('2026-11-19T01:00:00Z', { state: 'rehearsed', rehearsal: passed }),
    point('2026-11-18T01:00:00Z'),
  ]);
  const text = lines.join('\n');
  expect(text).toMatch(/20261120T010000Z-1 +bad .* 2026-11-20 failed\n +restore-failed/);
  expect(text).toMatch(/20261119T010000Z-1 +rehearsed .* 2026-11-20 passed\n +equal to its source/);
  expect(text).toMatch(/20261118T010000Z-1 +verified .* never/);
  expect(text).toMatch(
    /\nrestore 20261119T010000Z-1: .*\nnext: \.\/understudy points show crm 20261119T010000Z-1$/,
  );
  expect(Math.max(...lines.slice(0, 6).map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(document).toEqual([
    expect.not.objectContaining({ recommended: expect.anything() }),
    expect.objectContaining({ recommended: expect.stringContaining('newest good') }),
    expect.not.objectContaining({ recommended: expect.anything() }),
  ]);
});

test('points says that no point is known to be good', async () => {
  const { lines } = await shown([point('2026-11-20T01:00:00Z', { rehearsal: failed })]);
  expect(lines.at(-1)).toBe('no point of crm is known to be good');
});

test('points says below the table on one line why a point failed', async () => {
  const { lines } = await shown([point('2026-11-20T01:00:00Z', { state: 'failed', why: 'no room\nMORE' })]);
  expect(lines).toContain('20261120T010000Z-1  no room …');
});

async function one(report: PointReport, isLocal = false) {
  const session = { invoke: async () => report, isLocal } as unknown as Session;
  const { lines, exit } = await pointsShowCommand(session, 'crm', report.point.id);
  return { text: lines.map(stripVTControlCharacters).join('\n'), exit };
}

test('points show says what a point holds, its proof, where its bytes lie and how to get them', async () => {
  const found = point('2026-11-20T01:00:00Z', {
    state: 'rehearsed',
    rehearsal: passed,
    database: 'crm',
    tables: 3,
    rows: 1200,
  });
  const { text, exit } = await one({ point: found, bucket: 'vault' });
  expect(exit).toBe(0);
  expect(text).toContain('3 tables, 1,200 rows');
  expect(text).toContain('equal to its source');
  expect(text).toContain(`aws s3 cp s3://vault/${found.keys.dump} point.dump`);
  expect(text).toContain('pg_restore --exit-on-error --dbname=restored point.dump');
  expect(text).not.toContain('local env');
});

test('points show ends with exit code 3 and no fetch command for a point that was never finished', async () => {
  const { dump: _dump, ...unfinished } = point('2026-11-20T01:00:00Z', { state: 'failed', why: 'killed' });
  const { text, exit } = await one({ point: unfinished, bucket: 'vault' });
  expect([exit, text.includes('aws s3 cp')]).toEqual([3, false]);
});
