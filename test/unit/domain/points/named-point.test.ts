import { type PointJob, whyUnusable } from '../../../../lib/domain/points/named-point.ts';
import type { RecoveryPoint } from '../../../../lib/domain/points/recovery-point.ts';
import { failedPoint, point, snapshotPoint } from '../../../support/builders.ts';

const AT = '2026-11-20T01:00:00Z';
const why = (job: PointJob, of: RecoveryPoint | undefined) => whyUnusable(job, 'crm', 'id', of)?.message;

test.each<[PointJob, RecoveryPoint]>([
  ['verify', point(AT, { state: 'corrupt' })],
  ['verify', point(AT, { state: 'creating', place: 'replica' })],
  ['rehearse', point(AT, { state: 'available' })],
  ['rehearse', point(AT, { state: 'corrupt' })],
  ['rehearse-instance', snapshotPoint(AT)],
  ['copy', snapshotPoint(AT, { state: 'creating' })],
])('%s can use such a point', (job, of) => {
  expect(why(job, of)).toBeUndefined();
});

test.each<[PointJob, RecoveryPoint | undefined, string]>([
  ['verify', undefined, 'crm has no recovery point id'],
  ['verify', failedPoint(AT), 'id of crm is failed: nothing is stored; it cannot be verified'],
  [
    'verify',
    { ...failedPoint(AT), why: 'too many connections' },
    'id of crm is failed (too many connections): nothing is stored; it cannot be verified',
  ],
  ['verify', point(AT, { state: 'creating' }), 'id of crm is still being made'],
  ['rehearse', point(AT, { state: 'expiring' }), 'id of crm was deleted by retention'],
  ['rehearse', point(AT, { place: 'replica' }), 'id of crm lies in the replica'],
  ['rehearse', snapshotPoint(AT), 'id of crm is a snapshot and cannot be rehearsed'],
  ['verify', snapshotPoint(AT), 'id of crm is a snapshot and cannot be verified'],
  ['rehearse-instance', point(AT), 'id of crm is a dump and cannot be rehearsed on an instance'],
  ['copy', point(AT), 'id of crm is a dump and cannot be copied'],
  ['copy', snapshotPoint(AT, { state: 'failed' }), 'id of crm is failed'],
])('%s is told the true state of another', (job, of, said) => {
  expect(why(job, of)).toContain(said);
});
