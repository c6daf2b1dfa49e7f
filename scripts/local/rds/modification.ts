import { backUp, settle } from './coming-up.ts';
import { refuse } from './errors.ts';
import type { Input, Kind } from './kinds.ts';
import { changePassword } from './master.ts';
import { find, mustWork } from './regions.ts';
import { daysOfBackups } from './resources.ts';
import { dropBackup } from './store.ts';
import type { Call, Resource } from './world.ts';

/** A password never waits; backups that are switched on or off do, for the maintenance window that never comes here. */
export function modifyResource(call: Call, kind: Kind, input: Input): Resource {
  const resource: Resource = find(call, kind.noun, input[`${kind.noun}Identifier`]!);
  mustWork(resource);
  const { shown, pending, cluster, id } = resource;
  const { MasterUserPassword: password, BackupRetentionPeriod: days, ApplyImmediately: now } = input;
  if (cluster && (password || days !== undefined))
    refuse('InvalidParameterCombination', `${id} is a member of a cluster: modify the cluster.`);
  if (password !== undefined) mustBeTakenAsPassword(password);
  const before = shown.BackupRetentionPeriod;
  const changes = days !== undefined && daysOfBackups(kind, days) !== before;
  const waits = !now && (days === 0 || before === 0);
  if (changes) pending.BackupRetentionPeriod = days;
  if (password !== undefined) pending.MasterUserPassword = '****';
  shown.DeletionProtection = input.DeletionProtection ?? shown.DeletionProtection;
  apply(call, resource, password, changes && !waits ? days : undefined);
  return resource;
}

/** A change is pending while the status is still `available`, as on AWS: to wait for `available` alone is too early. */
function apply(call: Call, resource: Resource, password?: string, days?: number): void {
  const { background } = call.world;
  if (password === undefined && days === undefined) return;
  const before = resource.busy;
  resource.busy = background.start(`the modification of ${resource.id}`, async () => {
    await before;
    await background.lasting();
    if (password !== undefined) await resetPassword(call, resource, password);
    if (days !== undefined) await changeRetention(call, resource, days);
  });
}

async function resetPassword(call: Call, resource: Resource, text: string): Promise<void> {
  const status = 'resetting-master-credentials';
  if (resource.status !== 'available') return;
  resource.status = status;
  const { server } = resource.store;
  const changing = server && changePassword(server, resource.origin.MasterUsername, text);
  await call.world.background.lasting(changing);
  delete resource.pending.MasterUserPassword;
  settle(resource, status);
}

async function changeRetention(call: Call, resource: Resource, days: number): Promise<void> {
  const { store, shown } = resource;
  if (resource.status !== 'available') return;
  resource.status = 'modifying';
  await call.world.background.lasting();
  const begins = shown.BackupRetentionPeriod === 0;
  shown.BackupRetentionPeriod = days;
  delete resource.pending.BackupRetentionPeriod;
  if (begins) await backUp(call, resource);
  if (days === 0) for (const base of store.bases.splice(0)) dropBackup(base);
  settle(resource, 'modifying');
}

function mustBeTakenAsPassword(given: string): void {
  const wrong =
    given.length < 8 || given.length > 128
      ? 'it has 8 to 128 characters'
      : /[^ -~]|[/@" ]/.test(given) && 'only printable ASCII characters besides / @ " and space may be used';
  if (wrong) refuse('InvalidParameterValue', `MasterUserPassword is not a valid password: ${wrong}.`);
}
