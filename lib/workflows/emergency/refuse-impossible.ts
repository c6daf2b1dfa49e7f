import { InputError } from '../../domain/errors.ts';
import { does } from '../../domain/plan/engines.ts';
import type { RestoreSettings, Target } from '../../domain/plan/policy.ts';
import type { PlatformSource } from '../../domain/points/platform-source.ts';

/** Everything that does not fit, at once, before anything begins. */
export function refuseImpossibleRestore(
  target: Target,
  settings: RestoreSettings,
  source: PlatformSource | undefined,
): void {
  const { freeze, cutover, subnetGroup, securityGroups } = settings;
  const switches = freeze === 'read-only' || cutover !== 'none';
  const mistakes = [
    ...(switches && !target.connection
      ? ['restore.freeze and restore.cutover need connection: { secret: … }']
      : []),
    ...(switches && !does(target.engine, 'switching')
      ? [`restore.freeze and restore.cutover are not possible with ${target.engine}: use none`]
      : []),
    ...(cutover !== 'none' && !source?.endpoint
      ? ['the old database is gone, so nothing can be switched from it: use cutover: none']
      : []),
    ...(cutover === 'rename' && source && ['stopped', 'unusable', 'deleting', 'full'].includes(source.state)
      ? [`${source.id} is ${source.status} and cannot be renamed: use cutover: secret`]
      : []),
    ...(!source && (!subnetGroup || !securityGroups)
      ? ['the old instance is gone: say restore.subnetGroup and restore.securityGroups']
      : []),
  ];
  if (mistakes.length === 0) return;
  throw new InputError(
    `${target.id} cannot be restored like this:`,
    mistakes,
    'change understudy.yml, deploy, and look at the ways again',
  );
}
