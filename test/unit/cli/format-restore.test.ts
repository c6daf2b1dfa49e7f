import { stripVTControlCharacters } from 'node:util';
import type { RestoreRecord } from '../../../lib/domain/incidents/restore-record.ts';
import { formatRestore } from '../../../scripts/cli/format-restore.ts';
import { policy } from '../../support/builders.ts';
import { restoreRecord } from '../../support/restore-records.ts';

const NOW = new Date('2026-11-20T12:30:00Z');
const record = (changes: Partial<RestoreRecord> = {}) =>
  restoreRecord({
    reason: 'lost leads',
    way: { kind: 'moment', asOf: '2026-11-20T11:43:38Z' },
    settings: { ...policy().restore, cutover: 'secret' },
    phase: 'restore',
    phases: [{ name: 'declare', seconds: 1 }],
    phaseBeganAt: '2026-11-20T12:20:00Z',
    expected: 2400,
    old: { name: 'crm-db', resourceId: 'db-1', host: 'h', port: 5432 },
    ...changes,
  });
const shown = (changes: Partial<RestoreRecord> = {}) =>
  stripVTControlCharacters(formatRestore(record(changes), NOW).join('\n'));
const MADE = { name: 'crm-db-restored-20261120t120000z', resourceId: 'db-2', host: 'n', port: 5432 };

test('a running restore shows who began it and why, its phases with their times, and how it is stopped', () => {
  const text = shown();
  expect(text).toContain(
    'crm: restore 20261120T120000Z is under way, 30 min since anna began it (lost leads)',
  );
  expect(text).toContain('back to 2026-11-20 11:43 UTC by moment');
  expect(text).toMatch(/✔ declare +1 s/);
  expect(text).toMatch(/… restore +10 min +usually 40 min in all/);
  expect(text).toContain(
    'then secure, complete, proof, warm, roles, smoke, approve, fence, release, cut-over, close',
  );
  expect(text).toContain('stop it: ./understudy restore abort crm');
});

test('one that waits for approval shows everything to decide by, and what yes and no mean', () => {
  const text = shown({
    ...{
      phase: 'approve',
      made: MADE,
      decideBy: '2026-11-20T16:30:00Z',
      frozenAt: '2026-11-20T12:00:02.100Z',
    },
    proof: { strength: 'none', differences: ['rows public.leads changed'], unchecked: ['index x'] },
    ...{ incomplete: ['enhanced monitoring: aws rds …'], notes: ['3 tables not read yet'] },
  });
  for (const part of [
    'proof: it differs',
    'rows public.leads changed',
    'not looked at: index x',
    'missing: enhanced monitoring: aws rds …',
    'note: 3 tables not read yet',
    'the application has not been able to write since 2026-11-20T12:00:02.100Z',
    'Decide by 2026-11-20 16:30 UTC; no answer is no.',
    'yes: ./understudy approve crm',
    'sessions of crm-db end',
    'no:  ./understudy reject crm',
  ])
    expect(text).toContain(part);
});

test('one whose execution has died says so, and how production is put back', () => {
  const text = shown({ aliveUntil: '2026-11-20T12:29:59Z', phase: 'close' });
  expect(text).toContain('restore 20261120T120000Z is stopped: its execution has died');
  expect(text).toContain('put production back: ./understudy restore rollback crm');
  expect(text).not.toContain('abort');
});

test('one that is done shows what was lost, and one that is not done why, and what was put back', () => {
  const done = shown({
    ...{ state: 'done', phase: 'close', endedAt: '2026-11-20T12:29:00Z', made: MADE, frozenAt: 'x' },
    lastWriteBefore: '2026-11-20T12:28:00.000Z',
    next: ['lost: 44 min of writes, from a to b'],
    answer: { target: 'crm', restore: 'x', answer: 'approve', by: 'ben', at: '2026-11-20T12:25:00Z' },
  });
  expect(done).toContain('is done, 29 min since anna began it');
  expect(done).toContain('lost: 44 min of writes, from a to b');
  expect(done).not.toContain('lost, if');
  expect(done).toContain('ben answered approve at 2026-11-20 12:25 UTC');
  expect(done).not.toContain('cannot write');
  const not = shown({
    ...{ state: 'not-done', endedAt: '2026-11-20T12:29:00Z' },
    error: { code: 'rejected', message: 'ben rejected it', hint: 'choose another way back' },
    undone: ['crm-db takes writes again'],
    notPutBack: ['the secret x'],
  });
  for (const part of [
    'rejected: ben rejected it',
    'next: choose',
    'undone: crm-db takes',
    'NOT put back: the secret x',
  ])
    expect(not).toContain(part);
});

test('smoke steps are counted for the new database and for production, and the failed ones named', () => {
  const text = shown({
    smoke: [
      { step: 'leads are there', priority: 'P0', ok: true, at: 'copy' },
      { step: 'invoices are there', priority: 'P1', ok: false, why: 'it is late', at: 'copy' },
      { step: 'log in', priority: 'P0', ok: true, at: 'production' },
    ],
  });
  expect(text).toContain('smoke steps of the new database: 1 of 2 passed');
  expect(text).toContain('invoices are there (P1): it is late');
  expect(text).toContain('smoke steps of production: 1 of 1 passed');
});
