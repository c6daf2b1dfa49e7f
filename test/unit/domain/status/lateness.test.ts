import type { Policy } from '../../../../lib/domain/plan/policy.ts';
import { checkCopies, checkRehearsal, checkRpo, LOOK_EVERY } from '../../../../lib/domain/status/lateness.ts';
import { plusSeconds } from '../../../../lib/domain/time.ts';
import { DAY, HOUR, policy, status, target } from '../../../support/builders.ts';

/** The builders' target promises an RPO of 26 h and a rehearsal every 8 days, with half an hour of grace. */
const SNAPSHOT = '2026-11-20T01:00:00Z';
const verified = status({
  newestVerified: {
    id: '20261120T010000Z-1',
    snapshotAt: SNAPSHOT,
    availableAt: SNAPSHOT,
    state: 'verified',
  },
});
const later = (seconds: number) => plusSeconds(SNAPSHOT, seconds);

describe('the RPO', () => {
  test('is kept while the next look still comes in time', () => {
    expect(checkRpo(target(), verified, later(26 * HOUR - LOOK_EVERY))).toEqual([]);
  });

  test('will be breached before the next look: said now', () => {
    expect(checkRpo(target(), verified, later(26 * HOUR - LOOK_EVERY + 1))).toMatchObject([
      {
        code: 'rpo-breached',
        severity: 'P0',
        subject: 'dump',
        message: expect.stringContaining(
          'the newest verified point 20261120T010000Z-1 of crm is 25 h 55 min old',
        ),
        objectives: 'RPO 26 h will be breached in 5 min',
      },
    ]);
    expect(checkRpo(target(), verified, later(26 * HOUR))).toMatchObject([
      { objectives: expect.stringContaining('will be') },
    ]);
  });

  test('is breached a second later, and by how much is said', () => {
    expect(checkRpo(target(), verified, later(26 * HOUR + 1))).toMatchObject([
      { objectives: 'RPO 26 h is breached by 1 s' },
    ]);
    expect(checkRpo(target(), verified, later(28 * HOUR))).toMatchObject([
      { objectives: 'RPO 26 h is breached by 2 h' },
    ]);
  });

  test('counts from the snapshot, not from the end of the upload or the verification', () => {
    const slow = status({
      newestVerified: { ...verified.newestVerified!, availableAt: '2026-11-20T20:00:00Z' },
    });
    expect(checkRpo(target(), slow, later(27 * HOUR))).toHaveLength(1);
  });

  test('of a target without a verified point counts from when it was first seen', () => {
    const fresh = status({ firstSeenAt: SNAPSHOT });
    expect(checkRpo(target(), fresh, later(25 * HOUR))).toEqual([]);
    expect(checkRpo(target(), fresh, later(27 * HOUR))).toMatchObject([
      { message: expect.stringContaining('crm has no verified point, 27 h after the watch first saw it') },
    ]);
  });

  test('is not kept by a point that nobody has verified', () => {
    const newer = status({
      ...verified,
      newestPoint: { ...verified.newestVerified!, snapshotAt: '2026-11-21T01:00:00Z', state: 'available' },
    });
    expect(checkRpo(target(), newer, later(27 * HOUR))).toHaveLength(1);
  });

  test('is as urgent as the target is important', () => {
    expect(checkRpo(target({ priority: 'P2' }), verified, later(27 * HOUR))).toMatchObject([
      { severity: 'P2' },
    ]);
  });
});

