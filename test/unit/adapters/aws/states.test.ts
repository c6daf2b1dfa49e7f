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
])('%s: a source of that status is %s, a restore %s', (status, source, restore) => {
  expect([sourceState(status), restoreState(status)]).toEqual([source, restore]);
});

test.each([
  ['available', 'available'],
  ['creating', 'making'],
  ['copying', 'making'],
  ['failed', 'failed'],
  ['deleting', 'failed'],
])('a snapshot that is %s counts as %s', (status, state) => {
  expect(snapshotState(status)).toBe(state);
});
