import type { Severity } from './severity.ts';

/** What a subject names. The watch closes a finding whose subject the plan no longer has. */
export type About =
  | 'target'
  | 'job'
  | 'point'
  | 'snapshot'
  | 'assertion'
  | 'source'
  | 'instance'
  | 'place'
  | 'deployment';

/** What closes a finding: a look that could find it again and does not, the next good one of its sort, or time. */
export type Closer =
  | 'verification'
  | 'newest-size'
  | 'rehearsal-of-point'
  | 'rehearsal'
  | 'status'
  | 'run'
  | 'dump'
  | 'expiry'
  | 'schedules'
  | 'subscriptions'
  | 'delivery'
  | 'sweep'
  | 'snapshot'
  | 'copy'
  | 'inventory'
  | 'posture'
  | 'preflight'
  | 'notice'
  /** It happened once: no look could find it gone, so it is closed without an alert after a day. */
  | 'time';

/** `ofCluster` stands in for `next` where Aurora needs another command. */
type Text = { severity: Severity; means: string; next: string; ofCluster?: string };
export type Entry = Text & { about: About; closedBy: readonly Closer[] };

/**
 * Every judgement Understudy can make: what it is called, how bad it is unless a policy says otherwise, what it means,
 * what to do, what its subject names and what closes it. docs/reference/findings.md is written from this table.
 */
