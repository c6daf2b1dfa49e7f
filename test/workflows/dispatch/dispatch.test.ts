import type { Plan } from '../../../lib/domain/plan/policy.ts';
import type { Tick } from '../../../lib/domain/runs/job.ts';
import { dispatch } from '../../../lib/workflows/dispatch/dispatch.ts';
import { memoryDeps } from '../../support/doubles/deps.ts';
import { planWith } from '../../support/plan.ts';

const TICK: Tick = { policy: 'production', job: 'dump', scheduledFor: '2026-11-20T01:00:00Z' };
const THREE = planWith({ targets: ['a', 'b', 'c'] });

function world(plan: Plan = THREE) {
  const deps = { ...memoryDeps(), plan };
  return {
    deps,
    dispatch: (changes: Partial<Tick> = {}) => dispatch({ ...TICK, ...changes }, deps),
    /** The runs that were asked for, each once. */
    asked: () => {
      const runs = deps.messages
        .take('dump')
        .map(({ job, target, scheduledFor }) => `${job}/${target}/${scheduledFor}`);
      return [...new Set(runs)].sort();
    },
  };
}
const ALL = ['a', 'b', 'c'].map((target) => `dump/${target}/${TICK.scheduledFor}`);

describe('dispatch', () => {
  it('publishes one message for each target, named after the scheduled moment', async () => {
    const { deps, dispatch } = world();
    expect(await dispatch()).toEqual({ published: 3 });
    const common = { job: 'dump', scheduledFor: TICK.scheduledFor, requestedBy: 'schedule' };
    expect(deps.messages.take('dump')).toEqual(['a', 'b', 'c'].map((target) => ({ ...common, target })));
  });

  it('reaches each of 10,000 targets once in one tick', async () => {
    const [target] = THREE.targets;
    const targets = Array.from({ length: 10_000 }, (_, index) => ({ ...target!, id: `t${index}` }));
    const { dispatch, asked } = world({ ...THREE, targets });
    expect(await dispatch()).toEqual({ published: 10_000 });
    expect(asked()).toHaveLength(10_000);
  });

  it('asks for a simulation as a rehearsal with everything switched on', async () => {
    const { deps, dispatch } = world();
    await dispatch({ job: 'simulation' });
    const [rehearsal] = deps.messages.take('rehearse');
    expect(rehearsal).toMatchObject({ target: 'a', simulation: true });
  });

  it('asks for a row of the heartbeat only where a target has one', async () => {
    const targets = THREE.targets.map((target) => ({ ...target, heartbeat: target.id === 'b' }));
    const { deps, dispatch } = world({ ...THREE, targets });
    expect(await dispatch({ job: 'heartbeat' })).toEqual({ published: 1 });
    expect(deps.messages.take('heartbeat')).toEqual([
      { job: 'heartbeat', target: 'b', scheduledFor: TICK.scheduledFor, requestedBy: 'schedule' },
    ]);
  });

  it('fails and counts messages that the topic did not take, and misses none when it runs again', async () => {
    const { deps, dispatch, asked } = world();
    deps.messages.refuse((message) => message.target === 'b');
    const message = expect.stringContaining('for b');
    await expect(dispatch()).rejects.toMatchObject({ code: 'dispatch-incomplete', message });
    expect(deps.metrics.sum('JobsUndispatched')).toBe(1);
    deps.messages.refuse();
    await dispatch();
    expect(asked()).toEqual(ALL);
  });

  it('asks for the same runs again when it was killed in the middle, so that their work is done once', async () => {
    const { deps, dispatch, asked } = world();
    const { publishAll } = deps.messages;
    deps.messages.publishAll = async (messages) => {
      await publishAll(messages.slice(0, 2));
      return new Promise<never>(() => undefined);
    };
    void dispatch();
    await new Promise((resolve) => setImmediate(resolve));
    deps.messages.publishAll = publishAll;
    await dispatch();
    expect(asked()).toEqual(ALL);
  });

  it('refuses a policy that is not in the plan, and names the next step', async () => {
    const { dispatch } = world();
    const hint = expect.stringContaining('deploy');
    await expect(dispatch({ policy: 'gone' })).rejects.toMatchObject({ code: 'input-invalid', hint });
  });
});
