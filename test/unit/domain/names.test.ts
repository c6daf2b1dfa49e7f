import {
  type PointKind,
  parsePointId,
  parseRunName,
  placedId,
  pointId,
  runName,
  SCRATCH_PREFIX,
  scratchName,
  snapshotName,
  snapshotPointId,
  stageProblem,
  TARGET_ID,
  vaultKeys,
} from '../../../lib/domain/names.ts';
import { randomFrom } from './points/random.ts';

const RUN = { job: 'dump', target: 'crm-prod', scheduledFor: '2026-11-20T01:00:00Z' };

test('a run is named after its job, its target and the moment it was scheduled for', () => {
  expect(runName(RUN)).toBe('dump/crm-prod/2026-11-20T01:00:00Z');
});

test('a run is known again by its name, and what is none is not', () => {
  for (const run of [
    RUN,
    { ...RUN, job: 'copy', scheduledFor: '20261120T010000Z-snapshot@eu-west-1/444455556666' },
  ])
    expect(parseRunName(runName(run))).toEqual(run);
  for (const text of ['', 'dump', 'dump/crm-prod', '/crm-prod/2026', 'dump//2026'])
    expect(parseRunName(text)).toBeUndefined();
});

test('a dump is named after its scheduled moment and its attempt, and says its moment again', () => {
  expect(pointId('2026-11-20T01:00:00Z', 1)).toBe('20261120T010000Z-1');
  expect(pointId('2026-11-20T02:00:00+01:00', 12)).toBe('20261120T010000Z-12');
  const { below } = randomFrom(7);
  for (let n = 0; n < 500; n++) {
    const scheduledFor = new Date(below(4_000_000_000) * 1000).toISOString().replace('.000', '');
    const id = pointId(scheduledFor, 1 + below(20));
    expect(parsePointId(id)).toEqual({ scheduledFor, kind: 'dump', place: 'vault' });
    expect(parsePointId(placedId(id, 'replica'))).toEqual({ scheduledFor, kind: 'dump', place: 'replica' });
  }
});

const PLACES = ['eu-central-1', 'us-gov-west-1', 'ap-southeast-2', 'eu-west-1/123456789012'];
const KINDS = ['snapshot', 'automated', 'foreign'] as const satisfies PointKind[];

test.each(KINDS.flatMap((kind) => PLACES.map((place) => [kind, place] as const)))(
  'a point of kind %s in %s says in its id what it is and where',
  (kind, place) => {
    const id = snapshotPointId('2026-11-20T02:00:00+01:00', kind, place);
    expect(id).toBe(`20261120T010000Z-${kind}@${place}`);
    expect(parsePointId(id)).toEqual({ scheduledFor: '2026-11-20T01:00:00Z', kind, place });
  },
);

test.each([
  '',
  '20261120T010000Z',
  '20261120T010000-1',
  ' 20261120T010000Z-1',
  '2026-11-20T01:00:00Z',
  '20261120T010000Z-x',
  '20261120T010000Z-1\n',
  '20261120T010000Z-1@vault',
  '20261120T010000Z-1@eu-west-1',
  '20261120T010000Z-1@replica2',
  '20261120T010000Z-snapshot',
  '20261120T010000Z-snapshot@',
  '20261120T010000Z-dump@eu-west-1',
  '20261120T010000Z-snapshot@EU-WEST-1',
  '20261120T010000Z-snapshot@eu-west-1/12345678901',
  '20261120T010000Z-snapshot@eu-west-1/1234567890123',
  '20261120T010000Z-snapshot@eu-west-1/123456789012/x',
  '20261120T010000Z-snapshot@eu-west-1#1',
  '20261120T010000Z-1-snapshot@eu-west-1',
])('%j is no point and has no name', (id) => expect(parsePointId(id)).toBeUndefined());

test.each(['20261399T010000Z-1', '20261120T996000Z-1', '20261399T010000Z-snapshot@eu-west-1'])(
  '"%s" only looks like a point, and has no name',
  (id) => {
    expect(parsePointId(id)).toBeUndefined();
  },
);

test('points sort as text in the order of their moments', () => {
  const moments = [
    '2025-12-31T23:59:59Z',
    '2026-01-01T00:00:00Z',
    '2026-09-30T01:00:00Z',
    '2026-10-01T01:00:00Z',
  ];
  const ids = moments.map((moment) => pointId(moment, 1));
  expect([...ids].sort()).toEqual(ids);
});

test('an attempt’s objects lie under its target and day', () => {
  expect(vaultKeys('crm-prod', '2026-11-20T01:00:00Z', 2)).toEqual({
    dump: 'crm-prod/2026/11/20/20261120T010000Z-2.dump',
    roles: 'crm-prod/2026/11/20/20261120T010000Z-2.roles.sql',
    manifest: 'crm-prod/2026/11/20/20261120T010000Z-2.manifest.json',
  });
});

