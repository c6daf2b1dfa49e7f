import { point, snapshotPoint, target } from '../../../support/builders.ts';
import {
  type Changes,
  DUMP,
  found,
  ON_RDS,
  PLATFORM,
  passed,
  planOf,
  SNAPSHOT,
  wayOf,
} from '../../../support/plans.ts';

const kinds = (changes: Changes) => planOf(changes).ways.map(({ kind }) => kind);

test('every way back is there, the one that loses least first', () => {
  const { ways, noWays } = planOf();
  expect(ways).toMatchObject([
    { kind: 'rows', point: DUMP.id, asOf: DUMP.snapshotAt, loses: { least: 0, most: 0 } },
    { kind: 'moment', asOf: '2026-11-20T13:54:59Z', loses: { least: 301, most: 301 } },
    { kind: 'snapshot', point: SNAPSHOT.id, loses: { least: 7200, most: 8100 } },
    { kind: 'dump', point: DUMP.id, loses: { least: 13 * 3600, most: 13 * 3600 } },
  ]);
  expect(noWays).toEqual([]);
});

test('a wanted moment is brought back exactly by RDS, and by the newest points before it', () => {
  const older = point('2026-11-19T01:00:00Z');
  const { ways, noWays } = planOf({ at: '2026-11-19T12:00:00Z', points: [DUMP, older, SNAPSHOT] });
  expect(ways).toMatchObject([
    { kind: 'rows', point: older.id },
    { kind: 'moment', asOf: '2026-11-19T12:00:00Z', loses: { least: 26 * 3600, most: 26 * 3600 } },
    { kind: 'dump', point: older.id },
  ]);
  expect(noWays).toEqual([{ kind: 'snapshot', why: 'no good snapshot from before 2026-11-19 12:00 UTC' }]);
});

test.each<[string, Changes, string]>([
  [
    'before what AWS keeps',
    { at: '2026-11-01T00:00:00Z' },
    '2026-11-01 00:00 UTC is before the earliest moment that AWS keeps, 2026-11-13 14:00 UTC',
  ],
  [
    'of a source without backups',
    { platform: { ...PLATFORM, latest: undefined } as never },
    'AWS reports no backups to restore a moment from',
  ],
  [
    'of a source that AWS was never asked about',
    { status: undefined },
    'AWS reports no backups to restore a moment from',
  ],
  [
    'of a source that is gone',
    { platform: { ...PLATFORM, status: 'missing' } },
    'the source no longer exists; its automated backups may: docs/emergency.md',
  ],
])('there is no way to a moment %s, and the plan says why', (_what, changes, why) => {
  const plan = planOf(changes);
  expect(plan.ways.map(({ kind }) => kind)).not.toContain('moment');
  expect(plan.noWays).toContainEqual({ kind: 'moment', why });
});

test.each<[string, Changes, string[]]>([
  ['a database that only dumps protect', { target: target(), status: undefined }, ['rows', 'dump']],
  [
    'a database without a connection',
    { target: { ...ON_RDS, connection: undefined } as never },
    ['moment', 'snapshot'],
  ],
  ['MySQL', { target: { ...ON_RDS, engine: 'mysql' } }, ['moment', 'snapshot']],
  [
    'a cache',
    {
      target: target({
        engine: 'cache',
        connection: undefined as never,
        platform: { kind: 'elasticache', id: 'c' },
      }),
    },
    [],
  ],
])('the ways of %s are those that it has', (_what, changes, expected) => {
  expect(kinds(changes)).toEqual(expected);
});

test.each([
  ['corrupt', { state: 'corrupt' as const }],
  ['not verified', { state: 'available' as const }],
  ['expired', { state: 'expired' as const }],
  [
    'found bad by its rehearsal',
    {
      rehearsal: {
        outcome: 'failed' as const,
        at: '2026-11-20T02:00:00Z',
        strength: 'none' as const,
        run: 'rehearse/crm/x',
        code: 'proof-mismatch' as const,
      },
    },
  ],
])('a point that is %s is no way back', (_what, changes) => {
  const { ways, noWays, recommended } = planOf({
    target: target(),
    status: undefined,
    points: [{ ...DUMP, ...changes }],
  });
  expect([ways, noWays, recommended]).toEqual([[], [{ kind: 'dump', why: 'no good dump' }], undefined]);
});

test('each place has its own newest point', () => {
  const abroad = snapshotPoint('2026-11-20T06:00:00Z', { place: 'eu-west-1' });
  const { ways } = planOf({ points: [SNAPSHOT, snapshotPoint('2026-11-20T00:00:00Z'), abroad] });
  expect(ways.filter(({ kind }) => kind === 'snapshot').map(({ point, place }) => [point, place])).toEqual([
    [SNAPSHOT.id, 'eu-central-1'],
    [abroad.id, 'eu-west-1'],
  ]);
});

