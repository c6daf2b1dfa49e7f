import { type PointJob, whyUnusable } from '../../../../lib/domain/points/named-point.ts';
import type { RecoveryPoint } from '../../../../lib/domain/points/recovery-point.ts';
import { failedPoint, point, snapshotPoint } from '../../../support/builders.ts';

const AT = '2026-11-20T01:00:00Z';
const why = (job: PointJob, of: RecoveryPoint | undefined) => whyUnusable(job, 'crm', 'id', of)?.message;
const failed = { ...failedPoint(AT), why: 'too many connections' };

test.each<[PointJob, string, RecoveryPoint]>([
  ['verify', 'corrupt', point(AT, { state: 'corrupt' })],
  ['verify', 'still copied to the replica', point(AT, { state: 'creating', place: 'replica' })],
  ['rehearse', 'not verified', point(AT, { state: 'available' })],
  ['rehearse', 'corrupt', point(AT, { state: 'corrupt' })],
  ['rehearse-instance', 'a snapshot', snapshotPoint(AT)],
  ['copy', 'a snapshot still being made', snapshotPoint(AT, { state: 'creating' })],
])('%s accepts a named point that is %s', (job, _state, of) => {
  expect(why(job, of)).toBeUndefined();
});

test.each<[PointJob, string, RecoveryPoint | undefined]>([
  ['verify', 'crm has no recovery point id', undefined],
  ['verify', 'id of crm is failed: nothing is stored; it cannot be verified', failedPoint(AT)],
  ['verify', 'is failed (too many connections): nothing is stored; it cannot be verified', failed],
  ['verify', 'id of crm is still being made', point(AT, { state: 'creating' })],
  ['rehearse', 'id of crm was deleted by retention', point(AT, { state: 'expiring' })],
  ['rehearse', 'id of crm lies in the replica', point(AT, { place: 'replica' })],
  ['rehearse', 'id of crm is a snapshot and cannot be rehearsed', snapshotPoint(AT)],
  ['verify', 'id of crm is a snapshot and cannot be verified', snapshotPoint(AT)],
  ['rehearse-instance', 'id of crm is a dump and cannot be rehearsed on an instance', point(AT)],
  ['copy', 'id of crm is a dump and cannot be copied', point(AT)],
  ['copy', 'id of crm is failed', snapshotPoint(AT, { state: 'failed' })],
])('%s refuses a named point and says: %s', (job, said, of) => {
  expect(why(job, of)).toContain(said);
});
