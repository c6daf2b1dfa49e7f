import { stripVTControlCharacters } from 'node:util';
import { finding } from '../../../lib/domain/findings/finding.ts';
import type { HeartbeatProof } from '../../../lib/domain/proof/heartbeat-proof.ts';
import { formatEvidenceLines } from '../../../scripts/cli/format-evidence-lines.ts';
import { evidence, heartbeatProof } from '../../support/builders.ts';

const said = (changes: Partial<HeartbeatProof>) =>
  formatEvidenceLines({ ...evidence('2026-11-20T12:00:00Z'), heartbeat: heartbeatProof(changes) }).find(
    (line) => line.includes('heartbeat '),
  );

test('the lines of evidence say what the heartbeat of a copy shows, and when its source took no writes', () => {
  const downtimes = [
    { from: '2026-11-20T09:00:12.345678Z', to: '2026-11-20T09:04:30.000000Z', seconds: 258 },
  ];
  expect(said({ downtimes })).toBe(
    '  heartbeat   agrees: 60 rows compared; the newest was written at 2026-11-20T11:54:07.000000Z; no writes from 2026-11-20T09:00:12Z to 2026-11-20T09:04:30Z, 4 min at most',
  );
});

test('the lines of evidence say that a copy has no heartbeat rows', () => {
  const { newestAt: _newestAt, ...none } = heartbeatProof({ verdict: 'unknown', compared: 0 });
  expect(formatEvidenceLines({ ...evidence('2026-11-20T12:00:00Z'), heartbeat: none }).join()).toContain(
    'unknown: 0 rows compared; the copy has none',
  );
});

test('the lines of evidence say an error that is also a finding once, with one next step', () => {
  const error = {
    kind: 'bad',
    code: 'restore-failed',
    message: 'pg_restore exited with 1',
    hint: 'fix it',
  } as const;
  const found = finding('restore-failed', {
    target: { id: 'crm' },
    subject: 'x',
    message: `x of crm did not restore: ${error.message}`,
  });
  const lines = formatEvidenceLines({
    ...evidence('2026-11-20T12:00:00Z'),
    outcome: 'failed',
    strength: 'none',
    findings: [{ ...found, next: error.hint }],
    error,
  }).map(stripVTControlCharacters);
  expect(lines.filter((line) => line.includes(error.message))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('next:'))).toEqual(['  next: fix it']);
});

test('the lines of evidence say an error that says nothing about the point and has no finding', () => {
  const error = { kind: 'unjudged', code: 'scratch-too-small', message: 'no room', hint: 'Fargate' } as const;
  const lines = formatEvidenceLines({ ...evidence('2026-11-20T12:00:00Z'), outcome: 'failed', error });
  expect(lines.join()).toContain('no room');
});

test('the lines of evidence count one table, one row and one object in the singular', () => {
  const compared = { tables: 1, rows: '1', objects: 1, sequences: 0, largeObjects: '1' };
  expect(formatEvidenceLines({ ...evidence('2026-11-20T12:00:00Z'), compared })).toContain(
    '  compared    1 table, 1 row, 1 object, 0 sequences, 1 large object',
  );
});
