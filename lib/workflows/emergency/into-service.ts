import { cutOver, releaseNew } from './cut-over.ts';
import { fenceOld, noteWhatStaysOpen } from './fence.ts';
import { checkRights, freezeOld } from './freeze.ts';
import { makeNew } from './make-new.ts';
import type { Restoring } from './restoring.ts';
import { smokeNew } from './smoke-new.ts';

/**
 * The phases from a declared restore to a new database in service. `approve` rejects unless somebody, or a policy, says
 * yes.
 *
 *   freeze → restore onto new → complete → prove → warm → admit → smoke → approve → fence → release → cut over
 */
export async function intoService(
  restoring: Restoring,
  approve: (restoring: Restoring) => Promise<void>,
): Promise<void> {
  await checkRights(restoring);
  await freezeOld(restoring);
  await makeNew(restoring);
  await smokeNew(restoring);
  await noteWhatStaysOpen(restoring);
  await approve(restoring);
  await fenceOld(restoring);
  await releaseNew(restoring);
  await cutOver(restoring);
}