describe('the time of a way', () => {
  it('is that of the passed rehearsals of its sort', () => {
    const { ways } = planOf({
      evidence: [
        passed('moment', '2026-11-18T00:00:00Z', 2500),
        passed('moment', '2026-11-11T00:00:00Z', 3100),
        passed('moment', '2026-11-04T00:00:00Z', 2700),
        passed('dump', '2026-11-17T00:00:00Z', 60),
        passed('moment', '2026-11-01T00:00:00Z', 9, { outcome: 'failed' }),
      ],
    });
    const took = Object.fromEntries(ways.map(({ kind, takes }) => [kind, takes]));
    expect(took).toEqual({
      rows: { least: 60, middle: 60, most: 60, measurements: 1, phases: [] },
      moment: { least: 2500, middle: 2700, most: 3100, measurements: 3, phases: [] },
      snapshot: undefined,
      dump: { least: 60, middle: 60, most: 60, measurements: 1, phases: [] },
    });
  });

  it('grows with the size of a dump, and does not shrink with it', () => {
    const rehearsed = point('2026-11-01T01:00:00Z', { sourceBytes: 1e9 });
    const evidenceOf = [passed('dump', '2026-11-02T00:00:00Z', 100, { point: rehearsed.id })];
    const takes = (sourceBytes: number) =>
      planOf({ points: [{ ...DUMP, sourceBytes }, rehearsed], evidence: evidenceOf }).ways.find(
        ({ kind }) => kind === 'dump',
      )!.takes!.middle;
    expect([takes(3e9), takes(5e8)]).toEqual([300, 100]);
  });
});

describe('the phases of a way', () => {
  const phases = [
    { name: 'server', seconds: 10 },
    { name: 'fetch', seconds: 20 },
    { name: 'restore', seconds: 70 },
    { name: 'proof', seconds: 30 },
  ];

  it('grow with the size of a dump where they move its data, and not where they start a server', () => {
    const rehearsed = point('2026-11-01T01:00:00Z', { sourceBytes: 1e9 });
    const { takes } = wayOf('dump', {
      points: [{ ...DUMP, sourceBytes: 3e9 }, rehearsed],
      evidence: [passed('dump', '2026-11-02T00:00:00Z', 100, { point: rehearsed.id, phases })],
    });
    expect(takes).toMatchObject({ middle: 10 + 3 * 90, measurements: 1 });
    expect(takes!.phases).toMatchObject([
      { name: 'server', middle: 10, scaled: false, waitedFor: true },
      { name: 'fetch', middle: 60, scaled: true, waitedFor: true },
      { name: 'restore', middle: 210, scaled: true, waitedFor: true },
      { name: 'proof', middle: 90, scaled: true, waitedFor: false },
    ]);
  });

  it('have the range of all rehearsals, and do not grow where no size is known', () => {
    const evidence = [
      passed('moment', '2026-11-02T00:00:00Z', 50, { phases: [{ name: 'restore', seconds: 50 }] }),
      passed('moment', '2026-11-01T00:00:00Z', 70, { phases: [{ name: 'restore', seconds: 70 }] }),
    ];
    expect(wayOf('moment', { evidence }).takes!.phases).toEqual([
      { name: 'restore', least: 50, middle: 70, most: 70, scaled: false, waitedFor: true },
    ]);
  });
});

describe('the plan of one point', () => {
  it('has that point alone', () => {
    const older = point('2026-11-19T01:00:00Z');
    const { ways, noWays } = planOf({ points: [DUMP, older, SNAPSHOT], point: older.id });
    expect([ways.map(({ kind, point }) => [kind, point]), noWays]).toEqual([
      [
        ['rows', older.id],
        ['dump', older.id],
      ],
      [],
    ]);
    expect(planOf({ point: SNAPSHOT.id }).ways).toMatchObject([
      { kind: 'snapshot', point: SNAPSHOT.id, confirm: expect.any(String) },
    ]);
  });

  it('says that it is not known to be good, and cannot be confirmed', () => {
    const unverified = { ...SNAPSHOT, state: 'available' as const };
    const { ways, recommended } = planOf({ points: [unverified], point: SNAPSHOT.id });
    expect([ways[0]!.notGood, ways[0]!.confirm]).toEqual(['it was never verified', undefined]);
    expect(recommended!.reason).toContain('it is not known to be good: it was never verified');
  });
});

test('the plan says when the last preflight was', () => {
  const known = { lastSuccess: { preflight: { endedAt: '2026-11-20T06:01:00Z' } } };
  expect(planOf({ known: known as never }).preflightAt).toBe('2026-11-20T06:01:00Z');
  expect(planOf().preflightAt).toBeUndefined();
});

