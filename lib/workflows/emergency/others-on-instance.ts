import { Refusal } from '../../domain/errors.ts';
import { isOpen } from '../../domain/incidents/restore-record.ts';
import type { Plan, Target } from '../../domain/plan/policy.ts';
import type { Catalog } from '../../ports/catalog.ts';

/** Other targets that are databases of the same instance. Rejects while one of them is being restored. */
export async function othersOnInstance(
  plan: Plan,
  { id, platform }: Target,
  catalog: Pick<Catalog, 'restore'>,
): Promise<string[]> {
  const others = plan.targets
    .filter((each) => each.id !== id && platform && each.platform?.id === platform.id)
    .map((each) => each.id);
  for (const other of others) {
    const record = await catalog.restore(other);
    if (isOpen(record))
      throw new Refusal(
        'restore-under-way',
        `${record.by} is restoring ${other}, which is on the same instance`,
        { hint: `./understudy restore status ${other}` },
      );
  }
  return others;
}
