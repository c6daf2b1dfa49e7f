import { type Finding, finding } from '../../domain/findings/finding.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { DumpPoint } from '../../domain/points/recovery-point.ts';
import { median } from '../../domain/status/derive-status.ts';

const ENOUGH = 3;

/**
 * Is a dump of a size that this target's dumps usually have? Compared with the median of the earlier good points, once
 * there are three of them; a half or less, or three times as much, is odd. Small dumps vary, so 1 MB apart is nothing.
 */
export function checkSize(target: Target, point: DumpPoint, earlier: readonly DumpPoint[]): Finding[] {
  const sizes = earlier.filter((other) => other.id !== point.id).flatMap((other) => other.dump?.bytes ?? []);
  const usual = median(sizes.slice(0, 14));
  const bytes = point.dump?.bytes ?? 0;
  if (usual === undefined || sizes.length < ENOUGH || Math.abs(bytes - usual) < 1_000_000) return [];
  if (bytes > usual / 2 && bytes < usual * 3) return [];
  const message = `${point.id} of ${target.id} has ${(bytes / 1e6).toFixed(1)} MB; its dumps usually have ${(usual / 1e6).toFixed(1)} MB`;
  return [finding('size-anomaly', { target, subject: 'dump size', message })];
}
