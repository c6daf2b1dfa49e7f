import { requirePlatform, type Target } from '../../domain/plan/policy.ts';
import type { RestoreDeps } from './restoring.ts';

/** The status of an old database whose storage is full: it takes no writes, and no change but more storage. */
export async function whyFull(target: Target, deps: RestoreDeps): Promise<string | null> {
  if (!target.platform) return null;
  const source = await deps.platform.source(requirePlatform(target));
  return source?.state === 'full' ? source.status : null;
}

/** Why the old database takes no writes, as far as the platform says so. */
export async function whyDown(target: Target, deps: RestoreDeps): Promise<string | null> {
  // Nobody says of a server of one's own that it is stopped.
  if (!target.platform) return null;
  const source = await deps.platform.source(requirePlatform(target));
  if (!source) return 'it was deleted';
  // One that failed and does not answer takes no writes either; it is asked first.
  return ['stopped', 'deleting', 'unusable'].includes(source.state) ? source.status : null;
}
