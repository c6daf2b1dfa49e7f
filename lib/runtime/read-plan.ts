import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { reasonOf, UnderstudyError } from '../domain/errors.ts';
import type { Plan } from '../domain/plan/policy.ts';

const plans = new Map<string, Plan>();

/** The plan that was compiled from understudy.yml at packaging. Read once in a process. */
export function readPlan(file: string, digest?: string): Plan {
  const known = plans.get(file);
  if (known) return known;
  try {
    const text = readFileSync(file, 'utf8');
    if (digest && createHash('sha256').update(text).digest('hex') !== digest)
      throw new Error('it is not the plan this deployment was made with; the image is older or newer');
    const plan = JSON.parse(text) as Plan;
    if (plan.schemaVersion !== 1) throw new Error(`its layout is ${String(plan.schemaVersion)}, expected 1`);
    plans.set(file, plan);
    return plan;
  } catch (cause) {
    throw new UnderstudyError(
      'plan-unreadable',
      `the compiled plan ${file} cannot be read: ${reasonOf(cause)}`,
      { hint: 'package the deployment again', cause },
    );
  }
}
