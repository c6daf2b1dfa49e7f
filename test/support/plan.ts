import { loadPlan } from '../../lib/config/load.ts';
import type { Plan } from '../../lib/domain/plan/policy.ts';

export const NOW = new Date('2026-11-20T12:00:00Z');

/** A plan with one policy and targets of it; `policy` and `target` are YAML of their own, put in at their places. */
export function planWith(
  options: { policy?: string; target?: string; targets?: string[]; now?: Date } = {},
): Plan {
  const { policy = '', target = '', targets = ['crm'], now = NOW } = options;
  return loadPlan(
    `version: 1
policies:
  production:
    objectives: { rpo: { dump: 26h }, rto: 1h }
    schedules: { dump: "0 1 * * *", verify: "30 1 * * *", rehearse: "0 2 * * SUN", expire: "0 5 * * *" }
${/retention:/.test(policy) ? '' : '    retention: { daily: 35d, weekly: 12w, monthly: 12mo }\n'}${indent(policy, 4)}
targets:
${targets.map((id) => `  ${id}:\n    policy: production\n    connection: { secret: understudy/${id} }\n${indent(target, 4)}`).join('\n')}
`,
    'test.yml',
    now,
  );
}

function indent(text: string, by: number): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ' '.repeat(by) + line)
    .join('\n');
}
