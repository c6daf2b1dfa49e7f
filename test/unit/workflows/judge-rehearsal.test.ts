import { deriveStatus } from '../../../lib/domain/derive-status.ts';
import { judge, sayEvidence } from '../../../lib/workflows/judge-rehearsal.ts';
import type { ScratchResult } from '../../../lib/workflows/restore-and-prove.ts';
import { sayEvidence as sayInCommand } from '../../../scripts/cli/say-evidence.ts';
import { point } from '../../support/builders.ts';
import { planWith } from '../../support/plan.ts';

const NOW = '2026-11-20T02:00:00Z';
const job = {
  job: 'rehearse',
  target: 'crm',
  scheduledFor: NOW,
  requestedBy: 'x',
  simulation: false,
} as const;
const result: ScratchResult = {
  phases: [{ name: 'restore', seconds: 3 }],
  proof: {
    strength: 'exact',
    equal: true,
    differences: [],
    differenceCount: 0,
    compared: { tables: 4, rows: '1000', objects: 9, sequences: 1, largeObjects: '0' },
  },
  assertions: [],
  leftOut: ['pg_cron'],
  exceptions: ['extension pg_cron', 'function public.f(integer)'],
  notes: [],
};

function evidence(policy: string) {
  const target = planWith({ policy }).targets[0]!;
  const of = { point: point('2026-11-20T01:00:00Z'), snapshotAt: NOW, newestVerifiedAt: NOW };
  return judge(job, target, of, result, NOW);
}

test('evidence, its summary, the command and the status name what was knowingly left out', () => {
  const found = evidence('rehearsal: { leaveOut: [extension pg_cron, "function public.f(integer)"] }');
  expect(found).toMatchObject({ outcome: 'passed', strength: 'exact', exceptions: result.exceptions });
  expect(found.findings).toEqual([]);
  expect(sayEvidence(found)).toContain(
    'equal to its source but for what was left out (extension pg_cron, function public.f(integer))',
  );
  expect(sayInCommand(found).join('\n')).toMatch(
    /row by row, but for what was left out[\s\S]*left out {4}function public\.f\(integer\)/,
  );
  const status = deriveStatus('crm', NOW, [], [], [found]);
  expect(status.lastRehearsal).toMatchObject({ exceptions: result.exceptions });
});

test('an extension that the policy does not name is a finding as before', () => {
  expect(evidence('').findings.map(({ code }) => code)).toEqual(['extension-left-out']);
});
