import type { Policy } from '../../../../lib/domain/plan/policy.ts';
import { checkCopies, checkRehearsal, checkRpo, LOOK_EVERY } from '../../../../lib/domain/status/lateness.ts';
import type { TargetStatus } from '../../../../lib/domain/status/target-status.ts';
import { plusSeconds } from '../../../../lib/domain/time.ts';
import { DAY, HOUR, policy, status, target } from '../../../support/builders.ts';

/** The builders' target promises an RPO of 26 h and a rehearsal every 8 days, with half an hour of grace. */
const SNAPSHOT = '2026-11-20T01:00:00Z';
const FRESH = status({ firstSeenAt: SNAPSHOT });
const summary = (id: string, at = SNAPSHOT) => ({ id, snapshotAt: at, availableAt: at, state: 'verified' });
const newestVerified = summary('20261120T010000Z-1');
const VERIFIED = status({ newestVerified });
const later = (seconds: number) => plusSeconds(SNAPSHOT, seconds);
const saying = (text: string) => expect.stringContaining(text);

describe('the RPO of dumps', () => {
  const check = (seconds: number, known = VERIFIED, about = target()) =>
    checkRpo(about, known, later(seconds));

  test('is kept while the watch looks once more in time, and else rpo-breached says when it will be breached', () => {
    expect(check(26 * HOUR - LOOK_EVERY)).toEqual([]);
    expect(check(26 * HOUR - LOOK_EVERY + 1)).toMatchObject([
      {
        code: 'rpo-breached',
        severity: 'P0',
        subject: 'dump',
        message: saying('the newest verified point 20261120T010000Z-1 of crm is 25 h 55 min old'),
        objectives: 'RPO 26 h will be breached in 5 min',
      },
    ]);
  });

  test.each([
    ['will be breached', 26 * HOUR],
    ['is breached by 1 s', 26 * HOUR + 1],
    ['is breached by 2 h', 28 * HOUR],
  ])('%s when the newest dump is %d s old', (objectives, age) => {
    expect(check(age)).toMatchObject([{ objectives: saying(objectives) }]);
  });

  test('counts from the database snapshot, not from the end of the upload', () => {
    const slow = status({ newestVerified: { ...newestVerified, availableAt: '2026-11-20T20:00:00Z' } });
    expect(check(27 * HOUR, slow)).toHaveLength(1);
  });

  test('counts from when the watch first saw a target without a verified dump', () => {
    expect(check(25 * HOUR, FRESH)).toEqual([]);
    expect(check(27 * HOUR, FRESH)).toMatchObject([
      { message: saying('crm has no verified point, 27 h after the watch first saw it') },
    ]);
  });

  test('is not kept by a newer dump that is not verified', () => {
    const newestPoint = { ...newestVerified, snapshotAt: '2026-11-21T01:00:00Z', state: 'available' };
    expect(check(27 * HOUR, status({ newestVerified, newestPoint }))).toHaveLength(1);
  });

  test('is breached with the severity of the target’s priority', () => {
    expect(check(27 * HOUR, VERIFIED, target({ priority: 'P2' }))).toMatchObject([{ severity: 'P2' }]);
  });
});