describe('the RPO of each means', () => {
  const promising = (rpo: Policy['objectives']['rpo']) =>
    target({ policy: policy({ objectives: { rpo, rto: HOUR } }) });
  const newest = { id: '20261120T010000Z-snapshot@eu-central-1', snapshotAt: SNAPSHOT };
  const summary = { ...newest, availableAt: SNAPSHOT, state: 'verified' };
  const snapped = status({ firstSeenAt: SNAPSHOT, snapshots: { newestVerified: summary } });
  const PLATFORM = { readAt: SNAPSHOT, status: 'available', retention: 7 * DAY };
  const windable = status({ firstSeenAt: SNAPSHOT, platform: { ...PLATFORM, latest: SNAPSHOT } });

  test('is not asked about what nothing is promised of', () => {
    expect(checkRpo(promising({}), status(), later(999 * DAY))).toEqual([]);
    const [only, ...others] = checkRpo(promising({ snapshot: 6 * HOUR }), status(), later(999 * DAY));
    expect(only).toMatchObject({ subject: 'snapshot' });
    expect(others).toEqual([]);
  });

  test('is kept by a snapshot until the next look would come too late', () => {
    expect(checkRpo(promising({ snapshot: 6 * HOUR }), snapped, later(6 * HOUR - LOOK_EVERY))).toEqual([]);
    expect(
      checkRpo(promising({ snapshot: 6 * HOUR }), snapped, later(6 * HOUR - LOOK_EVERY + 1)),
    ).toMatchObject([
      {
        code: 'rpo-breached',
        subject: 'snapshot',
        message: expect.stringContaining(`the newest verified point ${newest.id} of crm is 5 h 55 min old`),
        objectives: 'RPO 6 h will be breached in 5 min',
        next: expect.stringContaining('./understudy run snapshot crm'),
      },
    ]);
  });

  test('of snapshots is not kept by a dump, nor by a snapshot that nobody has verified', () => {
    const dumped = status({ ...verified, firstSeenAt: SNAPSHOT, snapshots: { newestPoint: summary } });
    expect(checkRpo(promising({ snapshot: 6 * HOUR }), dumped, later(7 * HOUR))).toMatchObject([
      { message: expect.stringContaining('crm has no verified snapshot, 7 h after the watch first saw it') },
    ]);
  });

  test('of dumps is not kept by a snapshot', () => {
    expect(checkRpo(promising({ dump: 6 * HOUR }), snapped, later(7 * HOUR))).toMatchObject([
      { subject: 'dump', next: expect.stringContaining('./understudy run dump crm') },
    ]);
  });

  test('is kept by winding back until the very moment: it trails anyway, and every look moves it', () => {
    expect(checkRpo(promising({ pitr: 900 }), windable, later(900))).toEqual([]);
    expect(checkRpo(promising({ pitr: 900 }), windable, later(901))).toMatchObject([
      {
        subject: 'pitr',
        message: expect.stringContaining('the newest moment of crm that can be restored is 15 min old'),
        objectives: 'RPO 15 min is breached by 1 s',
      },
    ]);
  });

  test('is not kept by a source that cannot be wound back at all', () => {
    const off = status({ firstSeenAt: SNAPSHOT, platform: { ...PLATFORM, retention: 0 } });
    expect(checkRpo(promising({ pitr: 900 }), off, later(HOUR))).toMatchObject([
      {
        message: expect.stringContaining('crm has no moment that RDS can restore to, 60 min after the watch'),
      },
    ]);
  });

  test('is judged for each means at once', () => {
    const all = checkRpo(promising({ dump: HOUR, snapshot: HOUR, pitr: 900 }), snapped, later(9 * HOUR));
    expect(all.map(({ subject }) => subject)).toEqual(['dump', 'snapshot', 'pitr']);
  });
});

