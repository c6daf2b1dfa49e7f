import { CredentialsRefused, codeOf, UnderstudyError } from '../../domain/errors.ts';
import type { Target } from '../../domain/plan/policy.ts';
import { plusSeconds } from '../../domain/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Credentials, InstanceCopy, Instances } from '../../ports/database.ts';
import type { ScratchSecrets } from '../../ports/platform.ts';

/** Where a scratch instance listens, and whose database is asked. */
export type CopyAddress = { name: string; host: string; port: number; user: string; database: string };

export type OpenCopyDeps = {
  instances: Pick<Instances, 'open'>;
  secrets: Pick<ScratchSecrets, 'password'>;
  clock: Clock;
  secondsLeft: () => number;
};

/** How long a new password takes to work, in seconds. */
const PASSWORD_TAKES = 300;

/** The master user of a scratch instance, with the password of its own. */
export async function copyCredentials(
  { name, host, port, user, database }: CopyAddress,
  target: Target,
  { secrets }: Pick<OpenCopyDeps, 'secrets'>,
): Promise<Credentials> {
  return {
    host,
    port,
    database,
    user,
    password: await secrets.password(name),
    sslmode: target.connection?.sslmode === 'disable' || host.startsWith('127.') ? 'disable' : 'require',
  };
}

/** The new password may not work yet, and the endpoint's name may not have spread yet. `reserve` in seconds. */
export async function openCopy(
  address: CopyAddress,
  target: Target,
  reserve: number,
  deps: OpenCopyDeps,
): Promise<InstanceCopy> {
  const credentials = await copyCredentials(address, target, deps);
  const until = plusSeconds(deps.clock.now(), PASSWORD_TAKES);
  for (;;) {
    try {
      return await deps.instances.open(credentials, () => deps.secondsLeft() - reserve / 2);
    } catch (error) {
      const worthWaiting = error instanceof CredentialsRefused || codeOf(error) === 'source-unreachable';
      if (!worthWaiting || deps.clock.now() >= until || deps.secondsLeft() < reserve * 2) throw error;
      await deps.clock.sleep(3000);
    }
  }
}

/** Checks that the parameters work: a copy with active subscriptions is torn down at once, and proves nothing. */
export async function refuseOpenQuarantine(copy: InstanceCopy): Promise<void> {
  const acting = await copy.unsilenced();
  if (!acting) return;
  throw new UnderstudyError('quarantine-open', `the copy runs with ${acting} on production`, {
    hint: 'look at the parameter group of the scratch instance; its subnets must have no way out',
  });
}
