import type { Durable } from '../../lib/ports/durable.ts';
import { type Death, memoryExecution } from '../support/doubles/durable.ts';

/** What no runner can show: the function dies in the middle and comes back. */
describe('a durable execution in memory', () => {
  const done: string[] = [];
  const story = async (durable: Durable) => {
    const step = (name: string) => durable.step(name, async () => done.push(name));
    try {
      await step('one');
      await step('two');
      await durable.invoke('call', 'scratch', {});
      return await step('three');
    } catch (error) {
      done.push('caught');
      throw error;
    } finally {
      done.push('finally');
    }
  };
  const scratch = async () => done.push('scratch');
  beforeEach(() => {
    done.length = 0;
  });

  it.each<[Death, string[]]>([
    [{ at: 'two', when: 'before' }, ['one', 'two', 'scratch', 'three', 'finally']],
    [{ at: 'two', when: 'done' }, ['one', 'two', 'two', 'scratch', 'three', 'finally']],
    [{ at: 'two', when: 'kept' }, ['one', 'two', 'scratch', 'three', 'finally']],
    [{ at: 'call', when: 'done' }, ['one', 'two', 'scratch', 'scratch', 'three', 'finally']],
    [{ at: 'call', when: 'kept' }, ['one', 'two', 'scratch', 'three', 'finally']],
  ])('does after a death %j only what was not checkpointed', async (death, expected) => {
    const execution = memoryExecution({ scratch });
    expect(await execution.run(story, death)).toEqual({ died: true });
    expect(done).not.toContain('finally');
    expect(await execution.run(story)).toEqual({ died: false, result: expected.length - 1 });
    expect(done).toEqual(expected);
    expect(execution.history.map((each) => each.name)).toEqual(['one', 'two', 'call', 'three']);
  });

  it.each<[Death, number]>([
    [{ at: 'wait', when: 'before' }, 1],
    [{ at: 'wait', when: 'done' }, 2],
    [{ at: 'wait', when: 'kept' }, 1],
  ])(
    'announces a pause after a death %j with the same token until that is checkpointed, and pauses once',
    async (death, said) => {
      const tokens: string[] = [];
      const pauses: number[] = [];
      const onPause = (_name: string, seconds: number) => {
        pauses.push(seconds);
        return 'woken' as const;
      };
      const execution = memoryExecution({}, { onPause });
      const waiting = async (durable: Durable) => {
        await durable.step('one', async () => done.push('one'));
        return durable.pause('wait', 30, async (token) => void tokens.push(token));
      };
      expect(await execution.run(waiting, death)).toEqual({ died: true });
      expect(await execution.run(waiting)).toEqual({ died: false, result: 'woken' });
      expect(done).toEqual(['one']);
      expect(tokens).toHaveLength(said);
      expect(new Set(tokens).size).toBe(1);
      expect(pauses).toEqual([30]);
      expect(execution.history.map(({ kind }) => kind)).toEqual(['step', 'pause']);
    },
  );

  it('goes on after three deaths', async () => {
    const execution = memoryExecution({ scratch });
    for (const at of ['one', 'two', 'three'])
      expect(await execution.run(story, { at, when: 'done' })).toEqual({ died: true });
    expect(await execution.run(story)).toMatchObject({ died: false });
    expect(done).toEqual(['one', 'one', 'two', 'two', 'scratch', 'three', 'three', 'finally']);
    expect(execution.runs()).toBe(5);
  });

  it('rejects when the code does something else on replay', async () => {
    const execution = memoryExecution();
    await execution.run((durable) => durable.step('first', async () => 1));
    const other = execution.run((durable) => durable.step('other', async () => 2));
    await expect(other).rejects.toThrow('"other" came where step "first" was kept');
  });

  it('rejects a call of a function that does not exist', async () => {
    const calling = memoryExecution().run((durable) => durable.invoke('call', 'nobody', {}));
    await expect(calling).rejects.toThrow('there is no function nobody');
  });
});
