import { type Finding, finding } from '../../domain/findings/finding.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { DumpPoint } from '../../domain/points/recovery-point.ts';
import { median } from '../../domain/status/derive-status.ts';

const ENOUGH = 3;

/**
 * Is a dump of its target's usual size? Compared with the median of the earlier good points, once there are three;
 * half or less, or three times as much, is unusual. Small dumps vary, so a difference of 1 MB does not count.
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