export const FINDINGS = {
  ...closedBy(['verification'], 'point', {
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
      means:
        'Somebody wrote another object over the dump; the recorded version is no longer the current one.',
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
  }),
  ...closedBy(['newest-size'], 'point', {
    'size-anomaly': {
      severity: 'P2',
      means: 'The dump is much smaller or larger than this target’s dumps usually are.',
      next: 'Ask whether data was loaded or deleted on purpose. If so: `./understudy ack {target} size-anomaly --until 7d --reason "…"`. If not, restore an older point beside it and compare.',
    },
  }),
  ...closedBy(['rehearsal-of-point'], 'point', {
    'proof-mismatch': {
      severity: 'P0',
      means: 'The restored copy is not equal to its source.',
      next: 'Do not rely on this point. Take a new dump with `./understudy run dump {target}`, then `./understudy rehearse {target}`.',
    },
    'restore-failed': {
      severity: 'P0',
      means: 'A rehearsal could not restore the point.',
      next: 'Read the error in the evidence, then repeat with `./understudy rehearse {target}`.',
    },
  }),
  ...closedBy(['rehearsal'], 'target', {
    'proof-incomplete': {
      severity: 'P2',
      means:
        'A rehearsed snapshot or moment came up, and what a dump says of it could not be compared, or not all of it.',
      next: 'Mend what the message names, dump with `./understudy run dump {target}`, and rehearse again.',
    },
    'extension-left-out': {
      severity: 'P3',
      means:
        'An extension of the source does not exist where the rehearsal ran, so the copy was restored without it.',
      next: 'Nothing, if the restore in an emergency goes to a server that has it.',
    },
    'rto-breached': {
      severity: 'P1',
      means: 'The rehearsal’s restore took longer than was promised.',
      next: 'Give the restore more power, dump less, or promise what is true in understudy.yml.',
    },
    'index-corrupt': {
      severity: 'P0',
      means:
        'amcheck found a damaged index or table in a restored copy; the source has probably the same damage.',
      next: 'Check the source: `select bt_index_check(…)`; REINDEX it, and look for failing storage.',
    },
    'ledger-mismatch': {
      severity: 'P0',
      means:
        'A restored copy lacks rows of the ledger that were committed before its moment, or has later ones.',
      next: 'Do not rely on restoring to a point in time until this is understood; keep the dumps.',
    },
    'scratch-budget': {
      severity: 'P2',
      means: 'The policy’s hours of scratch instances for this month are used up; nothing was rehearsed.',
      next: 'Raise `rehearsal.instance.hoursAMonth`, or rehearse less often.',
    },
  }),
  ...closedBy(['rehearsal'], 'assertion', {
    'assertion-failed': {
      severity: 'P1',
      means: 'The restored copy answers one of your own questions wrongly.',
      next: 'Ask the source the same question. If it answers likewise, correct the assertion or the data.',
    },
    'assertion-unanswered': {
      severity: 'P2',
      means: 'The restored copy could not answer one of your own questions, so nothing is known about it.',
      next: 'Correct the SQL of the assertion in understudy.yml, deploy, and rehearse: `./understudy rehearse {target}`.',
    },
  }),
  ...closedBy(['status'], 'target', {
    'rpo-breached': {
      severity: 'P0',
      means: 'The newest verified point is, or is about to be, older than the tolerated data loss.',
      next: 'Take one now: `./understudy run {job} {target}`.',
    },
    'copy-late': {
      severity: 'P1',
      means: 'The newest verified copy in another Region, account or bucket is older than it may be.',
      next: 'See why copying fails: `./understudy status {target}`; a snapshot’s is asked for again every hour.',
    },
    'job-silent': {
      severity: 'P0',
      means: 'A job should have run and there is no trace of it.',
      next: 'Look at the schedule and the dead-letter queue, then run it by hand: `./understudy run {job} {target}`.',
    },
    'rehearsal-overdue': {
      severity: 'P1',
      means: 'No rehearsal has succeeded for longer than the policy allows.',
      next: 'Rehearse now: `./understudy run {job} {target}`.',
    },
    'ledger-silent': {
      severity: 'P2',
      means: 'No row has reached the ledger for some minutes.',
      next: 'Look at the function’s log, the role’s rights and the network: `./understudy doctor {target}`.',
    },
  }),
  ...closedBy(['run'], 'job', {
    'job-failed': {
      severity: 'P1',
      means: 'A job ran and could not be done.',
      next: 'Follow the hint in the message, then run it again: `./understudy run {job} {target}`.',
    },
  }),
  ...closedBy(['dump'], 'target', {
    'dump-blocks-others': {
      severity: 'P1',
      means:
        'During a dump somebody on the source waited for an exclusive lock behind it, and everybody else behind them.',
      next: 'Move the dump or the migration; or set `dump.whenBlocking: end` so that the dump gives way.',
    },
    'fingerprints-off': {
      severity: 'P2',
      means: 'Points of this target carry no content fingerprints, so no rehearsal of them proves anything.',
      next: 'Set `proof.depth: fingerprints` in the policy.',
    },
  }),
  ...closedBy(['expiry'], 'target', {
    'last-good-point-at-risk': {
      severity: 'P0',
      means:
        'Retention would have reached the last good points while newer ones fail; expiry has stopped for this target.',
      next: 'Find out why dumps or their verification fail; expiry goes on by itself afterwards.',
    },
    'dumps-unknown': {
      severity: 'P1',
      means:
        'The vault holds dumps that the catalog does not know: the table was lost, or restored as of an earlier moment.',
      next: 'Find out what became of the table in CloudTrail. The dumps are whole: each manifest names its dump, and pg_restore reads it.',
    },
  }),
  ...closedBy(['schedules'], 'deployment', {
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
  }),
  ...closedBy(['subscriptions'], 'deployment', {
    'alerts-unheard': {
      severity: 'P1',
      means: 'Nobody has a confirmed subscription to this topic: alerts would be sent to nobody.',
      next: 'Subscribe and confirm; see docs/deploy.md, "6. Subscribe". `./understudy alerts test` shows who is subscribed.',
    },
    'subscription-unconfirmed': {
      severity: 'P2',
      means: 'A subscription to this topic was never confirmed, so that address gets nothing.',
      next: 'Confirm it from the mail that SNS sent, or remove it.',
    },
  }),
  ...closedBy(['delivery'], 'deployment', {
    'alert-undelivered': {
      severity: 'P1',
      means: 'An alert could not be published to its topic.',
      next: 'Check that the topic and its permissions exist: `./understudy alerts test`.',
    },
  }),
  ...closedBy(['sweep'], 'target', {
    'scratch-left-over': {
      severity: 'P1',
      means: 'A scratch instance outlived its rehearsal and could not be deleted.',
      next: 'Delete it by hand; the message says which. It costs money until then.',
    },
    'scratch-foreign': {
      severity: 'P2',
      means: 'Something bears a scratch name and is not known to be ours; it is left alone.',
      next: 'If nobody needs it, delete it by hand.',
    },
  }),
  ...closedBy(['snapshot'], 'snapshot', {
    'snapshot-unencrypted': {
      severity: 'P1',
      means: 'A snapshot is not encrypted, and the policy wants it to be.',
      next: 'Encrypt the source (restore an encrypted copy of a snapshot), or set `snapshot.encryption: any`.',
    },
    'snapshot-implausible': {
      severity: 'P1',
      means: 'A snapshot has another engine than its source, or far less storage, and does not count.',
      next: 'Look at both: `./understudy points {target}`. Take a new one with `./understudy run snapshot {target}`.',
    },
  }),
  ...closedBy(['snapshot', 'preflight'], 'snapshot', {
    'restore-key-unusable': {
      severity: 'P0',
      means:
        'The key that the snapshot is encrypted with is disabled, going or not to be used: nothing can be restored from it.',
      next: 'Enable the key or cancel its deletion: `aws kms cancel-key-deletion --key-id …`, `aws kms enable-key --key-id …`.',
    },
  }),
  ...closedBy(['copy'], 'place', {
    'copy-impossible': {
      severity: 'P1',
      means: 'A snapshot cannot be copied where the policy wants it, and trying again will not help.',
      next: 'Read the message; a default key cannot leave its account, and an encrypted copy needs `kmsKey` of its place.',
    },
  }),
  ...closedBy(['preflight'], 'place', {
    'snapshot-quota-near': {
      severity: 'P2',
      means: 'The Region is near the number of manual snapshots it may hold; the next ones would be refused.',
      next: 'Ask for more in Service Quotas, or keep fewer (`retention`).',
    },
  }),
  ...closedBy(['inventory', 'preflight'], 'source', {
    'source-missing': {
      severity: 'P0',
      means: 'There is no instance, cluster or cache of the name that understudy.yml gives.',
      next: 'Find out who deleted or renamed it; correct the target, or restore it.',
    },
  }),
  ...closedBy(['inventory'], 'source', {
    'storage-full': {
      severity: 'P0',
      means: 'The source has no storage left: it takes no writes and no backups.',
      next: 'Give it more: `aws rds modify-db-instance --db-instance-identifier {id} --allocated-storage …`.',
    },
  }),
  ...closedBy(['inventory', 'posture'], 'source', {
    'backups-disabled': {
      severity: 'P0',
      means: 'Automated backups are off: it cannot be restored to a point in time.',
      next: 'Switch them on: `{modify} --backup-retention-period {days} --apply-immediately`.',
    },
    'pitr-window-short': {
      severity: 'P1',
      means: 'Restoring to a point in time does not reach as far back as was promised.',
      next: 'Keep automated backups longer: `{modify} --backup-retention-period {days} --apply-immediately`; the window then grows by itself, a day a day.',
    },
  }),
  ...closedBy(['posture'], 'source', {
    'posture-deletion-protection': {
      severity: 'P2',
      means: 'The source can be deleted with one call.',
      next: 'Protect it: `{modify} --deletion-protection --apply-immediately`.',
    },
    'posture-multi-az': {
      severity: 'P3',
      means: 'The source stands in one zone only.',
      next: 'Give it a standby: `aws rds modify-db-instance --db-instance-identifier {id} --multi-az`; it is made in the next maintenance window.',
      ofCluster:
        'Give it a reader, which takes over: `aws rds create-db-instance --db-cluster-identifier {id} --db-instance-identifier {id}-reader --engine {engine} --db-instance-class {class}`.',
    },
    'posture-encryption': {
      severity: 'P1',
      means: 'The source is not encrypted, and so are none of its snapshots.',
      next: 'Copy a snapshot with a key and restore it: an instance cannot be encrypted in place.',
    },
    'posture-public': {
      severity: 'P1',
      means: 'The source can be reached from the internet.',
      next: 'Close it: `aws rds modify-db-instance --db-instance-identifier {id} --no-publicly-accessible --apply-immediately`.',
      ofCluster:
        'Close each of its instances: `for i in $(aws rds describe-db-clusters --db-cluster-identifier {id} --query "DBClusters[].DBClusterMembers[].DBInstanceIdentifier" --output text); do aws rds modify-db-instance --db-instance-identifier $i --no-publicly-accessible --apply-immediately; done`.',
    },
    'posture-backup-window': {
      severity: 'P3',
      means: 'The automated backup runs in the same hour as a job of the policy.',
      next: 'Move one of them: `{modify} --preferred-backup-window {window} --apply-immediately`.',
    },
  }),
  ...closedBy(['preflight'], 'source', {
    'restore-network-missing': {
      severity: 'P1',
      means: 'The network that a restore would go to does not exist or has no room.',
      next: 'Correct `rehearsal.instance` in understudy.yml or deploy again.',
    },
    'restore-parameters-missing': {
      severity: 'P1',
      means: 'The parameter group of the source is gone or of another family than its engine.',
      next: 'Make the group again, or change the source to one that exists.',
    },
    'restore-quota': {
      severity: 'P1',
      means: 'The account may not have one more instance, so that a restore would be refused.',
      next: 'Ask for more in Service Quotas.',
    },
    'restore-snapshot-missing': {
      severity: 'P1',
      means: 'There is no snapshot that could be restored now.',
      next: 'Take one with `./understudy run snapshot {target}`; `./understudy run preflight {target}` then looks again.',
    },
    'restore-secret-unreadable': {
      severity: 'P1',
      means: 'The secret of the target cannot be read, so a restored copy could not be reached.',
      next: 'Check the secret and its tag `understudy:target={target}`.',
    },
    'restore-denied': {
      severity: 'P1',
      means: 'The role that restores is not allowed something a restore needs.',
      next: 'Deploy again; if a boundary or an organisation’s policy denies it, have that changed.',
    },
    'engine-end-of-support': {
      severity: 'P2',
      means:
        'The engine’s version is past its support or near its end; AWS would upgrade a restore, or charge for it.',
      next: 'Plan the upgrade of the source.',
    },
    'preflight-unknown': {
      severity: 'P2',
      means: 'One of the questions before a restore could not be answered.',
      next: 'Read the message; what could not be asked is not known to be good.',
    },
  }),
  ...closedBy(['notice'], 'instance', {
    'instance-deleted': {
      severity: 'P0',
      means: 'The source was deleted.',
      next: 'If nobody meant to: `./understudy points {target}` lists what it can be restored from.',
    },
  }),
  ...closedBy(['notice'], 'target', {
    'cloudwatch-alarm': {
      severity: 'P2',
      means: 'A CloudWatch alarm about the source went off.',
      next: 'Look at the alarm.',
    },
  }),
  ...closedBy(['time'], 'target', {
    'unknown-job': {
      severity: 'P1',
      means: 'A message on topic `jobs` asks for something nobody takes.',
      next: 'Correct its sender; docs/reference/messages.md shows the messages.',
    },
    'point-unusable': {
      severity: 'P2',
      means:
        'A message asked for work on a recovery point that does not exist or cannot be used; nothing was done.',
      next: 'Correct its sender; `./understudy points {target}` lists the points.',
    },
    'upload-abandoned': {
      severity: 'P2',
      means: 'An upload was left open by a dump that died; it has been aborted.',
      next: 'Nothing; the dump itself is reported apart.',
    },
    'snapshot-deleted': {
      severity: 'P0',
      means: 'A snapshot of ours is gone, and retention did not delete it.',
      next: 'Treat it as tampering: look up DeleteDBSnapshot in CloudTrail. Take a new one with `./understudy run snapshot {target}`.',
    },
    'source-replaced': {
      severity: 'P1',
      means:
        'Another instance or cluster bears the source’s name: the moments that the former could be restored to went with it.',
      next: 'If it was not you, look in CloudTrail. Snapshots stay: `./understudy points {target}`. Take a new one with `./understudy run snapshot {target}`.',
    },
    'source-failed': {
      severity: 'P1',
      means: 'The platform reports that the source failed.',
      next: 'Look at the instance’s events, and decide whether to restore.',
    },
    failover: {
      severity: 'P3',
      means: 'The source failed over.',
      next: 'Nothing; `./understudy timeline {target}` has how long it took.',
    },
    'platform-backup-failed': {
      severity: 'P1',
      means: 'The platform reports that a backup of its own failed.',
      next: 'Look at the instance’s events; take one by hand with `./understudy run snapshot {target}`.',
    },
    'storage-low': {
      severity: 'P2',
      means: 'The platform reports that the source will have no storage left soon.',
      next: 'Give it more before it takes no backups: `aws rds modify-db-instance --db-instance-identifier {id} --allocated-storage …`.',
    },
    'notice-unknown': {
      severity: 'P3',
      means: 'A notice came that nobody understands. It is on the timeline.',
      next: 'Tell its sender, or us.',
    },
  }),
} satisfies Record<string, Entry>;

export type FindingCode = keyof typeof FINDINGS;

/** The codes that a look closes when it no longer finds them. */
export function codesClosedBy(...closers: readonly Closer[]): FindingCode[] {
  return (Object.keys(FINDINGS) as FindingCode[]).filter((code) =>
    closers.some((closer) => FINDINGS[code].closedBy.includes(closer)),
  );
}

function closedBy<Code extends string>(
  closers: readonly Closer[],
  about: About,
  texts: Record<Code, Text>,
): Record<Code, Entry> {
  const entries = Object.entries<Text>(texts).map(([code, text]) => [
    code,
    { ...text, about, closedBy: closers },
  ]);
  return Object.fromEntries(entries) as Record<Code, Entry>;
}
