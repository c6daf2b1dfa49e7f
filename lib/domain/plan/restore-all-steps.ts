/**
 * One step of restoring everything. Targets are restored in parallel; a function is invoked and must answer
 * `{ "ok": true }` within so many seconds; a person is asked.
 */
export type RestoreStep = { name: string } & (
  | { targets: 'P0' | 'P1' | 'P2' | string[] }
  | { function: string; within: number }
  | { confirm: string }
);

export type RestoreAllSettings = {
  /** How many restores may be on their way to approval at once. */
  atOnce: number;
  steps: RestoreStep[];
};

/** Without `restoreAll` in understudy.yml: by priority. */
export const DEFAULT_RESTORE_ALL: RestoreAllSettings = {
  atOnce: 4,
  steps: [
    { name: 'P0', targets: 'P0' },
    { name: 'P1', targets: 'P1' },
    { name: 'P2', targets: 'P2' },
  ],
};

/** The targets of each step: each target belongs to the first step that names it. Those of no step are left over. */
export function targetsOfSteps<Each extends { id: string; priority: string }>(
  steps: readonly RestoreStep[],
  targets: readonly Each[],
): { byStep: Map<RestoreStep, Each[]>; left: Each[] } {
  let left = [...targets];
  const byStep = new Map<RestoreStep, Each[]>();
  for (const step of steps) {
    if (!('targets' in step)) continue;
    const { targets: of } = step;
    const isOf = ({ id, priority }: Each) => (typeof of === 'string' ? priority === of : of.includes(id));
    byStep.set(step, left.filter(isOf));
    left = left.filter((target) => !isOf(target));
  }
  return { byStep, left };
}
