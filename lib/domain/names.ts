import { createHash } from 'node:crypto';
import { compactUtc, utc } from './time.ts';

/** Everything that bears a name is named here, after the moment it was scheduled for and never after "now". */
export type RunName = { job: string; target: string; scheduledFor: string };

/** `dump/crm-prod/2026-11-20T01:00:00Z`. A verification's last part is the point: both its triggers mean one run. */
export function runName(run: RunName): string {
  return `${run.job}/${run.target}/${run.scheduledFor}`;
}

/**
 * Name of the durable execution of a run: 64 characters of `[0-9a-f]`, which the service accepts
 * (at most 64 of `[A-Za-z0-9-_]`), and the same however often the run is asked for.
 */
export function executionName(run: RunName): string {
  return createHash('sha256').update(runName(run)).digest('hex');
}

/** A point's id, unique within its target: `20261120T010000Z-1`, the scheduled moment and the attempt. */
export function pointId(scheduledFor: string, attempt: number): string {
  return `${compactUtc(scheduledFor)}-${attempt}`;
}

/** The scheduled moment inside a point's id, or undefined when it is no point id. */
export function pointMoment(id: string): string | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-\d+$/.exec(id);
  if (!match) return undefined;
  const [, y, mo, d, h, mi, s] = match;
  const moment = new Date(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
  return Number.isNaN(moment.getTime()) ? undefined : utc(moment);
}

export type VaultKeys = { dump: string; roles: string; manifest: string };

/** Where one attempt's objects live. A second attempt never writes the first's keys. */
export function vaultKeys(target: string, scheduledFor: string, attempt: number): VaultKeys {
  const day = utc(new Date(scheduledFor)).slice(0, 10).replaceAll('-', '/');
  const stem = `${target}/${day}/${pointId(scheduledFor, attempt)}`;
  return { dump: `${stem}.dump`, roles: `${stem}.roles.sql`, manifest: `${stem}.manifest.json` };
}

export const TARGET_ID = /^[a-z][a-z0-9-]{0,62}$/;
