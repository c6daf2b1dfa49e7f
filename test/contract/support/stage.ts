import { planWith } from '../../support/plan.ts';
import { createStage, type Stage } from '../../support/stage.ts';

let made: Promise<Stage> | undefined;

/** The test file's own stage, made when it is first wanted. */
export function stage(): Promise<Stage> {
  made ??= createStage(planWith());
  return made;
}

let names = 0;

/** A name that nothing else in this file has. */
export const unique = (what = 't') => `${what}-${++names}`;