test('no two attempts, moments or targets share a key', () => {
  const keys = ['crm', 'crm-1'].flatMap((target) =>
    ['2026-11-20T01:00:00Z', '2026-11-20T01:00:01Z', '2026-11-21T01:00:00Z'].flatMap((moment) =>
      [1, 2, 11].flatMap((attempt) => Object.values(vaultKeys(target, moment, attempt))),
    ),
  );
  expect(new Set(keys).size).toBe(2 * 3 * 3 * 3);
});

test.each([
  ['crm', true],
  ['crm-prod-2', true],
  ['c'.repeat(63), true],
  ['c'.repeat(64), false],
  ['', false],
  ['2crm', false],
  ['-crm', false],
  ['CRM', false],
  ['crm_prod', false],
  ['crm/prod', false],
  ['crm\n', false],
])('is %j a target’s id? %s', (id, is) => {
  expect(TARGET_ID.test(id)).toBe(is);
});

/** Letters, digits and single hyphens, a letter first and no hyphen last: what RDS takes, and in this case gives back. */
const RDS_NAME = /^[a-z](?:-?[a-z0-9])*$/;
/** Ids that RDS would write alike if nobody told them apart. */
const ALIKE = ['crm', 'crm-', 'crm--', 'crm-prod', 'crm--prod', 'crm---prod', 'crm--prod-', 'crm-prod-'];
const LONGEST = ['c'.repeat(63), `c${'-'.repeat(62)}`, `c${'-x'.repeat(31)}`, `${'c'.repeat(62)}-`];

test('a snapshot is named after its stage, its target and its moment', () => {
  expect(snapshotName('prod', 'crm', '2026-11-20T02:00:00+01:00')).toBe(
    'understudy-prod-crm-20261120t010000z',
  );
});

test.each([...ALIKE, ...LONGEST])('the snapshots of target %s have a name that RDS takes', (target) => {
  expect(target).toMatch(TARGET_ID);
  const name = snapshotName('prod', target, '2026-11-20T01:00:00Z');
  expect(name).toMatch(RDS_NAME);
  expect(name.length).toBeLessThanOrEqual(255);
});

test('no two targets and no two moments share a snapshot’s name', () => {
  const names = [...ALIKE, ...LONGEST].flatMap((target) =>
    ['2026-11-20T01:00:00Z', '2026-11-20T01:00:01Z'].map((moment) => snapshotName('prod', target, moment)),
  );
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
});

test.each(['prod', 'p', 'pr123', 'production', 'a234567890123456'])('%s can be a stage', (stage) => {
  expect(stageProblem(stage)).toBeUndefined();
});

test.each([
  ['is not told apart by RDS', 'Prod'],
  ['has the names of another one and its target’s', 'dev-alice'],
  ['has the name of what is thrown away', 'scratch'],
  ['leaves no room', 'a2345678901234567'],
  ['begins with no letter', '1dev'],
  ['is no name', ''],
  ['is no name', 'dev_a'],
  ['is no name', 'dev\n'],
])('one that %s cannot: %j', (_why, stage) => {
  expect(stageProblem(stage)).toContain('cannot be a stage');
});

test.each([...ALIKE, ...LONGEST])(
  'the scratch instances of target %s have a name that RDS takes',
  (target) => {
    const name = scratchName('prod', target, { ...RUN, job: 'rehearse-snapshot', target });
    expect(name).toMatch(RDS_NAME);
    expect(name.startsWith(SCRATCH_PREFIX)).toBe(true);
    expect(name).toMatch(/^understudy-scratch-c/);
    expect(name.length).toBeLessThanOrEqual(60);
  },
);

test('a scratch instance is named after its run: the same on every replay, and no two runs’ alike', () => {
  const runs = [...ALIKE, ...LONGEST].flatMap((target) =>
    ['rehearse-snapshot', 'rehearse-moment'].flatMap((job) =>
      ['2026-11-20T01:00:00Z', '2026-11-20T01:00:01Z'].map((scheduledFor) => ({ job, target, scheduledFor })),
    ),
  );
  const names = runs.map((run) => scratchName('prod', run.target, run));
  expect(new Set(names).size).toBe(runs.length);
  expect(runs.map((run) => scratchName('prod', run.target, { ...run }))).toEqual(names);
  const elsewhere = runs.map((run) => scratchName('dev', run.target, run));
  expect(new Set([...names, ...elsewhere]).size).toBe(2 * runs.length);
});
