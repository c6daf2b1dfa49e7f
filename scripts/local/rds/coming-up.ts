import { type Server, stop } from './postgres.ts';
import { baseBackup } from './store.ts';
import { type Call, type Flags, flagsOf, type Resource } from './world.ts';

/** What a restore does after it was answered: `creating` until the server is up, then a first backup, then `available`. */
export function comeUp(
  call: Call,
  resource: Resource,
  source: { flags: Flags },
  starting: (server: Server) => Promise<void>,
): void {
  const { background } = call.world;
  const flags = () => flagsOf(call.world, source);
  const { server } = resource.store;
  // Deleted before its data was there.
  if (resource.status !== 'creating') return;
  resource.busy = background.start(`the restore of ${resource.id}`, async () => {
    try {
      await background.lasting(server && starting(server));
      while (flags().stuckRestores && resource.status === 'creating') await background.lasting();
      if (resource.status !== 'creating') return;
      const { failedRestores } = flags();
      if (failedRestores) return fail(resource, failedRestores === true ? 'failed' : failedRestores);
      resource.reachable = true;
      if (!resource.cluster && resource.shown.BackupRetentionPeriod > 0) await backUp(call, resource);
      settle(resource, 'creating');
    } catch (error) {
      await fail(resource, 'failed');
      throw error;
    }
  });
}

/** The base backup that restoring to a point in time begins from. */
export async function backUp({ world }: Call, resource: Resource): Promise<void> {
  const before = resource.status;
  resource.status = 'backing-up';
  const { store } = resource;
  await world.background.lasting(
    baseBackup(store, world.machine).then((backup) => void store.bases.push(backup)),
  );
  if (resource.status === 'backing-up') resource.status = before;
}

/** `available`, unless it was deleted or given another status meanwhile. */
export function settle(resource: Resource, from: string): void {
  if (resource.status === from) resource.status = 'available';
}

/** A member that fails leaves its cluster's data alone. */
async function fail(resource: Resource, status: string): Promise<void> {
  if (resource.status === 'deleting') return;
  resource.status = status;
  if (!resource.cluster && resource.store.server) await stop(resource.store.server, 'immediate');
}
