import { unclaimed } from '../../../lib/workflows/unclaimed/unclaimed.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryDeps } from '../../support/doubles/deps.ts';

const NOW = '2026-11-20T12:00:00Z';
const SNAPSHOT = {
  job: 'snapshot',
  target: 'crm',
  scheduledFor: '2026-11-20T11:59:00Z',
  requestedBy: 'schedule',
};

async function after(message: unknown, begun?: 'succeeded' | 'failed' | 'running') {
  const deps = memoryDeps(manualClock(NOW, { skipping: true }));
  if (begun) {
    const claimed = await deps.catalog.claim({ ...SNAPSHOT, now: deps.clock.now(), leaseSeconds: 600 });
    if (begun !== 'running' && claimed.outcome === 'claimed')
      await deps.catalog.finish(claimed.claim, { state: begun, endedAt: NOW, summary: begun });
  }
  await unclaimed(message, deps);
  return {
    waited: (deps.clock.now().getTime() - new Date(NOW).getTime()) / 1000,
    back: deps.messages.take('snapshot'),
    told: (await deps.catalog.openFindings('understudy')).map(({ code, subject }) => [code, subject]),
  };
}

test('a message that an old filter sent here is put back after a minute, without an alert', async () => {
  expect(await after(SNAPSHOT)).toEqual({ waited: 60, back: [SNAPSHOT], told: [] });
});

test.each(['running', 'succeeded', 'failed'] as const)(
  'a message whose run is %s is left to it, and not sent again',
  async (state) => {
    expect(await after(SNAPSHOT, state)).toMatchObject({ back: [], told: [] });
  },
);

test('a row of the heartbeat is left out: the next minute has its own', async () => {
  expect(await after({ ...SNAPSHOT, job: 'heartbeat' })).toEqual({ waited: 0, back: [], told: [] });
});

test('a message that reaches no function for longer than filters take to change raises an alert', async () => {
  const old = { ...SNAPSHOT, scheduledFor: '2026-11-20T11:39:00Z' };
  expect(await after(old)).toEqual({ waited: 0, back: [], told: [['unknown-job', 'snapshot']] });
});

test.each<[string, unknown, string]>([
  ['of a job that does not exist', { ...SNAPSHOT, job: 'snapshoot' }, 'snapshoot'],
  ['without a job', { target: 'crm' }, 'without a job'],
  ['of a job with a misspelt key', { ...SNAPSHOT, labl: 'x' }, 'snapshot'],
  ['that only a person may invoke', { ...SNAPSHOT, job: 'rollback' }, 'rollback'],
])('a message %s raises an alert at once', async (_, message, subject) => {
  expect(await after(message)).toEqual({ waited: 0, back: [], told: [['unknown-job', subject]] });
});
