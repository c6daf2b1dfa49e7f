import {
  type PointKind,
  parsePointId,
  parseRunName,
  parseVaultKey,
  placedId,
  pointId,
  restoredDatabase,
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

const AT = '2026-11-20T01:00:00Z';
const NEXT_SECOND = '2026-11-20T01:00:01Z';
const RUN = { job: 'dump', target: 'crm-prod', scheduledFor: AT };

test('runName joins the job, the target and the scheduled moment', () => {
  expect(runName(RUN)).toBe('dump/crm-prod/2026-11-20T01:00:00Z');
});

test('parseRunName reads back what runName wrote, and refuses any other text', () => {
  const copy = { ...RUN, job: 'copy', scheduledFor: '20261120T010000Z-snapshot@eu-west-1/444455556666' };
  for (const run of [RUN, copy]) expect(parseRunName(runName(run))).toEqual(run);
  for (const text of ['', 'dump', 'dump/crm-prod', '/crm-prod/2026', 'dump//2026'])
    expect(parseRunName(text)).toBeUndefined();
});

test('a dump’s point id is its scheduled moment in UTC and its attempt, and parsePointId reads it back', () => {
  expect(pointId(AT, 1)).toBe('20261120T010000Z-1');
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
  'the point id of a snapshot of kind %s in %s names kind and place, and parsePointId reads it back',
  (kind, place) => {
    const id = snapshotPointId('2026-11-20T02:00:00+01:00', kind, place);
    expect(id).toBe(`20261120T010000Z-${kind}@${place}`);
    expect(parsePointId(id)).toEqual({ scheduledFor: AT, kind, place });
  },
);

test.each([
  '',
  '20261120T010000Z',
  '20261120T010000-1',
  ' 20261120T010000Z-1',
  AT,
  '20261120T010000Z-x',
  '20261120T010000Z-1\n',
  ...['vault', 'eu-west-1', 'replica2'].map((place) => `20261120T010000Z-1@${place}`),
  '20261120T010000Z-snapshot',
  '20261120T010000Z-dump@eu-west-1',
  ...['', 'EU-WEST-1', 'eu-west-1#1'].map((place) => `20261120T010000Z-snapshot@${place}`),
  ...['12345678901', '1234567890123', '123456789012/x'].map(
    (account) => `20261120T010000Z-snapshot@eu-west-1/${account}`,
  ),
  '20261120T010000Z-1-snapshot@eu-west-1',
  '20261399T010000Z-1',
  '20261120T996000Z-1',
  '20261399T010000Z-snapshot@eu-west-1',
])('parsePointId refuses %j, which is no point id', (id) => expect(parsePointId(id)).toBeUndefined());

test('point ids sort as text in the order of their moments', () => {
  const moments = ['2025-12-31T23:59:59Z', '2026-09-30T01:00:00Z', '2026-10-01T01:00:00Z'];
  const ids = moments.map((moment) => pointId(moment, 1));
  expect([...ids].sort()).toEqual(ids);
});

test('the vault keys of an attempt begin with its target and day', () => {
  expect(vaultKeys('crm-prod', AT, 2)).toEqual({
    dump: 'crm-prod/2026/11/20/20261120T010000Z-2.dump',
    roles: 'crm-prod/2026/11/20/20261120T010000Z-2.roles.sql',
    manifest: 'crm-prod/2026/11/20/20261120T010000Z-2.manifest.json',
  });
});

test('no two attempts, moments or targets share a vault key', () => {
  const keys = ['crm', 'crm-1'].flatMap((target) =>
    [AT, NEXT_SECOND, '2026-11-21T01:00:00Z'].flatMap((moment) =>
      [1, 2, 11].flatMap((attempt) => Object.values(vaultKeys(target, moment, attempt))),
    ),
  );
  expect(new Set(keys).size).toBe(2 * 3 * 3 * 3);
});

test.each(['crm', 'crm-prod-2', 'c'.repeat(63)])('%s can be the id of a target', (id) => {
  expect(id).toMatch(TARGET_ID);
});

test.each(['c'.repeat(64), '', '2crm', '-crm', 'CRM', 'crm_prod', 'crm/prod', 'crm\n'])(
  '%j cannot be the id of a target',
  (id) => expect(id).not.toMatch(TARGET_ID),
);

test.each(['prod', 'p', 'pr123', 'production', 'a234567890123456'])('%s can be a stage', (stage) => {
  expect(stageProblem(stage)).toBeUndefined();
});

test.each([
  ['RDS forgets upper case', 'Prod'],
  ['its names would begin like those of a stage dev', 'dev-alice'],
  ['scratch instances have that name', 'scratch'],
  ['it leaves too little room in a name', 'a2345678901234567'],
  ['a name begins with a letter', '1dev'],
  ['it is empty', ''],
  ['it has an underscore', 'dev_a'],
  ['it has a line break', 'dev\n'],
])('because %s, %j cannot be a stage', (_why, stage) => {
  expect(stageProblem(stage)).toContain('cannot be a stage');
});

/** Letters, digits and single hyphens, a letter first and no hyphen last: what RDS takes, and in this case gives back. */
const RDS_NAME = /^[a-z](?:-?[a-z0-9])*$/;
/** Ids that RDS would write alike, and ids as long as an id may be, some of which begin alike. */
const TARGETS = [
  ...['crm', 'crm-', 'crm--', 'crm-prod', 'crm--prod', 'crm---prod', 'crm--prod-', 'crm-prod-'],
  ...['c'.repeat(63), `c${'-'.repeat(62)}`, `c${'-x'.repeat(31)}`, `${'c'.repeat(62)}-`, 'x'.repeat(63)],
  ...['inventory-service-production', 'inventory-service-producer'],
];

describe.each([
  ['rds', 255],
  ['aurora', 63],
  ['elasticache', 40],
] as const)('the name of a snapshot on %s', (kind, most) => {
  test('is made of its stage, its target and its moment in UTC', () => {
    const name = snapshotName('prod', 'crm', '2026-11-20T02:00:00+01:00', kind);
    expect(name).toBe('understudy-prod-crm-20261120t010000z');
  });

  test.each(TARGETS)(
    `has at most ${most} characters that RDS takes and the whole stage, for target %s`,
    (target) => {
      expect(target).toMatch(TARGET_ID);
      for (const stage of ['production', 'a234567890123456']) {
        const name = snapshotName(stage, target, AT, kind);
        expect(name).toMatch(RDS_NAME);
        expect(name.length).toBeLessThanOrEqual(most);
        expect(name.startsWith(`understudy-${stage}-`)).toBe(true);
      }
    },
  );

  test('differs for every two targets, stages or moments', () => {
    const names = TARGETS.flatMap((target) =>
      ['production', 'pr'].flatMap((stage) =>
        [AT, NEXT_SECOND].map((at) => snapshotName(stage, target, at, kind)),
      ),
    );
    expect(new Set(names).size).toBe(4 * TARGETS.length);
  });
});

test.each(TARGETS)('the scratch instances of target %s have a name that RDS takes', (target) => {
  const name = scratchName('prod', target, { ...RUN, job: 'rehearse-snapshot', target });
  expect(name).toMatch(RDS_NAME);
  expect(name.startsWith(`${SCRATCH_PREFIX}${target[0]}`)).toBe(true);
  expect(SCRATCH_PREFIX).toBe('understudy-scratch-');
  expect(name.length).toBeLessThanOrEqual(60);
});

test('a scratch instance has the same name on every replay of its run, and no two runs share one', () => {
  const runs = TARGETS.flatMap((target) =>
    ['rehearse-snapshot', 'rehearse-moment'].flatMap((job) =>
      [AT, NEXT_SECOND].map((scheduledFor) => ({ job, target, scheduledFor })),
    ),
  );
  const namesOf = (stage: string) => runs.map((run) => scratchName(stage, run.target, { ...run }));
  expect(namesOf('prod')).toEqual(namesOf('prod'));
  expect(new Set([...namesOf('prod'), ...namesOf('dev')]).size).toBe(2 * runs.length);
});

test('parses every key that a dump writes, and no other', () => {
  const keys = vaultKeys('crm-prod', AT, 12);
  for (const [what, key] of Object.entries(keys))
    expect(parseVaultKey(key)).toEqual({ target: 'crm-prod', scheduledFor: AT, attempt: 12, what });
  const { dump } = keys;
  const others = [
    dump.replace('-12.', '-012.'),
    dump.replace('2026/', '2025/'),
    `${dump}.part`,
    `x/${dump}`,
    'crm-prod/',
    dump.replace('.dump', '.tar'),
    dump.replace(/T\d\d/, 'T77'),
  ];
  expect(others.map(parseVaultKey)).toEqual(others.map(() => undefined));
});

test('a database beside the living one is named after it and the restore, in 63 bytes', () => {
  const name = (of: string) => restoredDatabase(of, '20261120T140000Z', 'restored');
  expect(name('crm')).toBe('crm_restored_20261120t140000z');
  expect(restoredDatabase('crm', '20261120T140000Z', 'replaced')).toBe('crm_replaced_20261120t140000z');
  // The next restore of it has the name that it had first.
  expect(name('crm_restored_20261101t000000z')).toBe('crm_restored_20261120t140000z');
  expect(name('Crm "of" 2026')).toBe('Crm "of" 2026_restored_20261120t140000z');
  const long = ['a'.repeat(63), `${'a'.repeat(62)}b`, 'ü'.repeat(31), `${'ü'.repeat(30)}xy`, 'a'.repeat(42)];
  const names = long.map(name);
  for (const each of names) {
    expect(Buffer.byteLength(each)).toBeLessThanOrEqual(63);
    expect(each).toMatch(/^[aü]+_[0-9a-f]{6}_restored_20261120t140000z$/);
  }
  expect(new Set(names).size).toBe(long.length);
});
