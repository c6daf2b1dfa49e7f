import { type Finding, finding } from '../findings/finding.ts';
import type { Target } from '../plan/policy.ts';
import { humanSeconds, secondsBetween } from '../time.ts';
import type { TargetStatus } from './target-status.ts';

/** A row a minute, each tried three times within three minutes, and a failover takes a few. */
const SILENT_AFTER = 600;

/** Has the heartbeat had no row for ten minutes? Without any row, the time counts from when the target was first seen. */
export function checkHeartbeat(target: Target, status: TargetStatus, now: Date): Finding[] {
  if (!target.heartbeat) return [];
  const age = secondsBetween(status.heartbeatAt ?? status.firstSeenAt, now);
  if (age <= SILENT_AFTER) return [];
  const message = status.heartbeatAt
    ? `the heartbeat of ${target.id} got its last row ${humanSeconds(age)} ago, at ${status.heartbeatAt}`
    : `the heartbeat of ${target.id} has no row, ${humanSeconds(age)} after the watch first saw the target`;
  return [finding('heartbeat-silent', { target, subject: 'heartbeat', message })];
}
