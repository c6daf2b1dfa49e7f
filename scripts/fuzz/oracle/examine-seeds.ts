import { planDatabase } from '../schema/generate-statements.ts';
import { type Examined, examineDatabase } from './examine-database.ts';
import type { Lab } from './lab.ts';

type SeedOptions = { damages: number; jobs: number };
export type ExaminedSeed = Examined & { seed: number };

/** Examines databases, some at once, and passes on each result. */
export async function examineSeeds(
  lab: Lab,
  seeds: readonly number[],
  { damages, jobs }: SeedOptions,
  found: (examined: ExaminedSeed) => Promise<void> | void,
): Promise<void> {
  let next = 0;
  const work = async () => {
    for (let seed = seeds[next++]; seed !== undefined; seed = seeds[next++]) {
      const given = planDatabase(seed, lab.major);
      const examined = await examineDatabase(lab, given, { seed, damages, text: true }).catch(
        (error: Error): Examined => ({
          verdict: 'crashed',
          faults: [{ signature: `crashed ${error.message.slice(0, 80)}`, detail: error.stack ?? '' }],
          accepted: [],
          damaged: 0,
        }),
      );
      await found({ seed, ...examined });
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
}
