import { restoreState, snapshotState, sourceState } from '../../../../lib/adapters/aws/states.ts';

test.each([
  ['available', 'ready', 'ready'],
  ['storage-optimization', 'ready', 'ready'],
  ['backing-up', 'busy', 'coming'],
  ['creating', 'busy', 'coming'],
  ['configuring-enhanced-monitoring', 'busy', 'coming'],
  ['stopped', 'stopped', 'unusable'],
  ['stopping', 'stopped', 'coming'],
  ['storage-full', 'full', 'unusable'],
  ['deleting', 'deleting', 'unusable'],
  ['failed', 'unusable', 'failed'],
  ['incompatible-restore', 'unusable', 'failed'],
  ['incompatible-network', 'unusable', 'unusable'],
  ['inaccessible-encryption-credentials', 'unusable', 'failed'],
  ['insufficient-capacity', 'unusable', 'unusable'],
  ['a status that AWS has added since', 'unusable', 'coming'],
])('of the RDS status %s a source is %s and a restore is %s', (status, source, restore) => {
  expect([sourceState(status), restoreState(status)]).toEqual([source, restore]);
});

test.each([
  ['available', 'available'],
  ['creating', 'making'],
  ['copying', 'making'],
  ['failed', 'failed'],
  ['deleting', 'failed'],
])('a snapshot of the RDS status %s is %s', (status, state) => {
  expect(snapshotState(status)).toBe(state);
});
