import { setTimeout as pass } from 'node:timers/promises';
import type { Clock } from '../../lib/ports/clock.ts';
import { systemClock } from '../../lib/runtime/system-clock.ts';
import { manualClock } from '../support/doubles/clock.ts';

/** A clock, and how its time passes. */
type ClockUnderTest = { clock: Clock; pass: (milliseconds: number) => Promise<unknown> };

const CLOCKS: [string, () => ClockUnderTest][] = [
  ['of the system', () => ({ clock: systemClock, pass: (milliseconds) => pass(milliseconds) })],
  [
    'moved by hand',
    () => {
      const clock = manualClock();
      return { clock, pass: (milliseconds) => clock.advance(milliseconds / 1000) };
    },
  ],
  [
    'that skips',
    () => ({ clock: manualClock(undefined, { skipping: true }), pass: (milliseconds) => pass(milliseconds) }),
  ],
];

describe.each(CLOCKS)('the clock %s', (_name, make) => {
  it('does not go backwards', async () => {
    const { clock, pass } = make();
    const before = clock.now().getTime();
    await pass(5);
    expect(clock.now().getTime()).toBeGreaterThanOrEqual(before);
  });

  it('wakes a sleeper after time has passed for it', async () => {
    const { clock, pass } = make();
    const before = clock.now().getTime();
    const slept = clock.sleep(50).then(() => clock.now().getTime() - before);
    await pass(100);
    expect(await slept).toBeGreaterThan(0);
  });

  it('ends a sleep early and without an error when its signal aborts', async () => {
    const { clock, pass } = make();
    const over = new AbortController();
    const slept = clock.sleep(3_600_000, over.signal);
    over.abort(new Error('never mind'));
    await pass(1);
    await expect(slept).resolves.toBeUndefined();
  });

  it('does not sleep when the signal was aborted before', async () => {
    await expect(make().clock.sleep(3_600_000, AbortSignal.abort())).resolves.toBeUndefined();
  });

  it('wakes three sleepers in the order of their ends', async () => {
    const { clock, pass } = make();
    const woken: string[] = [];
    const over = new AbortController();
    const long = clock.sleep(80).then(() => woken.push('long'));
    const short = clock.sleep(10).then(() => woken.push('short'));
    const given = clock.sleep(3_600_000, over.signal).then(() => woken.push('given up'));
    over.abort();
    await given;
    await pass(200);
    await Promise.all([long, short]);
    expect(woken).toEqual(['given up', 'short', 'long']);
  });
});

describe('the manual clock', () => {
  it('stands still and wakes no sleeper until a test moves it', async () => {
    const clock = manualClock('2026-11-20T12:00:00Z');
    let woken = false;
    const slept = clock.sleep(1).then(() => {
      woken = true;
    });
    await pass(20);
    expect(woken).toBe(false);
    expect(clock.now().toISOString()).toBe('2026-11-20T12:00:00.000Z');
    expect(clock.sleeping()).toBe(1);
    clock.set('2026-11-20T12:00:01Z');
    await slept;
    expect(clock.sleeping()).toBe(0);
  });

  it('wakes a loop that sleeps at each of its moments', async () => {
    const clock = manualClock('2026-11-20T12:00:00Z');
    const seen: string[] = [];
    const over = new AbortController();
    const loop = (async () => {
      while (!over.signal.aborted) {
        await clock.sleep(20_000, over.signal);
        seen.push(clock.now().toISOString().slice(14, 19));
      }
    })();
    await clock.advance(65);
    expect(seen).toEqual(['00:20', '00:40', '01:00']);
    expect(clock.now().toISOString()).toBe('2026-11-20T12:01:05.000Z');
    over.abort();
    await loop;
  });
});

it('the manual clock that skips lets other work run between the sleeps of a loop', async () => {
  const clock = manualClock('2026-11-20T12:00:00Z', { skipping: true });
  let others = 0;
  const work = (async () => {
    for (; others < 5; others++) await new Promise((resolve) => setImmediate(resolve));
  })();
  while (others < 5) await clock.sleep(1000);
  await work;
  expect(clock.now().getTime()).toBeGreaterThan(new Date('2026-11-20T12:00:00Z').getTime());
});
