import { scratchName } from '../../../lib/domain/names.ts';
import type { ScratchRecord } from '../../../lib/domain/runs/scratch-record.ts';
import { estimateOf } from '../../../lib/restore/instance/budget.ts';
import { findDeadRuns } from '../../../lib/workflows/watch/dead-runs.ts';
import { evidence } from '../../support/builders.ts';
import { memoryVault } from '../../support/doubles/vault.ts';
import {
  instanceOf,
  jobOf,
  NOW,
  nameOf,
  proofOf,
  type RehearsalWorld,
  rehearsalWorld,
} from '../../support/rehearsals.ts';

const at = (minute: number) => `2026-11-20T11:${String(minute).padStart(2, '0')}:00Z`;
const jobAt = (minute: number) => jobOf('snapshot', { scheduledFor: at(minute) });

/** A scratch instance of this policy that is on record and, when its turn has come, standing. */
function standing(changes: Partial<ScratchRecord> = {}): ScratchRecord {
  return {
    target: 'erp',
    policy: 'production',
    name: scratchName('test', 'erp', { job: 'rehearse-snapshot', target: 'erp', scheduledFor: at(0) }),
    kind: 'rds',
    run: `rehearse-snapshot/erp/${at(0)}`,
    state: 'making',
    beganAt: '2026-11-20T11:00:00Z',
    expiresAt: '2026-11-21T11:00:00Z',
    ...changes,
  };
}

