import type { JobMessage } from '../../lib/domain/runs/job.ts';
import { entriesOf, pickyTopic } from './support/fake-sns.ts';
import { breaks, type FaultyProxy, type Wire } from './support/proxy.ts';
import { unique } from './support/stage.ts';
import { dumpOf, type MessagesUnderTest, messagesOverSns } from './support/topics.ts';

describe('job messages over SNS and SQS', () => {
  let under: MessagesUnderTest & { proxy: FaultyProxy };
  let proxy: FaultyProxy;
  beforeAll(async () => {
    under = await messagesOverSns();
    proxy = under.proxy;
  });
  beforeEach(() => proxy.reset());
  afterAll(() => under.stop());

  const some = (count: number) => Array.from({ length: count }, () => dumpOf(unique('batched')));
  const targetsOf = (messages: JobMessage[]) => messages.map((message) => message.target).sort();
  const sizes = () => proxy.of('PublishBatch').map((wire) => entriesOf(wire).length);
  const asked = () =>
    proxy.of('PublishBatch').flatMap((wire) => entriesOf(wire).map((entry) => entry.message.target));

  it.each([
    [1, [1]],
    [10, [10]],
    [11, [10, 1]],
    [95, [...Array(9).fill(10), 5]],
  ])(
    'are published %i at once in batches of at most ten, each once and with an id of its own',
    async (count, expected) => {
      proxy.rule(pickyTopic());
      const all = some(count);
      expect(await under.messages.publishAll(all)).toEqual([]);
      expect(sizes().sort((a, b) => b - a)).toEqual(expected);
      expect(asked().sort()).toEqual(targetsOf(all));
      const ids = (wire: Wire) => new Set(entriesOf(wire).map((entry) => entry.id));
      expect(proxy.of('PublishBatch').map((wire) => ids(wire).size)).toEqual(sizes());
    },
  );

  it('are published again when SNS did not take them, and no others', async () => {
    const all = some(25);
    const bad = new Set([all[0]!.target, all[12]!.target, all[24]!.target]);
    const seen = new Set<string>();
    const taken: string[] = [];
    const firstTime = (target: string) =>
      bad.has(target) && !seen.has(target) && seen.add(target) !== undefined;
    proxy.rule(
      pickyTopic(
        ({ message }) => firstTime(message.target),
        ({ message }) => taken.push(message.target),
      ),
    );
    expect(await under.messages.publishAll(all)).toEqual([]);
    expect(sizes()).toEqual([10, 10, 5, 3]);
    expect(taken.sort()).toEqual(targetsOf(all));
  });

  it('are given back with the reason of SNS after four tries', async () => {
    const all = some(12);
    proxy.rule(pickyTopic(({ message }) => message.target === all[11]!.target));
    expect(await under.messages.publishAll(all)).toEqual([{ message: all[11], reason: 'not this one' }]);
    expect(asked().filter((target) => target === all[11]!.target)).toHaveLength(4);
  });

  it('of a batch that fails as a whole are given back, and those of other batches arrive', async () => {
    const all = some(25);
    const taken: string[] = [];
    const topic = pickyTopic(
      () => false,
      ({ message }) => taken.push(message.target),
    );
    proxy.rule((wire) => {
      const first =
        wire.operation === 'PublishBatch' &&
        entriesOf(wire).some((entry) => entry.message.target === all[0]!.target);
      return first ? { status: 403, code: 'AuthorizationError' } : topic(wire);
    });
    const left = await under.messages.publishAll(all);
    expect(left.map((each) => each.message)).toEqual(all.slice(0, 10));
    for (const { reason } of left) expect(reason).toContain('said by the test');
    expect(taken.sort()).toEqual(targetsOf(all.slice(10)));
  });

  it('are all published when SNS fails three times', async () => {
    const all = some(15);
    const stumbles = breaks('PublishBatch', { status: 500, code: 'InternalError' }, (number) => number <= 3);
    const topic = pickyTopic();
    proxy.rule((wire) => stumbles(wire) ?? topic(wire));
    expect(await under.messages.publishAll(all)).toEqual([]);
    expect(proxy.broken()).toBeGreaterThan(3);
  });

  it('are postponed by whole seconds, at least one and at most what a queue can delay', async () => {
    for (const seconds of [-5, 0, 0.2, 1, 299.5, 86_400])
      await under.messages.postpone(dumpOf(unique('later')), seconds);
    const delays = proxy.of('SendMessage').map((wire) => JSON.parse(wire.body.toString()).DelaySeconds);
    expect(delays).toEqual([1, 1, 1, 1, 300, 900]);
  });

  it('reject when SQS refuses to postpone one', async () => {
    proxy.rule(breaks('SendMessage', { status: 403, code: 'AccessDenied' }));
    await expect(under.messages.postpone(dumpOf(unique()), 5)).rejects.toThrow();
  });

  it('reject when SNS refuses a single one', async () => {
    proxy.rule(breaks('Publish', { status: 403, code: 'AuthorizationError' }));
    await expect(under.messages.publish(dumpOf(unique()))).rejects.toThrow('said by the test');
  });
});
