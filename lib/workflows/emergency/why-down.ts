import { requirePlatform, type Target } from '../../domain/plan/policy.ts';
import type { RestoreDeps } from './restoring.ts';

/** Why the old database takes no writes, as far as the platform says so. */
export async function whyDown(target: Target, deps: RestoreDeps): Promise<string | null> {
  const source = await deps.platform.source(requirePlatform(target));
  if (!source) return 'it was deleted';
  // One that failed and does not answer takes no writes either; it is asked first.
  return ['stopped', 'deleting', 'unusable'].includes(source.state) ? source.status : null;
}
