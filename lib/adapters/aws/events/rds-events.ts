import type { FindingCode } from '../../../domain/findings/finding.ts';
import type { EventMeaning } from '../../../domain/status/timeline-event.ts';

const news = (means: string): EventMeaning => ({ means, is: 'neither' });
const done = (means: string, resolves?: readonly FindingCode[]): EventMeaning => ({
  means,
  is: 'good',
  completes: 'source',
  resolves,
});
const failed = (means: string): EventMeaning => ({
  means,
  is: 'bad',
  finding: 'source-failed',
  completes: 'source',
});
const low = (means: string): EventMeaning => ({ means, is: 'bad', finding: 'storage-low' });
const full = (means: string): EventMeaning => ({ means, is: 'bad', finding: 'storage-full' });
const keyLost = (means: string): EventMeaning => ({ means, is: 'bad', finding: 'restore-key-unusable' });
const failover = (step: 'begins' | 'ends', means: string): EventMeaning => ({
  means,
  is: step === 'begins' ? 'bad' : 'good',
  finding: 'failover',
  failover: step,
});
const taken = (means: string): EventMeaning => ({ means, is: 'good', completes: 'snapshot' });
const copied = (means: string): EventMeaning => ({
  means,
  is: 'good',
  resolves: ['platform-backup-failed'],
  completes: 'copy',
});
const notCopied = (means: string): EventMeaning => ({
  means,
  is: 'bad',
  finding: 'platform-backup-failed',
  completes: 'copy',
});

const STORAGE = ['storage-full', 'storage-low'] as const;

/**
 * The codes that mean something to a backup, each as AWS lists it in "Amazon RDS event categories and event messages":
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html (instances, snapshots, clusters) and
 * https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.Messages.html (Aurora). AWS sends events as
 * well as it can: they may come late, in another order, or never. There is none for a deleted cluster snapshot, and none
 * that says that an automated backup failed; both are for the watch to notice.
 */
