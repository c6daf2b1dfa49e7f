import type { ReadSource } from '../../../../lib/domain/status/target-status.ts';
import { policy, snapshotPoint } from '../../../support/builders.ts';
import { DUMP, ON_RDS, PLATFORM, SNAPSHOT, wayOf } from '../../../support/plans.ts';

const priced = (rehearsal: number | undefined, restore?: number) => {
  const usual = policy();
  const instance = { ...usual.rehearsal.instance, pricePerHour: rehearsal };
  return {
    ...ON_RDS,
    policy: {
      ...usual,
      rehearsal: { ...usual.rehearsal, instance },
      restore: { ...usual.restore, pricePerHour: restore },
    },
  };
};
const ofSource = (changes: Partial<ReadSource>) => ({
  ...PLATFORM,
  source: { state: 'ready' as const, instanceClass: 'db.t4g.medium', multiAz: false, ...changes },
});
const ABROAD = { ...DUMP, id: `${DUMP.id}@replica`, place: 'replica' as const };
const UNKNOWN = { said: 'unknown for the source’s instance class: set restore.pricePerHour' };

test.each([
  ['the class of the rehearsals', priced(0.08), ofSource({}), 58],
  ['another class', priced(0.08), ofSource({ instanceClass: 'db.m7g.large' }), undefined],
  ['a standby', priced(0.08), ofSource({ multiAz: true }), undefined],
  ['a price of its own', priced(0.08, 0.5), ofSource({ instanceClass: 'db.m7g.large' }), 365],
  ['a class that is not known', priced(0.08), PLATFORM, undefined],
  ['no price', priced(undefined), ofSource({}), undefined],
])('a new instance costs what the policy knows: %s', (_what, target, platform, perMonth) => {
  const { costs } = wayOf('moment', { target, platform });
  expect(costs).toEqual(
    perMonth === undefined
      ? UNKNOWN
      : { perMonth, said: `about $${perMonth} a month beside the old one, and its storage (not known)` },
  );
});

test.each([
  [undefined, 'as much of the server’s disk as the dumped database had'],
  [12_340_000, 'about 12.3 MB of the server’s disk'],
  [5_000_000_000, 'about 5.0 GB of the server’s disk'],
])('beside the living database a dump of %s bytes costs disk and work of its server', (sourceBytes, room) => {
  const points = [{ ...DUMP, ...(sourceBytes === undefined ? {} : { sourceBytes }) }];
  expect(wayOf('dump', { target: priced(0.08), points, beside: true }).costs).toEqual({
    said: `with --go ${room} (look whether it has that), and its work while it loads`,
  });
});

test('where the source is gone, the new one has the class of the rehearsals', () => {
  const platform = { ...PLATFORM, status: 'missing' };
  expect(wayOf('snapshot', { target: priced(0.08), platform }).costs.perMonth).toBe(58);
});

test('a price is not taken for another place, a server of yours, or rows', () => {
  const points = [snapshotPoint('2026-11-20T06:00:00Z', { place: 'eu-west-1' })];
  const changes = { target: priced(0.08, 0.5), platform: ofSource({}) };
  expect(wayOf('snapshot', { ...changes, points }).costs).toEqual({
    said: 'not estimated: an instance there, or the transfer of a copy from there',
  });
  expect(wayOf('dump', { ...changes, points: [ABROAD] }).costs).toEqual({
    said: 'on a server of yours, reads of S3 and the transfer out of its Region',
  });
  expect(wayOf('dump', changes).costs).toMatchObject({
    perMonth: 365,
    said: expect.stringMatching(/^with --go about \$365 a month /),
  });
  expect(wayOf('rows', changes).costs.perMonth).toBeUndefined();
  expect(wayOf('snapshot', { ...changes, points: [SNAPSHOT] }).costs.perMonth).toBe(365);
});
