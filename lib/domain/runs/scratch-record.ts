/**
 * The record of a scratch instance: written before anything is made, and ended when everything is confirmed deleted.
 * The watch looks for one that has not ended.
 */
export type ScratchRecord = {
  target: string;
  policy: string;
  /** Name of the instance or cluster, of its parameter group and of its secret. */
  name: string;
  kind: 'rds' | 'aurora';
  /** Where it is; by default the source's own Region. */
  place?: string;
  /** Name of the rehearsal's run. */
  run: string;
  state: 'making' | 'gone';
  beganAt: string;
  /** When its turn came: billing counts from here. */
  startedAt?: string;
  /** The rehearsal needs it no later than this. */
  expiresAt: string;
  /** Resource id of the instance or cluster, once it is known: proof that the resource of this name is Understudy's. */
  resourceId?: string;
  goneAt?: string;
};

/** What a policy has running now: which runs started when, and a version. A start must have seen the last change. */
export type Standing = { version: number; since: Record<string, string> };

/** `2026-11` of a moment. */
export function monthOf(moment: string): string {
  return moment.slice(0, 7);
}
