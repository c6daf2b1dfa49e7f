/**
 * A scratch instance on record: written before anything is made, and ended when everything is confirmed gone. What is
 * not on record as gone is looked for by the watch until it is.
 */
export type ScratchRecord = {
  target: string;
  policy: string;
  /** Name of the instance or cluster, of its parameter group and of its secret. */
  name: string;
  kind: 'rds' | 'aurora';
  /** Where it stands; the source's own Region unless given. */
  place?: string;
  /** The rehearsal it belongs to, as a run's name. */
  run: string;
  state: 'making' | 'gone';
  beganAt: string;
  /** When its turn came: what is billed counts from here. */
  startedAt?: string;
  /** After this nobody needs it, whatever became of its rehearsal. */
  expiresAt: string;
  /** Of the instance or cluster, once it is known: proof that what bears the name is what we made. */
  resourceId?: string;
  goneAt?: string;
};

/** What stands of a policy now: who started when, and how often that has changed. Whoever starts one must have seen the last change. */
export type Standing = { version: number; since: Record<string, string> };

/** `2026-11` of a moment. */
export function monthOf(moment: string): string {
  return moment.slice(0, 7);
}
