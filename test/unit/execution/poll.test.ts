import { codeOf, Refusal, UnderstudyError } from '../../../lib/domain/errors.ts';
import { type Poll, poll } from '../../../lib/execution/poll.ts';
import type { Durable } from '../../../lib/ports/durable.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryExecution } from '../../support/doubles/durable.ts';

const START = '2026-11-20T12:00:00Z';
const PACE = { first: 60, most: 300 };

/** A wait for something that is so from a moment on; time passes in pauses only, unless something ends them early. */
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
  return { clock, execution, body, pauses, tokens, looks };
}

/** What it came to, or the code and message that it was refused with. */
async function outcomeOf({ execution, body }: ReturnType<typeof waiting>): Promise<string> {
  try {
    const ending = await execution.run(body);
    if (ending.died) throw new Error('it died without being asked to');
    return ending.result;
  } catch (error) {
    return `${codeOf(error)}: ${(error as Error).message}`;
  }
}

describe('poll', () => {
  it.each([
    ['makes no pause when the first look succeeds', 0, []],
    ['makes each pause half as long again, up to the most', 1500, [60, 90, 135, 202.5, 300, 300, 300, 300]],
  ])('%s', async (_, readyAfter, pauses) => {
    const wait = waiting({ readyAfter });
    expect(await outcomeOf(wait)).toBe('available');
    expect(wait.pauses).toEqual(pauses);
  });

  it('announces each pause with a token of its own', async () => {
    const wait = waiting({ readyAfter: 200 });
    await outcomeOf(wait);
    expect(wait.tokens).toHaveLength(3);
    expect(new Set(wait.tokens).size).toBe(3);
  });

  it('waits although a pause cannot be announced', async () => {
    expect(await outcomeOf(waiting({ readyAfter: 200, unannounced: true }))).toBe('available');
  });

  it('gives up once its deadline has passed, and says what it saw last', async () => {
    const wait = waiting({ deadline: 600 });
    expect(await outcomeOf(wait)).toBe(`late: creating after ${wait.looks.at(-1)} s, given up after 600 s`);
    expect(wait.looks.at(-1)).toBeGreaterThanOrEqual(600);
    expect(wait.looks.at(-2)).toBeLessThan(600);
  });

  it('accepts what the last look sees, at the deadline', async () => {
    expect(await outcomeOf(waiting({ deadline: 600, readyAfter: 600 }))).toBe('available');
  });

  it.each([
    ['looks again at once when its pause is ended early', 61, 1, [0, 60, 61]],
    ['looks again only after its pause when nothing ends it', 61, undefined, [0, 60, 150]],
    ['waits on when its pause was ended for nothing', 100, 0, [0, 1, 91, 226]],
  ])('%s', async (_, readyAfter, wakeAfter, looks) => {
    const wait = waiting({ readyAfter, ...(wakeAfter === undefined ? {} : { wakeAfter }) });
    expect(await outcomeOf(wait)).toBe('available');
    expect(wait.looks).toEqual(looks);
  });

  const failing = new UnderstudyError('platform-unreachable', 'RDS says no');
  const denied = new UnderstudyError('platform-denied', 'RDS says no');
  const why = { code: 'snapshot-failed', message: 'RDS says failed' };
  const refused = { state: 'refused', why } as const;
  it.each<[string, () => Promise<Poll<string>>, string]>([
    ['is refused at once where no waiting helps', async () => refused, 'snapshot-failed: RDS says failed'],
    ['goes on waiting after a look that fails', () => Promise.reject(failing), 'late: RDS says no'],
    ['gives up at once when a look is denied', () => Promise.reject(denied), 'platform-denied: RDS says no'],
  ])('%s', async (_, look, outcome) => {
    const { execution, clock } = waiting();
    const late = (seen: string) => new Refusal('late', seen);
    const body = (durable: Durable) =>
      poll(durable, { clock, pace: PACE }, { name: 'it', deadline: 0, look, late });
    await expect(execution.run(body).catch((error) => `${codeOf(error)}: ${error.message}`)).resolves.toBe(
      outcome,
    );
  });

  it('keeps its deadline when it is replayed, however late', async () => {
    const wait = waiting({ deadline: 600 });
    await wait.execution.run(wait.body, { at: 'snapshot: look 2', when: 'before' });
    await wait.clock.advance(86_400);
    expect(await outcomeOf(wait)).toMatch(/^late: .* after 600 s$/);
    expect(wait.looks).toHaveLength(2);
  });

  describe.each([
    ['that succeeds', { readyAfter: 300 }, 'available'],
    ['that is late', {}, 'late'],
  ] as const)('%s', (_, options, outcome) => {
    const make = () => waiting({ deadline: 600, ...options });
    const OPERATIONS = [
      'snapshot: begin',
      ...[1, 2, 3, 4].flatMap((look) => [`snapshot: look ${look}`, `snapshot: pause ${look}`]),
      'snapshot: look 5',
    ];
    const namesOf = ({ execution }: ReturnType<typeof waiting>) => execution.history.map(({ name }) => name);

    it('does its operations in order', async () => {
      const wait = make();
      await outcomeOf(wait);
      expect(namesOf(wait).slice(0, OPERATIONS.length)).toEqual(OPERATIONS);
    });

    it.each(
      OPERATIONS.flatMap((at) => (['before', 'done', 'kept'] as const).map((when) => [at, when] as const)),
    )('comes to the same end when it dies at "%s" (%s) and is replayed', async (at, when) => {
      const [whole, wait] = [make(), make()];
      const expected = await outcomeOf(whole);
      expect(expected).toContain(outcome);
      expect(await wait.execution.run(wait.body, { at, when })).toEqual({ died: true });
      expect(await outcomeOf(wait)).toEqual(expected);
      expect([namesOf(wait), wait.pauses]).toEqual([namesOf(whole), whole.pauses]);
    });
  });
});