describe('an RPO', () => {
  const check = (rpo: Policy['objectives']['rpo'], known: TargetStatus, seconds: number) =>
    checkRpo(target({ policy: policy({ objectives: { rpo, rto: HOUR } }) }), known, later(seconds));
  const newest = summary('20261120T010000Z-snapshot@eu-central-1');
  const snapped = status({ firstSeenAt: SNAPSHOT, snapshots: { newestVerified: newest } });
  const platform = { readAt: SNAPSHOT, status: 'available', retention: 7 * DAY };

  test('is not checked where the policy promises none', () => {
    expect(check({}, status(), 999 * DAY)).toEqual([]);
    const found = check({ snapshot: 6 * HOUR }, status(), 999 * DAY);
    expect(found.map(({ subject }) => subject)).toEqual(['snapshot']);
  });

  test('is kept by a snapshot until the next look would come too late', () => {
    expect(check({ snapshot: 6 * HOUR }, snapped, 6 * HOUR - LOOK_EVERY)).toEqual([]);
    expect(check({ snapshot: 6 * HOUR }, snapped, 6 * HOUR - LOOK_EVERY + 1)).toMatchObject([
      {
        code: 'rpo-breached',
        subject: 'snapshot',
        message: saying(`the newest verified point ${newest.id} of crm is 5 h 55 min old`),
        next: saying('./understudy run snapshot crm'),
      },
    ]);
  });

  test('of snapshots is kept neither by a dump nor by a snapshot that is not verified', () => {
    const known = status({ newestVerified, firstSeenAt: SNAPSHOT, snapshots: { newestPoint: newest } });
    expect(check({ snapshot: 6 * HOUR }, known, 7 * HOUR)).toMatchObject([
      { message: saying('crm has no verified snapshot, 7 h after the watch first saw it') },
    ]);
  });

  test('of dumps is not kept by a snapshot', () => {
    const next = saying('./understudy run dump crm');
    expect(check({ dump: 6 * HOUR }, snapped, 7 * HOUR)).toMatchObject([{ subject: 'dump', next }]);
  });

  test('of a point in time is kept until the very second, because every look moves it on', () => {
    const known = status({ firstSeenAt: SNAPSHOT, platform: { ...platform, latest: SNAPSHOT } });
    expect(check({ pitr: 900 }, known, 900)).toEqual([]);
    expect(check({ pitr: 900 }, known, 901)).toMatchObject([
      {
        subject: 'pitr',
        message: saying('the newest moment of crm that can be restored is 15 min old'),
        objectives: 'RPO 15 min is breached by 1 s',
      },
    ]);
  });

  test('of a point in time is not kept by a source without automated backups', () => {
    const off = status({ firstSeenAt: SNAPSHOT, platform: { ...platform, retention: 0 } });
    const message = saying('crm has no moment that RDS can restore to, 60 min after the watch');
    expect(check({ pitr: 900 }, off, HOUR)).toMatchObject([{ message }]);
  });

  test('is checked for all means at once', () => {
    const all = check({ dump: HOUR, snapshot: HOUR, pitr: 900 }, snapped, 9 * HOUR);
    expect(all.map(({ subject }) => subject)).toEqual(['dump', 'snapshot', 'pitr']);
  });
});

describe('a copy', () => {
  const [ABROAD, VAULTED] = ['snapshot@eu-west-1', 'snapshot@eu-west-1/444455556666'];
  const copies = [
    { region: 'eu-west-1' },
    { region: 'eu-west-1', account: '444455556666', role: 'arn:aws:iam::444455556666:role/r' },
  ];
  /** Snapshots every 6 hours, that may take 2 hours to copy; dumps within 26 hours, with half an hour of grace. */
  const copying = (changes: Partial<Policy> = {}) =>
    target({
      platform: { kind: 'rds', id: 'crm-db' },
      policy: policy({
        objectives: { rpo: { dump: 26 * HOUR, snapshot: 6 * HOUR }, rto: HOUR },
        snapshot: { encryption: 'required', labelled: 0, deadline: 2 * HOUR, copies },
        ...changes,
      }),
    });
  const copied = (place: string, at = SNAPSHOT) => ({ [place]: summary(`20261120T010000Z-${place}`, at) });
  const check = (seconds: number, known: TargetStatus, about = copying()) =>
    checkCopies(about, known, later(seconds));

  test('may be as old as the RPO and the time that copying may take, and else copy-late names its place', () => {
    const known = status({ copies: { ...copied(ABROAD), ...copied(VAULTED) } });
    expect(check(8 * HOUR, known)).toEqual([]);
    const message = `${ABROAD}: the newest verified copy 20261120T010000Z-${ABROAD} of crm is 8 h old; the limit is 8 h`;
    expect(check(8 * HOUR + 1, known)).toMatchObject([
      { code: 'copy-late', severity: 'P1', subject: ABROAD, message },
      { subject: VAULTED },
    ]);
  });

  test('in one place does not stand in for a copy in another', () => {
    const known = status({ firstSeenAt: SNAPSHOT, copies: copied(ABROAD, '2026-11-20T09:00:00Z') });
    const message = saying('crm has no verified copy there, 9 h after the first was due');
    expect(check(9 * HOUR, known)).toMatchObject([{ subject: VAULTED, message }]);
  });

  test('is owed from when the watch first saw the target', () => {
    expect(check(8 * HOUR, FRESH)).toEqual([]);
    expect(check(8 * HOUR + 1, FRESH)).toHaveLength(2);
  });

  test('is owed from when the policy first named its place', () => {
    const since = '2026-11-20T09:00:00Z';
    const owed = { [`copy to ${ABROAD}` as const]: { cron: '0 1 * * *', timezone: 'UTC', since } };
    const known = status({ firstSeenAt: '2025-01-01T00:00:00Z', owed, copies: copied(VAULTED, since) });
    expect(check(16 * HOUR, known)).toEqual([]);
    expect(check(16 * HOUR + 1, known)).toHaveLength(2);
  });

  test('is owed by the schedule of snapshots where no RPO is promised for them, and never without a schedule', () => {
    const objectives = { rpo: { dump: 26 * HOUR }, rto: HOUR };
    const daily = copying({ objectives, schedules: { snapshot: { cron: '0 1 * * *', timezone: 'UTC' } } });
    const allowed = DAY + HOUR / 2 + 2 * HOUR;
    expect(check(allowed, FRESH, daily)).toEqual([]);
    expect(check(allowed + 1, FRESH, daily)).toHaveLength(2);
    expect(check(9 * DAY, FRESH, copying({ objectives, schedules: {} }))).toEqual([]);
  });

  test('of a dump is owed in the replica where the vault has one', () => {
    const snapshot = { ...policy().snapshot, copies: [] };
    const replicating = copying({ vault: { lock: 'none', lockFor: 0, replica: true }, snapshot });
    const known = status({ copies: copied('dump@replica') });
    expect(check(26.5 * HOUR, known, replicating)).toEqual([]);
    expect(check(26.5 * HOUR + 1, known, replicating)).toMatchObject([
      { subject: 'dump@replica', message: saying('the limit is 26 h 30 min') },
    ]);
    expect(check(27 * HOUR, known, copying({ snapshot }))).toEqual([]);
  });

  test('is not owed by a target without a platform, nor where no RPO is promised', () => {
    const { platform: _platform, ...bare } = copying();
    expect(check(99 * DAY, FRESH, bare)).toEqual([]);
    expect(check(99 * DAY, FRESH, copying({ objectives: { rpo: { pitr: 900 }, rto: HOUR } }))).toEqual([]);
  });
});

