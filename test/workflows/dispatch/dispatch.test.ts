import type { Plan } from '../../../lib/domain/plan/policy.ts';
import type { JobMessage, Tick } from '../../../lib/domain/runs/job.ts';
import { dispatch } from '../../../lib/workflows/dispatch/dispatch.ts';
import { memoryMessages } from '../../support/doubles/job-messages.ts';
import { recordingLog } from '../../support/doubles/log.ts';
import { recordingMetrics } from '../../support/doubles/metrics.ts';
import { planWith } from '../../support/plan.ts';

const TICK: Tick = { policy: 'production', job: 'dump', scheduledFor: '2026-11-20T01:00:00Z' };

const world = (plan: Plan = planWith({ targets: ['a', 'b', 'c'] })) => ({
  plan,
  messages: memoryMessages(),
  metrics: recordingMetrics(),
  log: recordingLog(),
});

describe('dispatch', () => {
  it('publishes one message a target, named after the scheduled moment', async () => {
    const deps = world();
    expect(await dispatch(TICK, deps)).toEqual({ published: 3 });
    expect(deps.messages.take('dump')).toEqual(
      ['a', 'b', 'c'].map((target) => ({
        job: 'dump',
        target,
        scheduledFor: TICK.scheduledFor,
        requestedBy: 'schedule',
      })),
    );
  });

  it('reaches 10,000 targets in one tick, each once', async () => {
    const [target] = planWith().targets;
    const plan = {
      ...planWith(),
      targets: Array.from({ length: 10_000 }, (_, index) => ({ ...target!, id: `t${index}` })),
    };
    const deps = world(plan);
    expect(await dispatch(TICK, deps)).toEqual({ published: 10_000 });
    expect(new Set(deps.messages.take('dump').map((message) => message.target)).size).toBe(10_000);
  });

  it('asks for a simulation as a rehearsal with everything switched on', async () => {
    const deps = world();
    await dispatch({ ...TICK, job: 'simulation' }, deps);
    expect(deps.messages.take('rehearse')).toContainEqual(
      expect.objectContaining({ target: 'a', simulation: true }),
    );
  });

  it('asks for a row of the heartbeat only where a target has one', async () => {
    const plan = planWith({ targets: ['a', 'b', 'c'] });
    const targets = plan.targets.map((target) => ({ ...target, heartbeat: target.id === 'b' }));
    const deps = world({ ...plan, targets });
    expect(await dispatch({ ...TICK, job: 'heartbeat' }, deps)).toEqual({ published: 1 });
    expect(deps.messages.take('heartbeat')).toEqual([
      { job: 'heartbeat', target: 'b', scheduledFor: TICK.scheduledFor, requestedBy: 'schedule' },
    ]);
  });

  it('is loud about messages that were not taken, and misses none when it runs again', async () => {
    const deps = world();
    deps.messages.refuse((message) => message.target === 'b');
    await expect(dispatch(TICK, deps)).rejects.toMatchObject({
      code: 'dispatch-incomplete',
      message: expect.stringContaining('for b'),
    });
    expect(deps.metrics.sum('JobsUndispatched')).toBe(1);
    deps.messages.refuse();
    await dispatch(TICK, deps);
    expect(new Set(deps.messages.take('dump').map((message) => message.target))).toEqual(
      new Set(['a', 'b', 'c']),
    );
  });

  it('killed in the middle and run again leaves the same names twice at most, so that their work is done once', async () => {
    const deps = world();
    const half = {
      ...deps.messages,
      publishAll: async (messages: readonly JobMessage[]) => {
        await deps.messages.publishAll(messages.slice(0, 2));
        return new Promise<never>(() => undefined);
      },
    };
    void dispatch(TICK, { ...deps, messages: half });
    await new Promise((resolve) => setImmediate(resolve));
    await dispatch(TICK, deps);
    const names = deps.messages
      .take('dump')
      .map(({ job, target, scheduledFor }) => `${job}/${target}/${scheduledFor}`);
    expect([...new Set(names)].sort()).toEqual(
      ['a', 'b', 'c'].map((target) => `dump/${target}/${TICK.scheduledFor}`),
    );
  });

  it('refuses a policy that is not in the plan, and says what to do', async () => {
    await expect(dispatch({ ...TICK, policy: 'gone' }, world())).rejects.toMatchObject({
      code: 'input-invalid',
      hint: expect.stringContaining('deploy'),
    });
  });
});
