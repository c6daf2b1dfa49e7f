import { setImmediate as turn } from 'node:timers/promises';
import { concurrentlyFrom } from '../../../lib/execution/concurrency.ts';

test('does the work for each item that comes, sixteen at once, and holds no more of them', async () => {
  let [asked, done, most] = [0, 0, 0];
  async function* items() {
    for (; asked < 100; ) yield asked++;
  }
  await concurrentlyFrom(items(), async () => {
    most = Math.max(most, asked - done);
    await turn();
    done++;
  });
  expect([done, most]).toEqual([100, 16]);
});

test('rejects with what the source of the items rejects with', async () => {
  async function* broken() {
    yield 1;
    throw new Error('the listing broke off');
  }
  await expect(concurrentlyFrom(broken(), async () => undefined)).rejects.toThrow('the listing broke off');
});
