import { Refusal } from '../../../lib/domain/errors.ts';
import { cancellable } from '../../../lib/execution/cancellation.ts';
import { poll } from '../../../lib/execution/poll.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryExecution } from '../../support/doubles/durable.ts';

const CLAIM = {
  job: 'snapshot',
  target: 'crm',
  scheduledFor: '2026-11-20T01:00:00Z',
  token: 'a',
  attempt: 1,
};

test('a request to cancel that cannot be read keeps nobody from looking', async () => {
  const clock = manualClock('2026-11-20T01:00:00Z');
  const catalog = {
    cancelRequest: async () => {
      throw new Error('the table is throttled');
    },
  };
  const waiting = cancellable({ clock, pace: { first: 60, most: 300 }, catalog }, CLAIM as never);
  const onPause = async (_name: string, seconds: number) => {
    await clock.advance(seconds);
    return 'elapsed' as const;
  };
  const ending = await memoryExecution({}, { onPause }).run((durable) =>
    poll(durable, waiting, {
      name: 'snapshot',
      deadline: 3600,
      late: (seen) => new Refusal('late', seen),
      look: async () => ({ state: 'done', value: 'available' }),
    }),
  );
  expect(ending).toMatchObject({ result: 'available' });
});