describe('the turn of a rehearsal', () => {
  it('comes when those before it are gone', async () => {
    const made = await rehearsalWorld();
    const before = standing();
    await made.catalog.beginScratch(before);
    let begunAt: Date | undefined;
    made.world.prove = () => proofOf();
    let pauses = 0;
    made.whilePaused(async (pause) => {
      if (!pause.startsWith('wait for its turn')) return;
      expect(made.scratch.callsOf('begin')).toEqual([]);
      expect(made.scratch.callsOf('quarantineParameters')).toEqual([]);
      if (++pauses === 5) {
        begunAt = made.clock.now();
        await made.catalog.endScratch(before, '2026-11-20T12:10:00Z');
      }
    });
    expect(await made.rehearse()).toMatchObject({ evidence: { outcome: 'passed' } });
    expect(pauses).toBe(5);
    expect(begunAt).toBeDefined();
  });

  it('costs nothing while it is waited for: the clock starts when it comes', async () => {
    const made = await rehearsalWorld();
    const before = standing();
    await made.catalog.beginScratch(before);
    made.whilePaused(async (pause) => {
      if (made.clock.now() > new Date('2026-11-20T15:00:00Z') && pause.startsWith('wait for its turn'))
        await made.catalog.endScratch(before, '2026-11-20T15:00:00Z');
    });
    const outcome = await made.rehearse();
    expect(await made.catalog.scratchSeconds('production', '2026-11')).toBeLessThan(600);
    expect(outcome).toMatchObject({ evidence: { rto: { met: true } } });
  });

  it.each([
    ['another policy’s', { policy: 'staging' }],
    ['a later one', { beganAt: '2026-11-20T12:00:01Z' }],
  ])('does not wait for %s', async (_what, changes) => {
    const made = await rehearsalWorld();
    await made.catalog.beginScratch(standing(changes));
    const waited: string[] = [];
    made.whilePaused((pause) => void waited.push(pause));
    await made.rehearse();
    expect(waited.filter((pause) => pause.startsWith('wait for its turn'))).toEqual([]);
  });

  it('that never comes is given up, says behind whom, and makes nothing', async () => {
    const made = await rehearsalWorld({ policy: instanceOf({ deadline: 7200 }) });
    const before = standing();
    await made.catalog.beginScratch(before);
    expect(await made.rehearse()).toMatchObject({
      evidence: {
        outcome: 'failed',
        strength: 'none',
        error: { kind: 'unjudged', code: 'scratch-busy', message: expect.stringContaining(before.name) },
      },
    });
    expect(made.scratch.callsOf('begin')).toEqual([]);
    expect((await made.catalog.openScratches()).map(({ name }) => name)).toEqual([before.name]);
    expect(made.scratchSecrets.left()).toEqual([]);
  });

  it('is never more than the policy allows at once, although each is killed as it begins', async () => {
    for (const atOnce of [1, 2]) {
      const made = await rehearsalWorld({ policy: instanceOf({ atOnce }) });
      const order: string[] = [];
      let most = 0;
      made.world.prove = ({ name }) => {
        order.push(name);
        return proofOf();
      };
      const jobs = [1, 2, 3, 4].map(jobAt);
      const count = () => {
        most = Math.max(most, made.scratch.left().filter((thing) => thing.startsWith('instance')).length);
      };
      made.whilePaused(count);
      const runs = [];
      for (const job of jobs) {
        const execution = made.execution();
        await execution.run(made.bodyOf(job), { at: 'put the scratch instance on record', when: 'kept' });
        runs.push({ job, execution });
        await made.clock.advance(1);
      }
      await Promise.all(runs.reverse().map(({ job, execution }) => execution.run(made.bodyOf(job))));
      expect([atOnce, most]).toEqual([atOnce, atOnce]);
      expect(order).toHaveLength(4);
      if (atOnce === 1) expect(order).toEqual(jobs.map(nameOf));
      expect(await made.left()).toEqual([]);
    }
  });

  it('is never more than the policy allows, nor its hours, when all begin at one moment and no list knows of any yet', async () => {
    const atOnceOf = async (policy: Parameters<typeof instanceOf>[0]) => {
      const made = await rehearsalWorld({ policy: instanceOf(policy) });
      made.deps.catalog = { ...made.catalog, openScratches: async () => [] };
      let most = 0;
      made.world.prove = () => proofOf();
      made.whilePaused(() => {
        most = Math.max(most, made.scratch.left().filter((thing) => thing.startsWith('instance')).length);
      });
      const jobs = [1, 2, 3, 4].map(jobAt);
      const endings = await Promise.all(jobs.map((job) => made.execution().run(made.bodyOf(job))));
      const outcomes = endings.map((ending) =>
        ending.died || ending.result.outcome !== 'rehearsed'
          ? 'refused'
          : (ending.result.evidence.error?.code ?? 'passed'),
      );
      return { most, outcomes: outcomes.sort() };
    };
    expect(await atOnceOf({ atOnce: 2 })).toEqual({
      most: 2,
      outcomes: ['passed', 'passed', 'passed', 'passed'],
    });
    expect(await atOnceOf({ atOnce: 4, hoursAMonth: 1.5 })).toEqual({
      most: 1,
      outcomes: ['passed', 'scratch-budget', 'scratch-budget', 'scratch-budget'],
    });
  });

  it('is not taken from one that stands already, by one that was planned before and put on record later', async () => {
    const made = await rehearsalWorld();
    const [slow, quick] = [jobAt(1), jobAt(2)];
    const late = made.execution();
    await late.run(made.bodyOf(slow), { at: 'choose what to restore', when: 'kept' });
    await made.clock.advance(5);
    await made.execution().run(made.bodyOf(quick), { at: 'begin the restore', when: 'done' });
    await late.run(made.bodyOf(slow), { at: 'begin the restore', when: 'before' });
    expect(made.scratch.left().filter((thing) => thing.startsWith('instance'))).toEqual([
      `instance ${nameOf(quick)}`,
    ]);
    expect(late.history.map(({ name }) => name)).not.toContain('make its parameters');
  });
});

