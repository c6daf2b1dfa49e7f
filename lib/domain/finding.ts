import type { Policy, Target } from './policy.ts';
import { milder, type Severity } from './severity.ts';

/**
 * Every judgement Understudy can make: what it is called, how bad it is unless a policy says otherwise, what it means,
 * and what to do. docs/findings.md is written from this table.
 */
export const FINDINGS = {
  'artifact-missing': {
    severity: 'P1',
    means: 'The stored dump is gone: deleted, or hidden behind a delete marker.',
    next: 'Find who deleted it in CloudTrail; take a new dump with `./understudy run dump {target}`.',
  },
  'artifact-size-mismatch': {
    severity: 'P1',
    means: 'The stored dump is longer or shorter than when it was written.',
    next: 'Do not restore from it. Take a new dump with `./understudy run dump {target}`.',
  },
  'artifact-replaced': {
    severity: 'P0',
    means: 'Somebody wrote another object over the dump; the recorded version is no longer the current one.',
    next: 'Treat it as tampering: look up the writer in CloudTrail. The recorded version can still be restored by its VersionId.',
  },
  'checksum-mismatch': {
    severity: 'P0',
    means: 'The bytes of the dump are not those that were written.',
    next: 'Do not restore from it. Take a new dump with `./understudy run dump {target}` and verify older points.',
  },
  'archive-unreadable': {
    severity: 'P0',
    means: 'pg_restore cannot read the archive from its first byte to its last.',
    next: 'Do not restore from it. Take a new dump with `./understudy run dump {target}`.',
  },
  'toc-mismatch': {
    severity: 'P0',
    means: 'The archive does not list what its manifest says it holds.',
    next: 'Do not restore from it. Take a new dump with `./understudy run dump {target}`.',
  },
  'manifest-missing': {
    severity: 'P1',
    means: 'The manifest is gone, so nothing can be said about the dump beside it.',
    next: 'Take a new dump with `./understudy run dump {target}`; pg_restore can still read the old one.',
  },
  'manifest-invalid': {
    severity: 'P0',
    means: 'The manifest is not the one whose digest the catalog holds, or cannot be read.',
    next: 'Treat it as tampering until shown otherwise. Take a new dump with `./understudy run dump {target}`.',
  },
  'size-anomaly': {
    severity: 'P2',
    means: 'The dump is much smaller or larger than this target’s dumps usually are.',
    next: 'Ask whether data was loaded or deleted on purpose. If not, restore an older point beside it and compare.',
  },
  'restore-failed': {
    severity: 'P0',
    means: 'A rehearsal could not restore the point.',
    next: 'Read the error in the evidence, then repeat with `./understudy rehearse {target}`.',
  },
  'proof-mismatch': {
    severity: 'P0',
    means: 'The restored copy is not equal to its source.',
    next: 'Do not rely on this point. Take a new dump with `./understudy run dump {target}`, then `./understudy rehearse {target}`.',
  },
  'assertion-failed': {
    severity: 'P1',
    means: 'The restored copy answers one of your own questions wrongly.',
    next: 'Ask the source the same question. If it answers likewise, correct the assertion or the data.',
  },
  'rto-breached': {
    severity: 'P1',
    means: 'The rehearsal’s restore took longer than was promised.',
    next: 'Give the restore more power, dump less, or promise what is true in understudy.yml.',
  },
  'rpo-breached': {
    severity: 'P0',
    means: 'The newest verified point is, or is about to be, older than the tolerated data loss.',
    next: 'Take a dump now: `./understudy run dump {target}`.',
  },
  'job-failed': {
    severity: 'P1',
    means: 'A job ran and could not be done.',
    next: 'Follow the hint in the message, then run it again: `./understudy run {job} {target}`.',
  },
  'job-silent': {
    severity: 'P0',
    means: 'A job should have run and there is no trace of it.',
    next: 'Look at the schedule and the dead-letter queue, then run it by hand: `./understudy run {job} {target}`.',
  },
  'rehearsal-overdue': {
    severity: 'P1',
    means: 'No rehearsal has succeeded for longer than the policy allows.',
    next: 'Rehearse now: `./understudy rehearse {target}`.',
  },
  'dump-blocks-others': {
    severity: 'P1',
    means:
      'During a dump somebody on the source waited for an exclusive lock behind it, and everybody else behind them.',
    next: 'Move the dump or the migration; or set `dump.whenBlocking: end` so that the dump gives way.',
  },
  'extension-left-out': {
    severity: 'P3',
    means:
      'An extension of the source does not exist where the rehearsal ran, so the copy was restored without it.',
    next: 'Nothing, if the restore in an emergency goes to a server that has it.',
  },
  'fingerprints-off': {
    severity: 'P2',
    means: 'Points of this target carry no content fingerprints, so no rehearsal of them proves anything.',
    next: 'Set `proof.depth: fingerprints` in the policy.',
  },
  'schedule-missing': {
    severity: 'P0',
    means: 'A schedule that understudy.yml asks for does not exist.',
    next: 'Deploy again: `npx serverless deploy`.',
  },
  'schedule-disabled': {
    severity: 'P0',
    means: 'A schedule is switched off.',
    next: 'Enable it in EventBridge Scheduler, or deploy again.',
  },
  'schedule-different': {
    severity: 'P1',
    means: 'A schedule is not the one that understudy.yml describes.',
    next: 'Deploy again: `npx serverless deploy`.',
  },
  'alerts-unheard': {
    severity: 'P1',
    means: 'Nobody has a confirmed subscription to this topic: alerts would be sent to nobody.',
    next: 'Subscribe and confirm; see "Subscribing" in the README. `./understudy alerts test` shows who is subscribed.',
  },
  'subscription-unconfirmed': {
    severity: 'P2',
    means: 'A subscription to this topic was never confirmed, so that address gets nothing.',
    next: 'Confirm it from the mail that SNS sent, or remove it.',
  },
  'upload-abandoned': {
    severity: 'P2',
    means: 'An upload was left open by a dump that died; it has been aborted.',
    next: 'Nothing; the dump itself is reported apart.',
  },
  'alert-undelivered': {
    severity: 'P1',
    means: 'An alert could not be published to its topic.',
    next: 'Check that the topic and its permissions exist: `./understudy alerts test`.',
  },
  'unknown-job': {
    severity: 'P1',
    means: 'A message on topic `jobs` asks for something nobody takes.',
    next: 'Correct its sender; docs/operators-runbook.md shows the messages.',
  },
  'last-good-point-at-risk': {
    severity: 'P0',
    means:
      'Retention would have reached the last good points while newer ones fail; expiry has stopped for this target.',
    next: 'Find out why dumps or their verification fail; expiry goes on by itself afterwards.',
  },
} as const satisfies Record<string, { severity: Severity; means: string; next: string }>;

