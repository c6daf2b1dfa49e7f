import { stripVTControlCharacters } from 'node:util';
import type { RecoveryPoint } from '../../../lib/domain/recovery-point.ts';
import { points } from '../../../scripts/cli/commands/points.ts';
import type { Session } from '../../../scripts/cli/session.ts';
import { point } from '../../support/builders.ts';

const failed = {
  outcome: 'failed',
  at: '2026-11-20T02:00:00Z',
  strength: 'none',
  run: 'rehearse/crm/2026-11-20T02:00:00Z',
  code: 'restore-failed',
} as const;

async function shown(found: RecoveryPoint[]) {
  const session = { invoke: async () => found } as unknown as Session;
  const { lines } = await points(session, 'crm');
  return lines.map(stripVTControlCharacters);
}

test('a point that did not restore is shown as bad, and the newest good one is named', async () => {
  const lines = await shown([
    point('2026-11-20T01:00:00Z', { rehearsal: failed }),
    point('2026-11-19T01:00:00Z', {
      state: 'rehearsed',
      rehearsal: { ...failed, code: undefined, outcome: 'passed', strength: 'exact' } as never,
    }),
    point('2026-11-18T01:00:00Z'),
  ]);
  expect(lines[1]).toMatch(/^20261120T010000Z-1 +bad .* 2026-11-20 02:00 failed: restore-failed/);
  expect(lines[2]).toMatch(/^20261119T010000Z-1 +rehearsed .* 2026-11-20 02:00 passed, equal/);
  expect(lines[3]).toMatch(/^20261118T010000Z-1 +verified .* never/);
  expect(lines.at(-1)).toBe('newest good point: 20261119T010000Z-1 (rehearsal passed)');
});

test('where no point is good, that is said', async () => {
  const lines = await shown([point('2026-11-20T01:00:00Z', { rehearsal: failed })]);
  expect(lines.at(-1)).toBe('no point here is known to be good');
});

test('the note of a failed point is one line', async () => {
  const [, line] = await shown([
    point('2026-11-20T01:00:00Z', { state: 'failed', why: 'no room\nDETAIL: more' }),
  ]);
  expect(line).toMatch(/ failed .* no room$/);
});
