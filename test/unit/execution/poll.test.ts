import { codeOf, Refusal, UnderstudyError } from '../../../lib/domain/errors.ts';
import { type Poll, poll } from '../../../lib/execution/poll.ts';
import type { Durable } from '../../../lib/ports/durable.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryExecution } from '../../support/doubles/durable.ts';

const START = '2026-11-20T12:00:00Z';
const PACE = { first: 60, most: 300 };

/** A wait for something that is so from a moment on; time passes in pauses only, unless somebody ends them early. */
function waiting(
  options: { readyAfter?: number; deadline?: number; wakeAfter?: number; unannounced?: boolean } = {},
) {
  const { readyAfter = Number.POSITIVE_INFINITY, deadline = 3600, wakeAfter } = options;
  const clock = manualClock(START);
  const pauses: number[] = [];
  const tokens: string[] = [];
  const passed = () => (clock.now().getTime() - Date.parse(START)) / 1000;
  const looks: number[] = [];
  const execution = memoryExecution(
    {},
    {
      async onPause(_name, seconds) {
        const woken = wakeAfter !== undefined && pauses.length === wakeAfter;
        pauses.push(seconds);
        await clock.advance(woken ? 1 : seconds);
        return woken ? 'woken' : 'elapsed';
      },
    },
  );
  const body = (durable: Durable) =>
    poll(
      durable,
      { clock, pace: PACE },
      {
        name: 'snapshot',
        deadline,
        late: (seen, waited) => new Refusal('late', `${seen}, given up after ${waited} s`),
        look: async (): Promise<Poll<string>> => {
          looks.push(passed());
          return passed() >= readyAfter
            ? { state: 'done', value: 'available' }
            : { state: 'waiting', seen: `creating after ${passed()} s` };
        },
        onWaiting: async (token) => {
          if (options.unannounced) throw new Error('the table is throttled');
          tokens.push(token);
        },
      },
    );
  return { clock, execution, body, pauses, tokens, looks, passed };
}

/** What it came to, or the code and message that it was refused with. */
async function outcomeOf({ execution, body }: ReturnType<typeof waiting>): Promise<string> {
  try {
    const ending = await execution.run(body);
    if (ending.died) throw new Error('nobody told it to die');
    return ending.result;
  } catch (error) {
    return `${codeOf(error)}: ${(error as Error).message}`;
  }
}

describe('waiting until something is so', () => {
  it('does not pause at all when it is so at the first look', async () => {
    const wait = waiting({ readyAfter: 0 });
    expect(await outcomeOf(wait)).toBe('available');
    expect(wait.pauses).toEqual([]);
    expect(wait.looks).toEqual([0]);
  });

  it('grows its pauses by half, up to the longest', async () => {
    const wait = waiting({ readyAfter: 1500 });
    expect(await outcomeOf(wait)).toBe('available');
    expect(wait.pauses).toEqual([60, 90, 135, 202.5, 300, 300, 300, 300]);
  });

  it('says who waits at each pause, with a token of its own', async () => {
    const wait = waiting({ readyAfter: 200 });
    await outcomeOf(wait);
    expect(wait.tokens).toHaveLength(3);
    expect(new Set(wait.tokens).size).toBe(3);
  });

  it('waits all the same when nobody can be told that it does', async () => {
    const wait = waiting({ readyAfter: 200, unannounced: true });
    expect(await outcomeOf(wait)).toBe('available');
  });

  it('gives up once its deadline has passed, with what it saw last', async () => {
    const wait = waiting({ deadline: 600 });
    expect(await outcomeOf(wait)).toBe(`late: creating after ${wait.looks.at(-1)} s, given up after 600 s`);
    expect(wait.looks.at(-1)).toBeGreaterThanOrEqual(600);
    expect(wait.looks.at(-2)).toBeLessThan(600);
  });

  it('takes what is so at the last look, late as it is', async () => {
    const wait = waiting({ deadline: 600, readyAfter: 600 });
    expect(await outcomeOf(wait)).toBe('available');
  });

  it('looks again at once when somebody ends its pause early', async () => {
    const patient = waiting({ readyAfter: 61 });
    await outcomeOf(patient);
    const woken = waiting({ readyAfter: 61, wakeAfter: 1 });
    expect(await outcomeOf(woken)).toBe('available');
    expect(woken.looks).toEqual([0, 60, 61]);
    expect(patient.looks).toEqual([0, 60, 150]);
  });

  it('waits on when it was woken for nothing', async () => {
    const wait = waiting({ readyAfter: 100, wakeAfter: 0 });
    expect(await outcomeOf(wait)).toBe('available');
    expect(wait.looks).toEqual([0, 1, 91, 226]);
  });

  const lookingWith = (look: () => Promise<Poll<string>>) => {
    const { execution, clock } = waiting();
    const late = (seen: string) => new Refusal('late', seen);
    return execution
      .run((durable) => poll(durable, { clock, pace: PACE }, { name: 'it', deadline: 0, look, late }))
      .then(
        () => 'done',
        (error) => `${codeOf(error)}: ${error.message}`,
      );
  };

  it('is refused at once, with the code of the look, when no waiting helps', async () => {
    const why = { code: 'snapshot-failed', message: 'RDS says failed' };
    expect(await lookingWith(async () => ({ state: 'refused', why }))).toBe(
      'snapshot-failed: RDS says failed',
    );
  });

  it('takes a look that fails for waiting, but not one that is denied: no hour allows it', async () => {
    const failing = (code: string) =>
      lookingWith(() => Promise.reject(new UnderstudyError(code, 'RDS says no')));
    expect(await failing('platform-unreachable')).toBe('late: RDS says no');
    expect(await failing('platform-denied')).toBe('platform-denied: RDS says no');
  });

  it('does not move its deadline when it is replayed, however late', async () => {
    const wait = waiting({ deadline: 600 });
    await wait.execution.run(wait.body, { at: 'snapshot: look 2', when: 'before' });
    await wait.clock.advance(86_400);
    expect(await outcomeOf(wait)).toMatch(/^late: .* after 600 s$/);
    expect(wait.looks).toHaveLength(2);
  });

  describe.each([
    ['becomes so', 300, 'available'],
    ['never does', undefined, 'late'],
  ] as const)('for something that %s', (_, readyAfter, outcome) => {
    const make = () => waiting({ deadline: 600, ...(readyAfter ? { readyAfter } : {}) });
    const OPERATIONS = [
      'snapshot: begin',
      ...[1, 2, 3, 4].flatMap((look) => [`snapshot: look ${look}`, `snapshot: pause ${look}`]),
      'snapshot: look 5',
    ];

    it('does these operations and no other', async () => {
      const wait = make();
      await outcomeOf(wait);
      const names = wait.execution.history.map(({ name }) => name);
      expect(names.slice(0, OPERATIONS.length)).toEqual(OPERATIONS);
    });

    it.each(
      OPERATIONS.flatMap((at) => (['before', 'done', 'kept'] as const).map((when) => [at, when] as const)),
    )('comes to the same end when it is killed at "%s", %s, and replayed', async (at, when) => {
      const whole = make();
      const expected = await outcomeOf(whole);
      expect(expected).toContain(outcome);
      const wait = make();
      expect(await wait.execution.run(wait.body, { at, when })).toEqual({ died: true });
      expect(await outcomeOf(wait)).toEqual(expected);
      expect(wait.execution.history.map(({ name }) => name)).toEqual(
        whole.execution.history.map(({ name }) => name),
      );
      expect(wait.pauses).toEqual(whole.pauses);
    });
  });
});
