import { utc } from '../../domain/time.ts';
import type { Restoring } from './restoring.ts';

/** Another instance under the target's name is no surprise. */
export async function adoptAsTarget(
  { target, deps }: Pick<Restoring, 'target' | 'deps'>,
  resourceId: string,
): Promise<void> {
  const { platform } = await deps.catalog.observed(target.id);
  if (!platform) return;
  const { earliest: _earliest, latest: _latest, ...rest } = platform;
  const now = deps.clock.now();
  await deps.catalog.observe(target.id, { platform: { ...rest, readAt: utc(now), resourceId } }, now);
}
