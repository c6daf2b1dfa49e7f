import type { JobMessage } from '../../lib/domain/runs/job.ts';
import { unique } from './support/stage.ts';
import { dumpOf, MESSAGES, type MessagesUnderTest } from './support/topics.ts';

const QUEUES = ['dump', 'verify', 'rehearse', 'expire', 'unclaimed'];

describe.each(MESSAGES)('job messages %s', (_name, make) => {
  let under: MessagesUnderTest;
  beforeAll(async () => {
    under = await make();
  });
  afterEach(() => under.refuse());
  afterAll(() => under.stop());

  /** What has arrived for targets of a prefix, by queue. */
  const arrived = async (prefix: string, expected: Record<string, number> = {}) => {
    const found: Record<string, string[]> = {};
    for (const queue of QUEUES) {
      const mine = (await under.take(queue, expected[queue])).filter((each) =>
        each.target.startsWith(prefix),
      );
      if (mine.length > 0) found[queue] = mine.map((each) => each.target).sort();
    }
    return found;
  };

  it('arrive at the queue of their job as they were published', async () => {
    const message = { ...dumpOf(unique('whole')), reason: 'weil „Äpfel“ & <Birnen>\n' };
    await under.messages.publish(message);
    expect(await under.take('dump', 1)).toEqual([message]);
  });

  it.each(['dump', 'verify', 'rehearse', 'expire'])('of job %s arrive at no other queue', async (job) => {
    const target = unique('one');
    await under.messages.publish({ job, target } as never);
    expect(await arrived(target, { [job]: 1 })).toEqual({ [job]: [target] });
  });

  it('of an unknown job arrive at the queue of the unclaimed and at no other', async () => {
    const target = unique('unknown');
    await under.messages.publish({ job: 'defragment', target } as never);
    expect(await arrived(target, { unclaimed: 1 })).toEqual({ unclaimed: [target] });
  });

  it('arrive once each at the queues of their jobs when 95 are published', async () => {
    const prefix = unique('many');
    const all = Array.from({ length: 95 }, (_, number): JobMessage => {
      const target = `${prefix}-${String(number).padStart(2, '0')}`;
      if (number % 3 === 0) return { ...dumpOf(target), job: 'verify', again: false };
      return number % 3 === 1
        ? { ...dumpOf(target), job: 'expire', dryRun: false }
        : (dumpOf(target) as JobMessage);
    });
    expect(await under.messages.publishAll(all)).toEqual([]);
    const targets = (job: string) => all.filter((each) => each.job === job).map((each) => each.target);
    expect(await arrived(prefix, { dump: 31, verify: 32, expire: 32 })).toEqual({
      dump: targets('dump'),
      verify: targets('verify'),
      expire: targets('expire'),
    });
  });

  it('are none when none is published', async () => {
    expect(await under.messages.publishAll([])).toEqual([]);
  });

  it('that the topic refuses are given back with the reason, and all others arrive once', async () => {
    const prefix = unique('picky');
    const all = Array.from({ length: 25 }, (_, number) =>
      dumpOf(`${prefix}-${String(number).padStart(2, '0')}`),
    );
    const bad = new Set([all[3]!.target, all[10]!.target, all[24]!.target]);
    under.refuse((message) => bad.has(message.target));
    const left = await under.messages.publishAll(all);
    expect(left.map((each) => each.message).sort((a, b) => a.target.localeCompare(b.target))).toEqual(
      all.filter((each) => bad.has(each.target)),
    );
    for (const { reason } of left) expect(reason).not.toBe('');
    expect((await arrived(prefix, { dump: 22 }))['dump']).toEqual(
      all.map((each) => each.target).filter((target) => !bad.has(target)),
    );
  });

  it('that are postponed arrive again at the queue of their job as they were', async () => {
    const message = { ...dumpOf(unique('later')), reason: 'held' };
    await under.messages.postpone(message, 1);
    expect(await under.take('dump', 1)).toEqual([message]);
  });

  it.each([0, -5, 0.2])('that are postponed by %d s arrive after the shortest delay', async (seconds) => {
    const message = dumpOf(unique('now'));
    await under.messages.postpone(message, seconds);
    expect(await under.take('dump', 1)).toEqual([message]);
  });

  it('may be postponed by longer than a queue can delay', async () => {
    await expect(under.messages.postpone(dumpOf(unique('far')), 86_400)).resolves.toBeUndefined();
  });

  it('of a job without a queue cannot be postponed', async () => {
    const message = { ...dumpOf(unique('none')), job: 'rehearse' as const, simulation: false };
    await expect(under.messages.postpone(message, 5)).rejects.toMatchObject({ code: 'no-queue' });
  });
});
