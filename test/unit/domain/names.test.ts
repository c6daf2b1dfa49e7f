import {
  executionName,
  pointId,
  pointMoment,
  runName,
  TARGET_ID,
  vaultKeys,
} from '../../../lib/domain/names.ts';
import { randomFrom } from './random.ts';

const RUN = { job: 'dump', target: 'crm-prod', scheduledFor: '2026-11-20T01:00:00Z' };

test('a run is named after its job, its target and the moment it was scheduled for', () => {
  expect(runName(RUN)).toBe('dump/crm-prod/2026-11-20T01:00:00Z');
});

test('an execution’s name is one the service takes, and one a run', () => {
  const names = ['dump', 'verify', 'rehearse', 'simulation'].flatMap((job) =>
    ['crm', 'crm-prod', 'c'.repeat(63)].map((target) => executionName({ ...RUN, job, target })),
  );
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{64}$/);
  expect(new Set(names).size).toBe(names.length);
  expect(executionName({ ...RUN })).toBe(executionName({ ...RUN }));
  expect(executionName({ ...RUN, scheduledFor: '2026-11-20T01:00:01Z' })).not.toBe(executionName(RUN));
});

test('a point is named after its scheduled moment and its attempt, and says its moment again', () => {
  expect(pointId('2026-11-20T01:00:00Z', 1)).toBe('20261120T010000Z-1');
  expect(pointId('2026-11-20T02:00:00+01:00', 12)).toBe('20261120T010000Z-12');
  const { below } = randomFrom(7);
  for (let n = 0; n < 500; n++) {
    const moment = new Date(below(4_000_000_000) * 1000).toISOString().replace('.000', '');
    expect(pointMoment(pointId(moment, 1 + below(20)))).toBe(moment);
  }
});

test.each([
  '',
  '20261120T010000Z',
  '20261120T010000-1',
  ' 20261120T010000Z-1',
  '2026-11-20T01:00:00Z',
  '20261120T010000Z-x',
])('"%s" is no point and has no moment', (id) => expect(pointMoment(id)).toBeUndefined());

test.each(['20261399T010000Z-1', '20261120T996000Z-1'])(
  '"%s" only looks like a point, and has no moment',
  (id) => {
    expect(pointMoment(id)).toBeUndefined();
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