describe('a rehearsal', () => {
  const passed = { at: SNAPSHOT, point: '20261120T010000Z-1', strength: 'exact' } as const;
  const check = (seconds: number, known: TargetStatus, about = target()) =>
    checkRehearsal(about, known, later(seconds));
  const alsoOfMoments = (cron: string) =>
    target({
      policy: policy({ schedules: { ...policy().schedules, 'rehearse-moment': { cron, timezone: 'UTC' } } }),
    });

  const scheduling = (job: string) =>
    target({ policy: policy({ schedules: { [job]: { cron: '0 2 * * SUN', timezone: 'UTC' } } }) });

  test('is overdue once the last one that passed is older than the policy and its grace allow', () => {
    const known = status({ lastPassedRehearsal: passed });
    expect(check(8 * DAY + HOUR / 2, known)).toEqual([]);
    expect(check(8 * DAY + HOUR / 2 + 1, known)).toMatchObject([
      {
        code: 'rehearsal-overdue',
        subject: 'rehearse',
        message: 'the last rehearsal of crm that passed was 8 d ago; the policy allows 8 d',
        next: saying('./understudy run rehearse crm'),
      },
    ]);
  });

  test('of one sort does not stand in for one of another sort', () => {
    const both = alsoOfMoments('0 3 * * SUN');
    const recent = '2026-11-29T03:00:00Z';
    const known = status({ lastPassed: { rehearse: SNAPSHOT, 'rehearse-moment': recent } });
    expect(check(9 * DAY, known, both)).toMatchObject([{ subject: 'rehearse' }]);
    expect(check(9 * DAY, status({ lastPassed: { rehearse: recent } }), both)).toMatchObject([
      {
        subject: 'rehearse-moment',
        message: saying('crm has never passed a rehearsal of a moment'),
        next: saying('./understudy run rehearse-moment crm'),
      },
    ]);
  });

  test('that is scheduled less often than the policy allows is overdue by its own interval', () => {
    const passedAfter = (days: number) =>
      status({ lastPassed: { rehearse: later(days * DAY).toISOString(), 'rehearse-moment': SNAPSHOT } });
    const monthly = alsoOfMoments('0 3 1 * *');
    expect(check(27 * DAY, passedAfter(20), monthly)).toEqual([]);
    expect(check(34 * DAY, passedAfter(30), monthly)).toMatchObject([{ subject: 'rehearse-moment' }]);
  });

  test('that failed does not count, however recent it is', () => {
    const failed = { ...passed, at: '2026-11-28T20:00:00Z', outcome: 'failed', simulation: false } as const;
    expect(check(9 * DAY, status({ lastPassedRehearsal: passed, lastRehearsal: failed }))).toHaveLength(1);
  });

  test('is owed from when the watch first saw the target', () => {
    expect(check(8 * DAY, FRESH)).toEqual([]);
    const message = saying('crm has never passed a rehearsal, 9 d after the watch first saw it');
    expect(check(9 * DAY, FRESH)).toMatchObject([{ message }]);
  });

  test.each(['rehearse', 'simulation', 'rehearse-snapshot', 'rehearse-moment'])(
    'is owed by a policy that schedules only %s',
    (job) => expect(check(9 * DAY, FRESH, scheduling(job))).toHaveLength(1),
  );

  test('is not owed by a policy that restores nothing', () => {
    expect(check(99 * DAY, FRESH, scheduling('snapshot'))).toEqual([]);
  });
});