describe('copies', () => {
  const ABROAD = { region: 'eu-west-1' };
  const VAULTED = { region: 'eu-west-1', account: '444455556666', role: 'arn:aws:iam::444455556666:role/r' };
  /** Snapshots every 6 hours, that may take 2 hours to copy; dumps within 26 hours, with half an hour of grace. */
  const copying = (changes: Partial<Policy> = {}) =>
    target({
      platform: { kind: 'rds', id: 'crm-db' },
      policy: policy({
        objectives: { rpo: { dump: 26 * HOUR, snapshot: 6 * HOUR }, rto: HOUR },
        snapshot: { encryption: 'required', labelled: 0, deadline: 2 * HOUR, copies: [ABROAD, VAULTED] },
        ...changes,
      }),
    });
  const copied = (place: string, snapshotAt = SNAPSHOT) => ({
    [place]: { id: `20261120T010000Z-${place}`, snapshotAt, availableAt: snapshotAt, state: 'verified' },
  });
  const both = { ...copied('snapshot@eu-west-1'), ...copied('snapshot@eu-west-1/444455556666') };
  const now = (seconds: number) => later(seconds);

  test('may be as old as the RPO and the time that a copy may take, and no older', () => {
    const known = status({ copies: both });
    expect(checkCopies(copying(), known, now(8 * HOUR))).toEqual([]);
    expect(checkCopies(copying(), known, now(8 * HOUR + 1))).toMatchObject([
      {
        code: 'copy-late',
        severity: 'P1',
        subject: 'snapshot@eu-west-1',
        message:
          'snapshot@eu-west-1: the newest verified copy 20261120T010000Z-snapshot@eu-west-1 of crm is 8 h old; the limit is 8 h',
      },
      { subject: 'snapshot@eu-west-1/444455556666' },
    ]);
  });

  test('of one place say nothing of another', () => {
    const known = status({
      firstSeenAt: SNAPSHOT,
      copies: copied('snapshot@eu-west-1', '2026-11-20T09:00:00Z'),
    });
    expect(checkCopies(copying(), known, now(9 * HOUR))).toMatchObject([
      {
        subject: 'snapshot@eu-west-1/444455556666',
        message: expect.stringContaining('crm has no verified copy there, 9 h after the first was due'),
      },
    ]);
  });

  test('are owed from when the target was first seen', () => {
    const fresh = status({ firstSeenAt: SNAPSHOT });
    expect(checkCopies(copying(), fresh, now(8 * HOUR))).toEqual([]);
    expect(checkCopies(copying(), fresh, now(8 * HOUR + 1))).toHaveLength(2);
  });

  test('are owed from when their place was first named', () => {
    const since = '2026-11-20T09:00:00Z';
    const owed = { 'copy to snapshot@eu-west-1': { cron: '0 1 * * *', timezone: 'UTC', since } } as const;
    const old = status({
      firstSeenAt: '2025-01-01T00:00:00Z',
      owed,
      copies: copied('snapshot@eu-west-1/444455556666', since),
    });
    expect(checkCopies(copying(), old, plusSeconds(since, 8 * HOUR))).toEqual([]);
    expect(checkCopies(copying(), old, plusSeconds(since, 8 * HOUR + 1))).toHaveLength(2);
  });

  test('are late without a promise for snapshots too, by their schedule; and never where nothing is taken', () => {
    const objectives = { rpo: { dump: 26 * HOUR }, rto: HOUR };
    const daily = copying({ objectives, schedules: { snapshot: { cron: '0 1 * * *', timezone: 'UTC' } } });
    const allowed = DAY + HOUR / 2 + 2 * HOUR;
    expect(checkCopies(daily, status({ firstSeenAt: SNAPSHOT }), now(allowed))).toEqual([]);
    expect(checkCopies(daily, status({ firstSeenAt: SNAPSHOT }), now(allowed + 1))).toHaveLength(2);
    expect(
      checkCopies(copying({ objectives, schedules: {} }), status({ firstSeenAt: SNAPSHOT }), now(9 * DAY)),
    ).toEqual([]);
  });

  test('of dumps are expected in the replica where there is one', () => {
    const vault: Policy['vault'] = { lock: 'none', lockFor: 0, replica: true };
    const snapshot = { ...policy().snapshot, copies: [] };
    const replicated = status({ copies: copied('dump@replica') });
    const judged = (seconds: number, known = replicated, of = copying({ vault, snapshot })) =>
      checkCopies(of, known, now(seconds));
    expect(judged(26.5 * HOUR)).toEqual([]);
    expect(judged(26.5 * HOUR + 1)).toMatchObject([
      { subject: 'dump@replica', message: expect.stringContaining('the limit is 26 h 30 min') },
    ]);
    expect(judged(27 * HOUR, replicated, copying({ snapshot }))).toEqual([]);
  });

  test('are not asked for of a target without a platform, nor where no RPO is promised', () => {
    const fresh = status({ firstSeenAt: SNAPSHOT });
    const { platform: _platform, ...bare } = copying();
    expect(checkCopies(bare, fresh, now(99 * DAY))).toEqual([]);
    const unpromised = copying({ objectives: { rpo: { pitr: 900 }, rto: HOUR } });
    expect(checkCopies(unpromised, fresh, now(99 * DAY))).toEqual([]);
  });
});