describe('the recommendation', () => {
  const both = [
    passed('moment', '2026-11-18T00:00:00Z', 2500),
    passed('dump', '2026-11-17T00:00:00Z', 60, { point: DUMP.id }),
  ];
  const recommended = (changes: Changes) => {
    const { ways, recommended } = planOf(changes);
    return [ways[recommended!.way]!.kind, recommended!.reason];
  };

  it('is the way that loses least of those that passed', () => {
    expect(recommended({ evidence: both })).toEqual([
      'moment',
      'it loses least (5 min), and took about 42 min (1 rehearsal)',
    ]);
  });

  it('is never one that was not measured, where another was', () => {
    expect(recommended({ evidence: [both[1]!] })).toEqual([
      'dump',
      'of the ways that passed their last rehearsal it loses least (13 h), and took about 60 s (1 rehearsal); moment and snapshot would lose less, and have not passed',
    ]);
  });

  it('is never one whose last rehearsal failed', () => {
    const failed = passed('moment', '2026-11-19T00:00:00Z', 1, {
      outcome: 'failed',
      findings: [{ code: 'restore-failed' } as never],
    });
    const plan = planOf({ evidence: [failed, ...both] });
    expect(plan.ways[plan.recommended!.way]!.kind).toBe('dump');
    expect(plan.ways.find(({ kind }) => kind === 'moment')).toMatchObject({
      tested: { at: '2026-11-18T00:00:00Z' },
      lastFailed: { at: '2026-11-19T00:00:00Z', codes: ['restore-failed'] },
    });
  });

  it('does not hold against a way that its last rehearsal could not be tried', () => {
    const unjudged = passed('moment', '2026-11-19T00:00:00Z', 1, {
      outcome: 'failed',
      error: { kind: 'unjudged', code: 'scratch-died', message: '' },
    });
    expect(recommended({ evidence: [unjudged, ...both] })[0]).toBe('moment');
  });

  it('says so where nothing has passed', () => {
    expect(recommended({})).toEqual([
      'moment',
      'it loses least (5 min); no way back has passed a rehearsal, so none has a known time',
    ]);
  });
});

test('a plan says whether this very point or another one was tested', () => {
  const tested = (of: string) =>
    planOf({ evidence: [passed('dump', '2026-11-17T00:00:00Z', 60, { point: of })] }).ways.find(
      ({ kind }) => kind === 'dump',
    )!.tested;
  expect([tested(DUMP.id), tested('20261110T010000Z-1')]).toMatchObject([
    { thisPoint: true },
    { thisPoint: false },
  ]);
});

test('another plan has another digest, and the same one the same', () => {
  const { digest } = planOf();
  expect(planOf().digest).toBe(digest);
  expect(planOf({ points: [SNAPSHOT] }).digest).not.toBe(digest);
  expect(planOf({ now: new Date('2026-11-20T14:00:01Z') }).digest).not.toBe(digest);
});

describe('a dump beside the living database', () => {
  const OWN_SERVER = { target: { ...ON_RDS, platform: undefined } };
  const dumpOf = (changes: Changes) => planOf(changes).ways.find(({ kind }) => kind === 'dump')!;

  test('is a way of every target without an instance, and of one with it where somebody says so', () => {
    expect(dumpOf({})).not.toHaveProperty('beside');
    expect(dumpOf({ beside: true })).toMatchObject({ beside: true, point: DUMP.id });
    expect(dumpOf(OWN_SERVER)).toMatchObject({ beside: true, confirm: expect.any(String) });
    expect(planOf({ beside: true }).ways.filter(({ beside }) => beside)).toHaveLength(1);
  });

  test('has a code of its own', () => {
    expect(dumpOf({ beside: true }).confirm).toMatch(/^\d{8}T\d{6}Z-/);
    expect(dumpOf({ beside: true }).confirm).not.toBe(dumpOf({}).confirm);
  });

  test('cannot be confirmed in another place than the vault, or when it is not good', () => {
    const abroad = { ...DUMP, id: `${DUMP.id}@replica`, place: 'replica' as const };
    expect(dumpOf({ ...OWN_SERVER, points: [abroad] })).not.toHaveProperty('confirm');
    const bad = { ...DUMP, state: 'available' as const };
    expect(dumpOf({ ...OWN_SERVER, points: [bad], point: bad.id })).not.toHaveProperty('confirm');
  });

  test('is not stopped by what keeps an instance from being made, but by a secret that cannot be read', () => {
    const findings = [
      found('restore-quota', 'quotas', { message: 'no instance more' }),
      found('restore-denied', 'permissions', { message: 'rds:CreateDBInstance' }),
      found('restore-secret-unreadable', 'secret', { message: 'crm/application' }),
    ];
    expect(dumpOf({ findings }).concerns.map(({ code }) => code)).toHaveLength(3);
    expect(dumpOf({ findings, beside: true }).concerns.map(({ code }) => code)).toEqual([
      'restore-secret-unreadable',
    ]);
  });
});
