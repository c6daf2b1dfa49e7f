import { loadPlan } from '../../lib/config/load.ts';
import type { Plan } from '../../lib/domain/plan/policy.ts';

/** A plan of instances instead of dumps; `policy`, `target` and other `targets` are lines of YAML put in at their places. */
export function instancePlan(
  options: { policy?: string; target?: string; targets?: Record<string, string> } = {},
): Plan {
  return loadPlan(
    `
version: 1
policies:
  instances:
    objectives: { rpo: { snapshot: 26h, pitr: 15m }, rto: 1h }
    schedules: { snapshot: "0 1 * * *", rehearse-snapshot: "0 2 * * SUN", rehearse-moment: "0 3 * * SUN", preflight: "0 6 * * *", expire: "0 5 * * *" }
    retention: { daily: 35d }
${lines(options.policy, 4)}
targets:
  crm:
    policy: instances
    connection: { secret: understudy/crm }
${lines(options.target ?? 'rds: crm-prod', 4)}
${Object.entries(options.targets ?? {})
  .map(([id, text]) => `  ${id}:\n    policy: instances\n${lines(text, 4)}`)
  .join('\n')}
`,
    'test.yml',
    new Date('2026-11-20T12:00:00Z'),
  );
}

function lines(text: string | undefined, by: number): string {
  return (text ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ' '.repeat(by) + line)
    .join('\n');
}