export type FindingCode = keyof typeof FINDINGS;

/** A judgement about one subject of one target. Code and subject together are its identity while it is open. */
export type Finding = {
  code: FindingCode;
  target: string;
  /** What it is about: a point's id, a job, a table, a schedule, a topic. */
  subject: string;
  severity: Severity;
  /** What happened, in one sentence with its figures. */
  message: string;
  /** The exact next thing to do. */
  next: string;
  /** What it means for the objectives, where that is known. */
  objectives?: string;
};

/** A message goes into mails and pagers; what is longer is cut, so that no answer of a database makes an alert undeliverable. */
const LONGEST = 2000;

/** Makes a finding with the severity the policy gives it: named by code, else the table's, but not above the target's priority. */
export function finding(
  code: FindingCode,
  about: {
    target: Target | { id: string };
    subject: string;
    message: string;
    job?: string;
    objectives?: string | undefined;
  },
): Finding {
  const entry = FINDINGS[code];
  const next = entry.next.replaceAll('{target}', about.target.id).replaceAll('{job}', about.job ?? 'dump');
  return {
    code,
    target: about.target.id,
    subject: about.subject,
    severity: severityOf(code, about.target),
    message: about.message.length > LONGEST ? `${about.message.slice(0, LONGEST)} …` : about.message,
    next,
    ...(about.objectives ? { objectives: about.objectives } : {}),
  };
}

function severityOf(code: FindingCode, target: Target | { id: string }): Severity {
  const usual = FINDINGS[code].severity;
  if (!('policy' in target)) return usual;
  const policy: Policy = target.policy;
  return policy.severities[code] ?? milder(usual, target.priority);
}

/** What happened once and is over: nobody can find it gone, so it is closed quietly after a day. */
export const EVENTS: readonly FindingCode[] = ['unknown-job', 'upload-abandoned'];

/** The pseudo-target of findings about the deployment itself: schedules, topics, unknown jobs. */
export const DEPLOYMENT = { id: 'understudy' } as const;
