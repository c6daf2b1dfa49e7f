import { heartbeatProof, target } from '../../../support/builders.ts';
import { found, ON_RDS, PLATFORM, passed, planOf, SNAPSHOT, wayOf } from '../../../support/plans.ts';

test('a dump and a moment lose exactly what was written since', () => {
  for (const kind of ['dump', 'moment'] as const) {
    const { loses, between } = wayOf(kind);
    expect([loses.least, between]).toEqual([loses.most, undefined]);
  }
});

test('the data of a snapshot is about as old as it reports, and never newer than the snapshot is complete', () => {
  const ofSnapshot = (availableAt: string) => wayOf('snapshot', { points: [{ ...SNAPSHOT, availableAt }] });
  expect(ofSnapshot('2026-11-20T12:04:00Z')).toMatchObject({
    between: { earliest: '2026-11-20T11:45:00Z', latest: '2026-11-20T12:04:00Z' },
    loses: { least: 116 * 60, most: 135 * 60 },
  });
  expect(ofSnapshot('2026-11-20T13:00:00Z').between?.latest).toBe('2026-11-20T12:15:00Z');
});

test.each([
  ['this very snapshot', SNAPSHOT.id, 'agrees', '2026-11-20T11:59:07Z'],
  ['another snapshot', 'x', 'agrees', '2026-11-20T11:45:00Z'],
  ['a copy whose heartbeat differs', SNAPSHOT.id, 'differs', '2026-11-20T11:45:00Z'],
] as const)('the heartbeat in %s says what it holds at least', (_what, point, verdict, earliest) => {
  const proof = heartbeatProof({ verdict, newestAt: '2026-11-20T11:59:07.123456Z' });
  const evidence = [passed('snapshot', '2026-11-20T13:00:00Z', 60, { point, heartbeat: proof })];
  expect(wayOf('snapshot', { evidence }).between?.earliest).toBe(earliest);
});

describe('a source that takes no writes any more', () => {
  const beating = { ...ON_RDS, heartbeat: true };
  const gone = [found('instance-deleted', 'crm-prod', { since: '2026-11-20T13:33:00Z' })];
  const known = { heartbeatAt: '2026-11-20T13:32:00Z' };

  it('loses what it wrote until its last heartbeat at least, and until it was seen gone at most', () => {
    const changes = { target: beating, known, findings: gone, at: '2026-11-20T13:20:00Z' };
    expect(planOf(changes).lastWrite).toEqual({
      earliest: '2026-11-20T13:32:00Z',
      latest: '2026-11-20T13:33:00Z',
    });
    expect(wayOf('moment', changes).loses).toEqual({ least: 12 * 60, most: 13 * 60 });
  });

  it('loses nothing for certain without a heartbeat', () => {
    const changes = { known, findings: gone, at: '2026-11-20T13:20:00Z' };
    expect(wayOf('moment', changes).loses).toEqual({ least: 0, most: 13 * 60 });
  });

  it.each([
    ['missing', { ...PLATFORM, status: 'missing' }, '2026-11-20T13:59:00Z'],
    [
      'stopped',
      { ...PLATFORM, source: { state: 'stopped' as const, instanceClass: 'db.m7g.large', multiAz: false } },
      '2026-11-20T13:59:00Z',
    ],
    [
      'only busy',
      { ...PLATFORM, source: { state: 'busy' as const, instanceClass: 'db.m7g.large', multiAz: false } },
      undefined,
    ],
  ])('is known where AWS reports it as %s', (_state, platform, latest) => {
    expect(planOf({ platform }).lastWrite?.latest).toBe(latest);
  });

  it('is not another instance that was deleted', () => {
    expect(planOf({ findings: [found('instance-deleted', 'crm-other')] }).lastWrite).toBeUndefined();
  });

  it('was alive when a row came after it was seen gone', () => {
    const changes = { target: beating, known: { heartbeatAt: '2026-11-20T13:40:00Z' }, findings: gone };
    expect(planOf(changes).lastWrite?.latest).toBe('2026-11-20T13:40:00Z');
  });
});

test('rows lose nothing, whatever else is lost', () => {
  expect(wayOf('rows', { target: target(), status: undefined }).loses).toEqual({ least: 0, most: 0 });
});
