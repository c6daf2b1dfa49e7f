import { checkRehearsal, checkRpo, LOOK_EVERY } from '../../../lib/checks/lateness.ts';
import { plusSeconds } from '../../../lib/domain/time.ts';
import { DAY, HOUR, status, target } from '../../support/builders.ts';

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
      { message: expect.stringContaining('crm has no verified point, 27 h after it was first seen') },
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
        next: expect.stringContaining('./understudy rehearse crm'),
      },
    ]);
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
      { message: expect.stringContaining('crm never passed a rehearsal, 9 d after it was first seen') },
    ]);
  });
});
