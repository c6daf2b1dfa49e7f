import type { LedgerProof } from '../../../lib/domain/ledger.ts';
import { sayEvidence } from '../../../scripts/cli/say-evidence.ts';
import { evidence, ledgerProof } from '../../support/builders.ts';

const said = (changes: Partial<LedgerProof>) =>
  sayEvidence({ ...evidence('2026-11-20T12:00:00Z'), ledger: ledgerProof(changes) }).find((line) =>
    line.includes('ledger '),
  );

test('says what the ledger of a copy shows, with the times in which its source took no writes', () => {
  const downtimes = [
    { from: '2026-11-20T09:00:12.345678Z', to: '2026-11-20T09:04:30.000000Z', seconds: 258 },
  ];
  expect(said({ downtimes })).toBe(
    '  ledger      agrees: 60 rows compared; the newest was written at 2026-11-20T11:54:07.000000Z; no writes from 2026-11-20T09:00:12Z to 2026-11-20T09:04:30Z, 4 min at most',
  );
});

test('says of a ledger without rows that it has none', () => {
  const { newestAt: _newestAt, ...none } = ledgerProof({ verdict: 'unknown', compared: 0 });
  expect(sayEvidence({ ...evidence('2026-11-20T12:00:00Z'), ledger: none }).join()).toContain(
    'unknown: 0 rows compared; the copy has none',
  );
});
