import { type Begun, beginWork, untilEnded } from '../../../scripts/cli/begin-work.ts';
import type { Session } from '../../../scripts/cli/session.ts';

const SESSION = { isLocal: true } as Session;
const never = () => new Error('it never began') as never;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** Counts the looks; the work has ended at the last of so many. */
function looking(begun: Begun | undefined, looks: number) {
  const seen = { looks: 0, ended: undefined as string | undefined };
  const look = async () => (++seen.looks === looks ? { ended: 'done' } : { hasBegun: true });
  void untilEnded(begun, look, never).then((ended) => {
    seen.ended = ended;
  });
  return seen;
}

test('work that has settled is looked at once more at once, and then every three seconds', async () => {
  let settle: (value: unknown) => void = () => undefined;
  const begun = beginWork(SESSION, () => new Promise((resolve) => (settle = resolve)));
  const seen = looking(begun, 4);
  await jest.advanceTimersByTimeAsync(1000);
  expect(seen.looks).toBe(1);
  settle('outcome');
  await jest.advanceTimersByTimeAsync(0);
  expect(seen.looks).toBe(2);
  await jest.advanceTimersByTimeAsync(2999);
  expect(seen.looks).toBe(2);
  await jest.advanceTimersByTimeAsync(1);
  expect(seen.looks).toBe(3);
  await jest.advanceTimersByTimeAsync(3000);
  expect(seen).toEqual({ looks: 4, ended: 'done' });
  expect(jest.getTimerCount()).toBe(0);
});

test('what another process does is looked at every three seconds', async () => {
  const seen = looking(undefined, 2);
  await jest.advanceTimersByTimeAsync(2999);
  expect(seen.looks).toBe(1);
  await jest.advanceTimersByTimeAsync(1);
  expect(seen).toEqual({ looks: 2, ended: 'done' });
});

test('work that fails between two looks is told at once', async () => {
  const begun = beginWork(
    SESSION,
    () => new Promise((_, reject) => setTimeout(reject, 500, new Error('broke'))),
  );
  const waited = expect(untilEnded(begun, async () => ({ hasBegun: true }), never)).rejects.toThrow('broke');
  await jest.advanceTimersByTimeAsync(500);
  await waited;
  expect(jest.getTimerCount()).toBe(0);
});