describe('a rehearsal of which everything takes as long as it may', () => {
  it('keeps its claim and its instance until it is done', async () => {
    const made = await rehearsalWorld({ kind: 'aurora', policy: instanceOf({ hoursAMonth: 1000 }) });
    const before = standing({ expiresAt: '2026-11-30T00:00:00Z' });
    await made.catalog.beginScratch(before);
    const past = (hours: number) =>
      made.clock.now().getTime() > Date.parse('2026-11-20T12:00:00Z') + hours * 3_600_000;
    const { look } = made.scratch;
    made.deps.scratch = {
      ...made.scratch,
      look: async (kind, name) => {
        const state = await look(kind, name);
        if (!state) return undefined;
        const members = state.members.map((member) => ({
          ...member,
          state: past(23.4) ? ('ready' as const) : ('coming' as const),
        }));
        const upAt = past(15.6) ? ('ready' as const) : ('coming' as const);
        return { ...state, state: upAt, members, pending: !past(24.2) };
      },
    };
    const lost: string[] = [];
    made.whilePaused(async (pause) => {
      if (past(7.8)) await made.catalog.endScratch(before, '2026-11-20T19:48:00Z');
      await findDeadRuns({ ...made.deps, vault: memoryVault(made.clock) }, made.clock.now());
      await made.sweep();
      if ((await made.catalog.openRuns()).length === 0) lost.push(pause);
    });
    const outcome = await made.rehearse();
    expect(lost).toEqual([]);
    expect(outcome).toMatchObject({
      outcome: 'rehearsed',
      evidence: { strength: 'bounded', bounded: { unbounded: 0 } },
    });
  });
});

