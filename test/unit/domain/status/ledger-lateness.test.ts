import { checkLedger } from '../../../../lib/domain/status/ledger-lateness.ts';
import { status, target } from '../../../support/builders.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const kept = target({ ledger: true });
const codes = (...about: Parameters<typeof checkLedger>) =>
  checkLedger(...about).map(({ code, subject }) => `${code} ${subject}`);

test('a ledger is silent when its last row is older than ten minutes, and not at ten', () => {
  expect(codes(kept, status({ ledgerAt: '2026-11-20T11:50:00Z' }), NOW)).toEqual([]);
  expect(codes(kept, status({ ledgerAt: '2026-11-20T11:49:59Z' }), NOW)).toEqual(['ledger-silent ledger']);
});

test('a target that never had a row is given ten minutes from when it was first seen', () => {
  expect(codes(kept, status({ firstSeenAt: '2026-11-20T11:50:00Z' }), NOW)).toEqual([]);
  const [found] = checkLedger(kept, status({ firstSeenAt: '2026-11-20T11:30:00Z' }), NOW);
  expect(found).toMatchObject({
    code: 'ledger-silent',
    message: 'the ledger of crm has no row, 30 min after the watch first saw the target',
  });
});

test('it says since when', () => {
  const [found] = checkLedger(kept, status({ ledgerAt: '2026-11-20T10:00:00Z' }), NOW);
  expect(found).toMatchObject({ message: expect.stringContaining('2 h ago, at 2026-11-20T10:00:00Z') });
});

test('a target without a ledger owes no rows', () => {
  expect(codes(target(), status({ ledgerAt: '2026-01-01T00:00:00Z' }), NOW)).toEqual([]);
});