describe('rehearsals', () => {
  const passed = status({
    lastPassedRehearsal: { at: SNAPSHOT, point: '20261120T010000Z-1', strength: 'exact' },
  });

  test('are overdue once one is older than the policy and its grace allow', () => {
    expect(checkRehearsal(target(), passed, later(8 * DAY + HOUR / 2))).toEqual([]);
    expect(checkRehearsal(target(), passed, later(8 * DAY + HOUR / 2 + 1))).toMatchObject([
      {
        code: 'rehearsal-overdue',
        subject: 'rehearse',
        message: 'the last rehearsal of crm that passed was 8 d ago; the policy allows 8 d',
        next: expect.stringContaining('./understudy run rehearse crm'),
      },
    ]);
  });

  test('of one sort do not stand in for another', () => {
    const { schedules } = target().policy;
    const weekly = { cron: '0 3 * * SUN', timezone: 'UTC' };
    const both = target({
      policy: { ...target().policy, schedules: { ...schedules, 'rehearse-moment': weekly } },
    });
    const known = status({ lastPassed: { rehearse: SNAPSHOT, 'rehearse-moment': '2026-11-29T03:00:00Z' } });
    expect(checkRehearsal(both, known, later(9 * DAY))).toMatchObject([{ subject: 'rehearse' }]);
    const other = status({ lastPassed: { rehearse: '2026-11-29T02:00:00Z' } });
    expect(checkRehearsal(both, other, later(9 * DAY))).toMatchObject([
      {
        subject: 'rehearse-moment',
        message: expect.stringContaining('crm has never passed a rehearsal of a moment'),
        next: expect.stringContaining('./understudy run rehearse-moment crm'),
      },
    ]);
  });

  test('that are scheduled less often than the policy allows have their own interval', () => {
    const monthly = { cron: '0 3 1 * *', timezone: 'UTC' };
    const { schedules } = target().policy;
    const both = target({
      policy: { ...target().policy, schedules: { ...schedules, 'rehearse-moment': monthly } },
    });
    const known = status({
      lastPassed: { rehearse: later(20 * DAY).toISOString(), 'rehearse-moment': SNAPSHOT },
    });
    expect(checkRehearsal(both, known, later(27 * DAY))).toEqual([]);
    const late = status({
      lastPassed: { rehearse: later(30 * DAY).toISOString(), 'rehearse-moment': SNAPSHOT },
    });
    expect(checkRehearsal(both, late, later(34 * DAY))).toMatchObject([{ subject: 'rehearse-moment' }]);
  });

  test('that failed do not count, however recent', () => {
    const failing = status({
      ...passed,
      lastRehearsal: {
        at: '2026-11-28T20:00:00Z',
        point: 'p',
        outcome: 'failed',
        strength: 'none',
        simulation: false,
      },
    });
    expect(checkRehearsal(target(), failing, later(9 * DAY))).toHaveLength(1);
  });

  test('are owed from when the target was first seen', () => {
    const fresh = status({ firstSeenAt: SNAPSHOT });
    expect(checkRehearsal(target(), fresh, later(8 * DAY))).toEqual([]);
    expect(checkRehearsal(target(), fresh, later(9 * DAY))).toMatchObject([
      {
        message: expect.stringContaining(
          'crm has never passed a rehearsal, 9 d after the watch first saw it',
        ),
      },
    ]);
  });

  test('are owed by whatever restores, and not by a policy that restores nothing', () => {
    const fresh = status({ firstSeenAt: SNAPSHOT });
    const scheduled = (job: string) =>
      target({ policy: policy({ schedules: { [job]: { cron: '0 2 * * SUN', timezone: 'UTC' } } }) });
    for (const job of ['rehearse', 'simulation', 'rehearse-snapshot', 'rehearse-moment'])
      expect([job, checkRehearsal(scheduled(job), fresh, later(9 * DAY)).length]).toEqual([job, 1]);
    expect(checkRehearsal(scheduled('snapshot'), fresh, later(99 * DAY))).toEqual([]);
  });
});