describe('the hours of a month', () => {
  const spent = async (made: RehearsalWorld, hours: number, changes: Partial<ScratchRecord> = {}) => {
    const record = standing({ beganAt: '2026-11-10T00:00:00Z', ...changes });
    await made.catalog.beginScratch(record);
    const seen = await made.catalog.standing(record.policy);
    await made.catalog.startScratch(record, record.beganAt, record.expiresAt, seen);
    if (hours >= 0)
      await made.catalog.endScratch(
        record,
        new Date(Date.parse(record.beganAt) + hours * 3_600_000).toISOString(),
      );
  };
  /** Allowed are four hours, and a rehearsal is expected to take one. */
  const four = () => rehearsalWorld({ policy: instanceOf({ hoursAMonth: 4 }) });

  it('are enough until the next one would not fit any more', async () => {
    const made = await four();
    await spent(made, 3);
    expect(await made.rehearse()).toMatchObject({ outcome: 'rehearsed' });
  });

  it('used up refuse the rehearsal before anything is made, and say what was used, allowed and expected', async () => {
    const made = await four();
    await spent(made, 3.01);
    expect(await made.rehearse()).toMatchObject({
      outcome: 'refused',
      code: 'scratch-budget',
      summary: expect.stringMatching(/181 min|3 h 1 min.*4 h.*60 min/),
      hint: expect.stringContaining('hoursAMonth'),
    });
    expect(made.scratch.calls).toEqual([]);
    expect(await made.left()).toEqual([]);
    expect(await made.open()).toEqual(['job-failed rehearse-snapshot', 'scratch-budget production']);
  });

  it('count those that stand now', async () => {
    const made = await rehearsalWorld({ policy: instanceOf({ hoursAMonth: 4, atOnce: 5 }) });
    await spent(made, -1, { beganAt: '2026-11-20T08:30:00Z' });
    expect(await made.rehearse()).toMatchObject({ outcome: 'refused', code: 'scratch-budget' });
  });

  it.each([
    ['another policy’s', { policy: 'staging' }],
    ['last month’s', { beganAt: '2026-10-10T00:00:00Z' }],
  ])('are not used by %s', async (_what, changes) => {
    const made = await four();
    await spent(made, 100, changes);
    expect(await made.rehearse()).toMatchObject({ outcome: 'rehearsed' });
  });

  it('are not used by another policy’s that stands now', async () => {
    const made = await four();
    await spent(made, -1, { policy: 'staging' });
    expect(await made.rehearse()).toMatchObject({ outcome: 'rehearsed' });
  });

  it('are held against the longest of the last three of its sort', async () => {
    const made = await four();
    const took = (hour: number, hours: number, job = 'rehearse-snapshot') =>
      made.catalog.addEvidence(
        evidence(`2026-11-19T0${hour}:00:00Z`, {
          run: `${job}/crm/2026-11-19T0${hour}:00:00Z`,
          phases: [
            { name: 'restore', seconds: hours * 3000 },
            { name: 'tear down', seconds: hours * 600 },
          ],
        }),
      );
    await took(1, 9);
    await took(2, 2);
    await took(3, 2.5);
    await took(4, 1);
    await took(5, 8, 'rehearse-moment');
    await spent(made, 1.5);
    const outcome = await made.rehearse();
    expect(outcome).toMatchObject({ outcome: 'rehearsed' });
    expect(JSON.stringify(outcome)).toContain('about 2 h 30 min');
    const tight = await four();
    await tight.catalog.addEvidence(
      evidence('2026-11-19T01:00:00Z', {
        run: 'rehearse-snapshot/crm/x',
        phases: [{ name: 'restore', seconds: 9000 }],
      }),
    );
    await spent(tight, 1.6);
    expect(await tight.rehearse()).toMatchObject({ code: 'scratch-budget' });
  });

  it('are said beforehand with what they cost', async () => {
    const made = await rehearsalWorld({ policy: instanceOf({ pricePerHour: 0.082 }) });
    await made.rehearse();
    const planned = made.deps.log.lines.find(({ message }) => message.includes('is planned'));
    const figures = { seconds: 3600, guessed: true, dollars: 0.09, used: 0, allowed: 86_400 };
    expect(planned?.fields['estimate']).toEqual(figures);
  });

  it('cost ten minutes at least, as RDS bills them, and are a guess no longer once one was measured', async () => {
    const made = await rehearsalWorld({ policy: instanceOf({ pricePerHour: 6 }) });
    await made.catalog.addEvidence(
      evidence(NOW, {
        run: 'rehearse-snapshot/crm/2026-11-19T12:00:00Z',
        rto: { promised: 1, achieved: 1, met: true },
        phases: [{ name: 'restore', seconds: 60 }],
      }),
    );
    const estimate = await estimateOf(made.deps.plan.targets[0]!, 'rehearse-snapshot', made.deps);
    expect(estimate).toMatchObject({ seconds: 60, dollars: 1 });
    expect(estimate).not.toHaveProperty('guessed');
  });

  it('are not promised to several that wait for the same last one', async () => {
    const made = await four();
    await spent(made, 2.5);
    const outcomes = [];
    for (const minute of [1, 2, 3]) {
      const execution = made.execution();
      const ending = await execution.run(made.bodyOf(jobAt(minute)), {
        at: 'make its parameters',
        when: 'before',
      });
      outcomes.push(ending.died ? 'begun' : ending.result.outcome);
    }
    expect(outcomes).toEqual(['begun', 'refused', 'refused']);
  });

  it('are counted again when the clock starts: of two planned at once for the last one, one begins', async () => {
    const made = await rehearsalWorld({ policy: instanceOf({ hoursAMonth: 4, atOnce: 2 }) });
    await spent(made, 2.5);
    const runs = [1, 2].map((minute) => ({ job: jobAt(minute), execution: made.execution() }));
    for (const { job, execution } of runs)
      await execution.run(made.bodyOf(job), { at: 'put the scratch instance on record', when: 'kept' });
    const endings = [];
    for (const { job, execution } of runs)
      endings.push(await execution.run(made.bodyOf(job), { at: 'make its parameters', when: 'before' }));
    const refused = {
      died: false,
      result: expect.objectContaining({
        evidence: expect.objectContaining({
          outcome: 'failed',
          error: expect.objectContaining({ kind: 'unjudged', code: 'scratch-budget' }),
        }),
      }),
    };
    expect(endings).toEqual([{ died: true }, refused]);
    expect(made.scratch.callsOf('quarantineParameters')).toEqual([]);
    expect(await made.left()).toEqual([`record ${nameOf(runs[0]!.job)}`]);
  });
});
