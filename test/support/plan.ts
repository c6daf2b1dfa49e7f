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
${/retention:/.test(policy) ? '' : '    retention: { daily: 35d, weekly: 12w, monthly: 12mo }\n'}${indent(policy)}
targets:
${targets.map((id) => `  ${id}:\n    policy: production\n    connection: { secret: understudy/${id} }\n${indent(target)}`).join('\n')}
`,
    'test.yml',
    now,
  );
}

/** A plan of instances instead of dumps; `policy`, `target` and other `targets` are lines of YAML put in at their places. */
export function instancePlan(
  options: { policy?: string; target?: string; targets?: Record<string, string> } = {},
): Plan {
  const { policy = '', target = 'rds: crm-prod', targets = {} } = options;
  return loadPlan(
    `version: 1
policies:
  instances:
    objectives: { rpo: { snapshot: 26h, pitr: 15m }, rto: 1h }
    schedules: { snapshot: "0 1 * * *", rehearse-snapshot: "0 2 * * SUN", rehearse-moment: "0 3 * * SUN", preflight: "0 6 * * *", expire: "0 5 * * *" }
    retention: { daily: 35d }
${indent(policy)}
targets:
  crm:
    policy: instances
    connection: { secret: understudy/crm }
${indent(target)}
${Object.entries(targets)
  .map(([id, text]) => `  ${id}:\n    policy: instances\n${indent(text)}`)
  .join('\n')}
`,
    'test.yml',
    NOW,
  );
}

function indent(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => `    ${line}`).join('\n');
}
