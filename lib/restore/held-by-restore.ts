import { Refusal } from '../domain/errors.ts';
import { isOpen } from '../domain/incidents/restore-record.ts';
import { shortMoment } from '../domain/time.ts';
import type { Catalog } from '../ports/catalog.ts';

/** Why other work on a target stands still: a person is restoring it. Undefined when nobody is. */
export async function heldByRestore(
  target: string,
  catalog: Pick<Catalog, 'restore'>,
): Promise<string | undefined> {
  const record = await catalog.restore(target);
  if (!isOpen(record)) return undefined;
  return `${record.by} has been restoring ${target} since ${shortMoment(record.startedAt)} UTC: nothing else is done to it meanwhile`;
}

/** Refuses work on a target that a person is restoring. */
export async function refuseDuringRestore(target: string, catalog: Pick<Catalog, 'restore'>): Promise<void> {
  const held = await heldByRestore(target, catalog);
  if (held) throw new Refusal('restore-under-way', held, { hint: `./understudy restore status ${target}` });
}
