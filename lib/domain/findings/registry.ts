import type { Severity } from './severity.ts';

/** What a subject names. The watch closes a finding whose subject is no longer in the plan. */
export type SubjectKind =
  | 'target'
  | 'job'
  | 'point'
  | 'snapshot'
  | 'assertion'
  | 'smoke'
  | 'source'
  | 'instance'
  | 'place'
  | 'deployment';

/** What closes a finding: a look that could find it again and does not, the next good run of its sort, or time. */
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
  | 'restore'
  | 'restores'
  /** It happened once: no look can find it gone, so it is closed without an alert after a day. */
  | 'time';

type Text = {
  severity: Severity;
  means: string;
  next: string;
  /** Replaces `next` where Aurora needs another command. */
  ofCluster?: string;
  /** Days between two reminders; otherwise one. */
  remindEvery?: number;
};
export type Entry = Text & { about: SubjectKind; closedBy: readonly Closer[] };

/**
 * Every judgement Understudy can make: its code, its severity unless a policy sets another, what it means, what to
 * do, what its subject names and what closes it. `npm run docs` writes docs/reference/findings.md from this table.
 */
export const FINDINGS = {
  ...closedBy(['verification'], 'point', {
    'artifact-missing': {
      severity: 'P1',
      means: 'The dump is gone from the vault: deleted, or hidden by a delete marker.',
      next: 'Find who deleted it in CloudTrail. Take a new dump: `./understudy run dump {target}`.',
    },
    'artifact-size-mismatch': {
      severity: 'P1',
      means: 'The stored dump has another size than when it was written.',
      next: 'Do not restore from it. Take a new dump: `./understudy run dump {target}`.',
    },
    'artifact-replaced': {
      severity: 'P0',
      means: 'Another object was written over the dump; the recorded version is no longer the current one.',
      next: 'Assume tampering until you know otherwise: find the writer in CloudTrail. You can still restore the recorded version by its VersionId.',
    },
    'checksum-mismatch': {
      severity: 'P0',
      means: 'The dump is damaged: its SHA-256 differs from the manifest.',
      next: 'Do not restore from it. Take a new dump: `./understudy run dump {target}`. Then verify older points.',
    },
    'archive-unreadable': {
      severity: 'P0',
      means: 'pg_restore cannot read the whole archive.',
      next: 'Do not restore from it. Take a new dump: `./understudy run dump {target}`.',
    },
    'toc-mismatch': {
      severity: 'P0',
      means: 'The archive’s table of contents differs from the manifest.',
      next: 'Do not restore from it. Take a new dump: `./understudy run dump {target}`.',
    },
    'manifest-missing': {
      severity: 'P1',
      means: 'The manifest is gone, so the dump cannot be checked.',
      next: 'Take a new dump: `./understudy run dump {target}`. pg_restore can still read the old one.',
    },
    'manifest-invalid': {
      severity: 'P0',
      means: 'The manifest is damaged or differs from the one that the catalog recorded.',
      next: 'Assume tampering until you know otherwise. Take a new dump: `./understudy run dump {target}`.',
    },
  }),
  ...closedBy(['newest-size'], 'point', {
    'size-anomaly': {
      severity: 'P2',
      means: 'The dump is much smaller or larger than usual for this target.',
      next: 'Was data loaded or deleted on purpose? If so: `./understudy ack {target} size-anomaly --until 7d --reason "…"`. If not, restore an older point and compare.',
    },
  }),
  ...closedBy(['rehearsal-of-point'], 'point', {
    'proof-mismatch': {
      severity: 'P0',
      means: 'The restored copy differs from its source.',
      next: 'Do not rely on this point. Take a new dump: `./understudy run dump {target}`. Then rehearse it: `./understudy rehearse {target}`.',
    },
    'restore-failed': {
      severity: 'P0',
      means: 'A rehearsal could not restore the point.',
      next: 'Fix the cause in the source database, take a new dump with `./understudy run dump {target}`, then `./understudy rehearse {target}`.',
    },
  }),
  ...closedBy(['restore'], 'target', {
    'restore-under-way': {
      severity: 'P0',
      means: 'Somebody has begun an emergency restore.',
      next: 'Follow it: `./understudy restore status {target} --follow`. Stop it: `./understudy restore abort {target}`.',
    },
    'restore-stalled': {
      severity: 'P0',
      means: 'The execution of an emergency restore has died, and production may be frozen or closed.',
      next: 'Put production back: `./understudy restore rollback {target}`. Then begin again: `./understudy restore {target}`.',
    },
    'restore-awaits-approval': {
      severity: 'P0',
      means: 'The restored database is ready, and a person must say whether the application goes to it.',
      next: 'Look at it: `./understudy restore status {target}`. Then `./understudy approve {target}` or `./understudy reject {target}`.',
    },
    'restore-unsettled': {
      severity: 'P0',
      means: 'The application was given the restored database, and something is not as it should be since.',
      next: 'Look at what the message names. The way back: `./understudy restore rollback {target}`.',
    },
    'restore-not-undone': {
      severity: 'P0',
      means: 'An emergency restore ended, and something that it had changed could not be put back.',
      next: 'Try again: `./understudy restore rollback {target}`. Else put back by hand what `./understudy restore status {target}` names.',
    },
  }),
  ...closedBy(['restores'], 'target', {
    'database-kept': {
      severity: 'P3',
      means:
        'A restore has left an instance or a database beside production. It costs, or takes disk, until you delete it; you are reminded weekly.',
      next: 'Keep it until you are sure. Then drop a database by the command of the message; of an instance or a cluster `{modify} --no-deletion-protection --apply-immediately`, and `{delete} --final-db-snapshot-identifier {id}-final`.',
      remindEvery: 7,
    },
  }),
  ...closedBy(['restore'], 'target', {
    'app-not-changed': {
      severity: 'P1',
      means: '`restart-app` or `rollback-app` did not begin, or ended with a service that is not steady.',
      next: 'Look at each service and its way back: `./understudy restore status {target}`. It is closed by the next one that ends well.',
    },
  }),
  ...closedBy(['time'], 'target', {
    'restore-not-done': {
      severity: 'P0',
      means: 'An emergency restore did not begin, or ended without a new database in service.',
      next: 'Look at the other ways back: `./understudy restore {target}`. What it made stays until you delete it.',
    },
  }),
  ...closedBy(['rehearsal'], 'target', {
    'drill-failed': {
      severity: 'P1',
      means:
        'A drill, an emergency restore for the application of a staging target, did not bring it back to work, or not back to its own database.',
      next: 'Do what the message says, then drill again: `./understudy run drill STAGING`. `./understudy restore status STAGING` shows every phase.',
    },
    'proof-incomplete': {
      severity: 'P2',
      means:
        'A rehearsed snapshot or moment started, but could not be compared completely with the last dump.',
      next: 'Fix what the message names, take a new dump with `./understudy run dump {target}`, then rehearse again.',
    },
    'extension-left-out': {
      severity: 'P3',
      means: 'The scratch server lacks an extension of the source, so the copy was restored without it.',
      next: 'Nothing, if your emergency server has the extension. Otherwise add its package to the image (`pgExtensions`).',
    },
    'rto-breached': {
      severity: 'P1',
      means: 'The rehearsal’s restore took longer than the promised RTO.',
      next: 'Give the restore more memory (`scratchMemory`), dump less, or raise `objectives.rto` in understudy.yml.',
    },
    'index-corrupt': {
      severity: 'P0',
      means:
        'amcheck found a damaged index or table in a restored copy; the source probably has the same damage.',
      next: 'Check the source: `select bt_index_check(…)`. REINDEX it, and look for failing storage.',
    },
    'heartbeat-mismatch': {
      severity: 'P0',
      means: 'A restored copy lacks heartbeat rows that were committed before its moment, or has later ones.',
      next: 'Do not rely on restores to a point in time until you know why; keep the dumps.',
    },
    'scratch-budget': {
      severity: 'P2',
      means: 'The policy’s hours of scratch instances for this month do not allow another rehearsal.',
      next: 'Raise `rehearsal.instance.hoursAMonth`, or rehearse less often.',
    },
    'application-left-running': {
      severity: 'P2',
      means: 'A hook did not stop the application that it had started against a rehearsed copy.',
      next: 'Stop the application by hand; the log of the hook says why it could not.',
    },
  }),
  ...closedBy(['rehearsal'], 'assertion', {
    'assertion-failed': {
      severity: 'P1',
      means: 'The restored copy fails one of your assertions.',
      next: 'Run its query on production. Same result? Fix the data or the assertion. Another result? Do not rely on this point.',
    },
    'assertion-unanswered': {
      severity: 'P2',
      means: 'The query of an assertion failed, so its answer is unknown.',
      next: 'Correct its SQL in understudy.yml, deploy, and rehearse: `./understudy rehearse {target}`.',
    },
  }),
  ...closedBy(['rehearsal'], 'smoke', {
    'smoke-failed': {
      severity: 'P1',
      means: 'A smoke step is not answered as expected on the restored copy.',
      next: 'Ask production: `./understudy smoke {target}`. It fails too? Fix the application or the step. Else do not rely on this point.',
    },
    'smoke-unasked': {
      severity: 'P2',
      means:
        'A smoke step could not be sent to an application on the restored copy, so its answer is unknown.',
      next: 'The message says why. Correct the hook or its network, then rehearse: `./understudy rehearse {target}`.',
    },
  }),
  ...closedBy(['status'], 'target', {
    'rpo-breached': {
      severity: 'P0',
      means: 'The newest verified point is older than the RPO, or soon will be.',
      next: 'Take one now: `./understudy run {job} {target}`.',
    },
    'copy-late': {
      severity: 'P1',
      means: 'The newest verified copy in another Region, account or bucket is too old.',
      next: 'Find why copying fails: `./understudy status {target}`. Understudy requests a snapshot’s copy again every hour.',
    },
    'job-silent': {
      severity: 'P0',
      means: 'A job was due and did not run.',
      next: 'Check the schedule and the dead-letter queue, then run it: `./understudy run {job} {target}`.',
    },
    'rehearsal-overdue': {
      severity: 'P1',
      means: 'No rehearsal has passed for longer than the policy allows.',
      next: 'Rehearse now: `./understudy run {job} {target}`.',
    },
    'heartbeat-silent': {
      severity: 'P2',
      means: 'The heartbeat got no row for some minutes.',
      next: 'Check the function’s log, the role’s rights and the network: `./understudy doctor {target}`.',
    },
  }),
  ...closedBy(['run'], 'job', {
    'job-failed': {
      severity: 'P1',
      means: 'A job ran and failed.',
      next: 'Do what the hint in the message says, then run it again: `./understudy run {job} {target}`.',
    },
  }),
  ...closedBy(['dump'], 'target', {
    'dump-blocks-others': {
      severity: 'P1',
      means: 'A session waited for an exclusive lock behind the dump, and other sessions waited behind it.',
      next: 'Move the dump or the migration to another hour, or set `dump.whenBlocking: end` so that the dump gives way.',
    },
    'fingerprints-off': {
      severity: 'P2',
      means: 'Points of this target have no content fingerprints, so a rehearsal cannot prove them.',
      next: 'Set `proof.depth: fingerprints` in the policy.',
    },
  }),
  ...closedBy(['expiry'], 'target', {
    'last-good-point-at-risk': {
      severity: 'P0',
      means: 'Newer points fail, so retention has stopped before it deletes the last good ones.',
      next: 'Find why dumps or their verification fail. Retention continues by itself afterward.',
    },
    'dumps-unknown': {
      severity: 'P1',
      means:
        'The vault holds dumps that the catalog does not know: the table was lost, or restored to an earlier moment.',
      next: 'Find what happened to the table in CloudTrail. `./understudy catalog rebuild` makes the dumps points again; `docs/reference/region-lost.md` says what it cannot bring back.',
    },
  }),
  ...closedBy(['schedules'], 'deployment', {
    'schedule-missing': {
      severity: 'P0',
      means: 'A schedule of understudy.yml does not exist.',
      next: 'Deploy again: `npx serverless deploy`.',
    },
    'schedule-disabled': {
      severity: 'P0',
      means: 'A schedule is switched off.',
      next: 'Enable it in EventBridge Scheduler, or deploy again: `npx serverless deploy`.',
    },
    'schedule-different': {
      severity: 'P1',
      means: 'A schedule differs from understudy.yml.',
      next: 'Deploy again: `npx serverless deploy`.',
    },
  }),
  ...closedBy(['subscriptions'], 'deployment', {
    'no-subscribers': {
      severity: 'P1',
      means: 'This topic has no confirmed subscription, so its alerts reach no one.',
      next: 'Subscribe and confirm: docs/deploy.md, "6. Subscribe". `./understudy alerts test` shows who is subscribed.',
    },
    'subscription-unconfirmed': {
      severity: 'P2',
      means: 'A subscription to this topic is not confirmed, so its address gets nothing.',
      next: 'Confirm it from the message that SNS sent, or delete the subscription.',
    },
  }),
  ...closedBy(['delivery'], 'deployment', {
    'alert-undelivered': {
      severity: 'P1',
      means: 'An alert could not be published to its topic.',
      next: 'Check the topic and its permissions: `./understudy alerts test`.',
    },
  }),
  ...closedBy(['sweep'], 'target', {
    'scratch-left-over': {
      severity: 'P1',
      means: 'A scratch instance outlived its rehearsal, and Understudy did not delete it.',
      next: 'Delete the one in the message by hand. AWS bills it until then.',
    },
    'scratch-foreign': {
      severity: 'P2',
      means: 'Something has a scratch name and was not made by Understudy; it is left alone.',
      next: 'If you do not need it, delete it by hand.',
    },
  }),
  ...closedBy(['snapshot'], 'snapshot', {
    'snapshot-unencrypted': {
      severity: 'P1',
      means: 'A snapshot is not encrypted, and the policy requires it.',
      next: 'Encrypt the source (restore an encrypted copy of a snapshot), or set `snapshot.encryption: any`.',
    },
    'snapshot-implausible': {
      severity: 'P1',
      means: 'A snapshot has another engine than its source, or far less storage, so it does not count.',
      next: 'Compare both: `./understudy points {target}`. Take a new one: `./understudy run snapshot {target}`.',
    },
  }),
  ...closedBy(['snapshot', 'preflight'], 'snapshot', {
    'restore-key-unusable': {
      severity: 'P0',
      means:
        'The key of the snapshot is disabled, scheduled for deletion or unusable: RDS cannot restore from it.',
      next: 'Enable the key or cancel its deletion: `aws kms cancel-key-deletion --key-id …`, `aws kms enable-key --key-id …`.',
    },
  }),
  ...closedBy(['copy'], 'place', {
    'copy-impossible': {
      severity: 'P1',
      means: 'A snapshot cannot be copied where the policy wants it, and trying again will not help.',
      next: 'Fix what the message names. A default key cannot leave its account; an encrypted copy needs the `kmsKey` of its place.',
    },
  }),
  ...closedBy(['preflight'], 'place', {
    'snapshot-quota-near': {
      severity: 'P2',
      means: 'The Region is near its limit of manual snapshots; RDS will then refuse new ones.',
      next: 'Request more in Service Quotas, or keep fewer (`retention`).',
    },
  }),
  ...closedBy(['inventory', 'preflight'], 'source', {
    'source-missing': {
      severity: 'P0',
      means: 'The instance, cluster or cache that understudy.yml names does not exist.',
      next: 'Find who deleted or renamed it in CloudTrail; then correct the target, or restore it.',
    },
  }),
  ...closedBy(['inventory'], 'source', {
    'storage-full': {
      severity: 'P0',
      means: 'The source’s storage is full: it accepts no writes and takes no backups.',
      next: 'Add storage: `aws rds modify-db-instance --db-instance-identifier {id} --allocated-storage …`.',
    },
  }),
  ...closedBy(['inventory', 'posture'], 'source', {
    'backups-disabled': {
      severity: 'P0',
      means: 'Automated backups are off: RDS cannot restore it to a point in time.',
      next: 'Switch them on: `{modify} --backup-retention-period {days} --apply-immediately`.',
    },
    'pitr-window-short': {
      severity: 'P1',
      means: 'RDS cannot restore as far back as the policy promises.',
      next: 'Keep automated backups longer: `{modify} --backup-retention-period {days} --apply-immediately`. The window then grows by a day each day.',
    },
  }),
  ...closedBy(['posture'], 'source', {
    'posture-deletion-protection': {
      severity: 'P2',
      means: 'One call can delete the source.',
      next: 'Protect it: `{modify} --deletion-protection --apply-immediately`.',
    },
    'posture-multi-az': {
      severity: 'P3',
      means: 'The source has no standby in a second zone.',
      next: 'Add a standby: `aws rds modify-db-instance --db-instance-identifier {id} --multi-az`. RDS creates it in the next maintenance window.',
      ofCluster:
        'Add a reader, which takes over: `aws rds create-db-instance --db-cluster-identifier {id} --db-instance-identifier {id}-reader --engine {engine} --db-instance-class {class}`.',
    },
    'posture-encryption': {
      severity: 'P1',
      means: 'The source is not encrypted, so its snapshots are not either.',
      next: 'Copy a snapshot with a key and restore the copy: RDS cannot encrypt an instance in place.',
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
      means: 'The network for a restore does not exist or has no room.',
      next: 'Correct `rehearsal.instance` in understudy.yml, or deploy again: `npx serverless deploy`.',
    },
    'restore-parameters-missing': {
      severity: 'P1',
      means: 'The source’s parameter group does not exist or does not fit its engine.',
      next: 'Create the group again, or give the source one that exists.',
    },
    'restore-quota': {
      severity: 'P1',
      means: 'The account has reached its limit of instances: RDS would refuse a restore.',
      next: 'Request more *DB instances* in Service Quotas, or delete instances that you do not need.',
    },
    'restore-snapshot-missing': {
      severity: 'P1',
      means: 'No snapshot can be restored now.',
      next: 'Take one: `./understudy run snapshot {target}`. Then check again: `./understudy run preflight {target}`.',
    },
    'restore-secret-unreadable': {
      severity: 'P1',
      means: 'The target’s secret cannot be read, so a restored copy could not be reached.',
      next: 'Check the secret and its tag `understudy:target={target}`.',
    },
    'restore-denied': {
      severity: 'P1',
      means: 'IAM denies the restoring role a step of a restore.',
      next: 'Deploy again: `npx serverless deploy`. If a permissions boundary or an organization’s policy denies it, change that.',
    },
    'engine-end-of-support': {
      severity: 'P2',
      means:
        'AWS no longer supports the engine’s version, or soon will not: it would upgrade a restore, or charge for it.',
      next: 'Plan the upgrade of the source.',
    },
    'preflight-unknown': {
      severity: 'P2',
      means: 'A question of the preflight has no answer, so it is not known to be good.',
      next: 'Do what the message says, then check again: `./understudy run preflight {target}`.',
    },
  }),
  ...closedBy(['notice'], 'instance', {
    'instance-deleted': {
      severity: 'P0',
      means: 'The source was deleted.',
      next: 'If that was not planned: docs/emergency.md. `./understudy points {target}` lists what you can restore.',
    },
  }),
  ...closedBy(['notice'], 'target', {
    'cloudwatch-alarm': {
      severity: 'P2',
      means: 'One of your CloudWatch alarms about the source went off.',
      next: 'Check the alarm in CloudWatch.',
    },
  }),
  ...closedBy(['time'], 'target', {
    'unknown-job': {
      severity: 'P1',
      means:
        'A message on topic `jobs` asks for a job that does not exist, or is malformed. Nothing was done.',
      next: 'Correct its sender; docs/reference/messages.md has the messages.',
    },
    'point-unusable': {
      severity: 'P2',
      means: 'A message names a recovery point that does not exist or cannot be used. Nothing was done.',
      next: 'Correct its sender; `./understudy points {target}` lists the points.',
    },
    'upload-abandoned': {
      severity: 'P2',
      means: 'A dump died and left an upload open; the watch has aborted it.',
      next: 'Nothing: the failed dump has a finding of its own.',
    },
    'snapshot-deleted': {
      severity: 'P0',
      means: 'A snapshot that Understudy took is gone, and retention did not delete it.',
      next: 'Assume tampering until you know otherwise: find DeleteDBSnapshot in CloudTrail. Take a new one: `./understudy run snapshot {target}`.',
    },
    'source-replaced': {
      severity: 'P1',
      means: 'Another instance or cluster has the source’s name; the old one’s automated backups are gone.',
      next: 'If you did not do it, find who did in CloudTrail. Snapshots remain: `./understudy points {target}`. Take a new one: `./understudy run snapshot {target}`.',
    },
    'source-failed': {
      severity: 'P1',
      means: 'RDS reports that the source failed.',
      next: 'Check the instance’s events, and decide whether to restore: docs/emergency.md.',
    },
    failover: {
      severity: 'P3',
      means: 'The source failed over.',
      next: 'Nothing. `./understudy timeline {target}` has how long it took.',
    },
    'platform-backup-failed': {
      severity: 'P1',
      means: 'RDS reports that one of its own backups failed.',
      next: 'Check the instance’s events. Take a snapshot: `./understudy run snapshot {target}`.',
    },
    'storage-low': {
      severity: 'P2',
      means: 'RDS reports that the source’s storage is nearly full.',
      next: 'Add storage before backups stop: `aws rds modify-db-instance --db-instance-identifier {id} --allocated-storage …`.',
    },
    'notice-unknown': {
      severity: 'P3',
      means: 'Topic `events` got a message that Understudy does not know. The timeline has it.',
      next: 'Check `./understudy timeline understudy`; stop its sender if it does not belong there.',
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
  about: SubjectKind,
  texts: Record<Code, Text>,
): Record<Code, Entry> {
  const entries = Object.entries<Text>(texts).map(([code, text]) => [
    code,
    { ...text, about, closedBy: closers },
  ]);
  return Object.fromEntries(entries) as Record<Code, Entry>;
}