export const EVENTS_KNOWN: Readonly<Record<string, EventMeaning>> = {
  // db-instance: availability
  'RDS-EVENT-0004': news('the instance was shut down'),
  'RDS-EVENT-0006': done('the instance was restarted', ['source-failed']),
  'RDS-EVENT-0022': failed('the engine could not be restarted'),
  'RDS-EVENT-0221': full('the storage is full and the database was shut down'),
  'RDS-EVENT-0222': low('the storage is nearly full; the database will be shut down when it is'),
  'RDS-EVENT-0330': low('the log volume is nearly full; the database will be shut down when it is'),
  'RDS-EVENT-0331': low('the log volume is nearly full'),
  'RDS-EVENT-0419': keyLost('the encryption key cannot be used and the database becomes inaccessible'),
  // db-instance: backup
  'RDS-EVENT-0001': news('an automated backup began'),
  'RDS-EVENT-0002': done('an automated backup is done', ['platform-backup-failed']),
  'RDS-EVENT-0023': { means: 'a snapshot was asked for while another is being made', is: 'bad' },
  'RDS-EVENT-0086': { means: 'the option group could not be associated', is: 'bad' },
  // db-instance and db-cluster: configuration change
  'RDS-EVENT-0012': news('a change of the instance class began'),
  'RDS-EVENT-0014': done('the instance class was changed'),
  'RDS-EVENT-0016': done('the master password was reset'),
  'RDS-EVENT-0017': done('the allocated storage was changed', STORAGE),
  'RDS-EVENT-0018': news('a change of the allocated storage began'),
  'RDS-EVENT-0024': news('the conversion to Multi-AZ began'),
  'RDS-EVENT-0025': done('the instance is Multi-AZ now'),
  'RDS-EVENT-0028': { means: 'automated backups were switched off', is: 'bad', finding: 'backups-disabled' },
  'RDS-EVENT-0029': done('the instance stands in one zone now'),
  'RDS-EVENT-0030': news('the conversion to a single zone began'),
  'RDS-EVENT-0032': done('automated backups were switched on', ['backups-disabled']),
  'RDS-EVENT-0067': { means: 'the master password could not be reset', is: 'bad', completes: 'source' },
  'RDS-EVENT-0217': news('autoscaling began to grow the storage'),
  'RDS-EVENT-0218': done('autoscaling grew the storage', STORAGE),
  // creation, deletion
  'RDS-EVENT-0005': done('the instance was created'),
  'RDS-EVENT-0170': done('the cluster was created'),
  'RDS-EVENT-0003': {
    means: 'the instance was deleted',
    is: 'bad',
    finding: 'instance-deleted',
    completes: 'source',
  },
  'RDS-EVENT-0171': {
    means: 'the cluster was deleted',
    is: 'bad',
    finding: 'instance-deleted',
    completes: 'source',
  },
  // failover
  'RDS-EVENT-0013': failover('begins', 'a failover to the standby began'),
  'RDS-EVENT-0015': failover('ends', 'the failover is complete; DNS may take some minutes'),
  'RDS-EVENT-0034': news('a requested failover was not attempted: there was one just now'),
  'RDS-EVENT-0049': failover('ends', 'the failover is complete'),
  'RDS-EVENT-0050': failover('begins', 'the activation of the recovered instance began'),
  'RDS-EVENT-0051': failover('ends', 'the recovered instance is active'),
  'RDS-EVENT-0065': done('the instance recovered from a partial failover', ['source-failed']),
  'RDS-EVENT-0069': failed('the failover of the cluster failed'),
  'RDS-EVENT-0070': news('the previous primary is promoted again'),
  'RDS-EVENT-0071': failover('ends', 'the failover of the cluster is complete'),
  'RDS-EVENT-0072': failover('begins', 'a failover within the zone began'),
  'RDS-EVENT-0073': failover('begins', 'a failover to another zone began'),
  'RDS-EVENT-0181': failover('begins', 'a switchover of the global database began'),
  'RDS-EVENT-0185': failover('ends', 'the switchover of the global database is complete'),
  'RDS-EVENT-0186': news('the switchover of the global database was cancelled'),
  'RDS-EVENT-0187': failed('the switchover of the global database failed'),
  'RDS-EVENT-0238': failover('ends', 'the failover of the global database is complete'),
  'RDS-EVENT-0239': failed('the failover of the global database failed'),
  // failure
  'RDS-EVENT-0031': failed('the instance failed; RDS recommends to restore to a point in time'),
  'RDS-EVENT-0035': failed('the instance has parameters it cannot run with'),
  'RDS-EVENT-0036': failed('the instance is in a network it cannot run in'),
  'RDS-EVENT-0223': low('autoscaling cannot grow the storage'),
  'RDS-EVENT-0224': low('autoscaling has reached the most storage it may give'),
  'RDS-EVENT-0254': low('the account’s storage quota does not let the storage grow'),
  'RDS-EVENT-0278': failed('the instance could not be created'),
  'RDS-EVENT-0315': failed('the instance could not leave the network it cannot run in'),
  'RDS-EVENT-0353': failed('the instance could not be created: a limit is reached'),
  'RDS-EVENT-0354': failed('the cluster could not be created: resources do not fit'),
  'RDS-EVENT-0355': failed('the cluster could not be created: a limit is reached'),
  'RDS-EVENT-0418': keyLost('the encryption key cannot be used just now'),
  'RDS-EVENT-0420': done('the encryption key can be used again', ['restore-key-unusable']),
  // low storage
  'RDS-EVENT-0007': full('the allocated storage is used up'),
  'RDS-EVENT-0089': low('more than nine tenths of the storage are used'),
  'RDS-EVENT-0227': low('the storage of the Aurora cluster is dangerously low'),
  // maintenance, notification
  'RDS-EVENT-0026': news('offline maintenance began'),
  'RDS-EVENT-0027': done('offline maintenance is over'),
  'RDS-EVENT-0047': news('the instance was patched'),
  'RDS-EVENT-0087': {
    means: 'the instance was stopped: no backups are taken until it is started',
    is: 'bad',
  },
  'RDS-EVENT-0088': done('the instance was started', ['source-failed']),
  'RDS-EVENT-0150': { means: 'the cluster was stopped: no backups are taken until it is started', is: 'bad' },
  'RDS-EVENT-0151': done('the cluster was started', ['source-failed']),
  'RDS-EVENT-0152': { means: 'the cluster could not be stopped', is: 'bad', completes: 'source' },
  'RDS-EVENT-0153': news('the cluster is started: it was stopped for too long'),
  'RDS-EVENT-0154': news('the instance is started: it was stopped for too long'),
  'RDS-EVENT-0172': news('the cluster was renamed'),
  // recovery, restoration
  'RDS-EVENT-0020': news('the recovery of the instance began'),
  'RDS-EVENT-0021': done('the recovery of the instance is complete', ['source-failed']),
  'RDS-EVENT-0052': news('the recovery of the Multi-AZ instance began'),
  'RDS-EVENT-0053': done('the recovery of the Multi-AZ instance is complete'),
  'RDS-EVENT-0019': done('it was restored to a point in time'),
  'RDS-EVENT-0043': done('it was restored from a snapshot'),
  // db-snapshot
  'RDS-EVENT-0040': news('a manual snapshot is being made'),
  'RDS-EVENT-0041': {
    means: 'a snapshot was deleted',
    is: 'bad',
    finding: 'snapshot-deleted',
    completes: 'snapshot',
  },
  'RDS-EVENT-0042': taken('a manual snapshot was made'),
  'RDS-EVENT-0059': news('the copying of a snapshot from another Region began'),
  'RDS-EVENT-0060': copied('a snapshot was copied from another Region'),
  'RDS-EVENT-0061': notCopied('the copying of a snapshot from another Region was cancelled'),
  'RDS-EVENT-0090': news('an automated snapshot is being made'),
  'RDS-EVENT-0091': { ...taken('an automated snapshot was made'), resolves: ['platform-backup-failed'] },
  'RDS-EVENT-0159': news('an export of the snapshot failed'),
  'RDS-EVENT-0160': news('an export of the snapshot was cancelled'),
  'RDS-EVENT-0161': news('an export of the snapshot is done'),
  'RDS-EVENT-0190': notCopied('the copying of a snapshot was cancelled'),
  'RDS-EVENT-0196': news('the copying of a snapshot began'),
  'RDS-EVENT-0197': copied('a snapshot was copied'),
  // db-cluster-snapshot
  'RDS-EVENT-0074': news('a manual cluster snapshot is being made'),
  'RDS-EVENT-0075': taken('a manual cluster snapshot was made'),
  'RDS-EVENT-0162': news('an export of the cluster snapshot failed'),
  'RDS-EVENT-0163': news('an export of the cluster snapshot was cancelled'),
  'RDS-EVENT-0164': news('an export of the cluster snapshot is done'),
  'RDS-EVENT-0168': news('an automated cluster snapshot is being made'),
  'RDS-EVENT-0169': {
    ...taken('an automated cluster snapshot was made'),
    resolves: ['platform-backup-failed'],
  },
};
