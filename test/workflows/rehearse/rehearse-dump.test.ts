import { raise } from '../../../lib/alerting/alerts.ts';
import { finding } from '../../../lib/domain/findings/finding.ts';
import { vaultKeys } from '../../../lib/domain/names.ts';
import {
  counts,
  type DumpPoint,
  foundBad,
  type RecoveryPoint,
} from '../../../lib/domain/points/recovery-point.ts';
import type { Evidence } from '../../../lib/domain/proof/evidence.ts';
import type { RehearseJob } from '../../../lib/domain/runs/job.ts';
import type { ScratchResult } from '../../../lib/restore/on-server.ts';
import { formatEvidence } from '../../../lib/workflows/rehearse/format-evidence.ts';
import type { RehearsalOutcome } from '../../../lib/workflows/rehearse/rehearse.ts';
import { rehearseDump } from '../../../lib/workflows/rehearse/rehearse-dump.ts';
import { formatEvidenceLines } from '../../../scripts/cli/format-evidence-lines.ts';
import { point as dumpPoint } from '../../support/builders.ts';
import { memoryAlerts } from '../../support/doubles/alerts.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryExecution } from '../../support/doubles/durable.ts';
import { faulty } from '../../support/doubles/faults.ts';
import { recordingLog } from '../../support/doubles/log.ts';
import { recordingMetrics } from '../../support/doubles/metrics.ts';
import { planWith } from '../../support/plan.ts';

const NOW = '2026-11-20T02:00:00Z';
const JOB: RehearseJob = {
  job: 'rehearse',
  target: 'crm',
  scheduledFor: NOW,
  requestedBy: 'schedule',
  simulation: false,
};

const EQUAL: ScratchResult = {
  phases: [
    { name: 'server', seconds: 1 },
    { name: 'fetch', seconds: 2 },
    { name: 'restore', seconds: 30 },
    { name: 'proof', seconds: 500 },
  ],
  proof: {
    strength: 'exact',
    equal: true,
    differences: [],
    differenceCount: 0,
    compared: { tables: 4, rows: '1000', objects: 9, sequences: 1, largeObjects: '0' },
  },
  assertions: [],
  leftOut: [],
  notes: [],
};
const DIFFERENT: ScratchResult = {
  ...EQUAL,
  proof: {
    ...EQUAL.proof!,
    equal: false,
    differenceCount: 1,
    differences: [
      {
        kind: 'rows',
        name: 'public.leads',
        what: 'changed',
        detail: '3 rows in both, but not the same ones',
      },
    ],
  },
};
const BROKEN: ScratchResult = {
  phases: [],
  assertions: [],
  leftOut: [],
  notes: [],
  failure: { kind: 'bad', code: 'restore-failed', message: 'pg_restore exited with 1' },
};
const TOO_SMALL: ScratchResult = {
  ...BROKEN,
  failure: { kind: 'unjudged', code: 'scratch-too-small', message: 'there is no room', hint: 'Fargate' },
};

/** A target with verified dumps of three nights, the newest last. */
async function world() {
  const clock = manualClock(NOW);
  const catalog = memoryCatalog(clock);
  const alerts = memoryAlerts();
  const points: RecoveryPoint[] = [];
  for (const scheduledFor of ['2026-11-18T01:00:00Z', '2026-11-19T01:00:00Z', '2026-11-20T01:00:00Z']) {
    const claimed = await catalog.claim({
      job: 'dump',
      target: 'crm',
      scheduledFor,
      requestedBy: 'schedule',
      now: new Date(scheduledFor),
      leaseSeconds: 60,
    });
    if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome);
    const keys = vaultKeys('crm', scheduledFor, 1);
    const point: RecoveryPoint = {
      id: `${scheduledFor.replace(/[-:]/g, '')}-1`,
      target: 'crm',
      kind: 'dump',
      place: 'vault',
      state: 'creating',
      scheduledFor,
      keys,
    };
    const object = { key: keys.manifest, versionId: 'v', bytes: 1, sha256: 'a'.repeat(64) };
    await catalog.putPoint(claimed.claim, point);
    await catalog.putPoint(claimed.claim, {
      ...point,
      state: 'available',
      snapshotAt: scheduledFor,
      availableAt: scheduledFor,
      manifest: object,
    });
    await catalog.movePoint('crm', point.id, 'verified');
    points.push(point);
  }
  const deps = {
    catalog,
    alerts,
    clock,
    metrics: recordingMetrics(),
    log: recordingLog(),
    plan: planWith(),
    stage: 'test',
    scratchFunction: 'scratch',
    pick: () => 1,
  };
  const told = () =>
    alerts.taken
      .splice(0)
      .filter(({ topic }) => topic === 'alerts')
      .map(({ json }) => `${json['occasion']} ${json['code']} ${json['subject']}`);
  return { deps, catalog, clock, points, newest: points[2]!, told };
}

async function once(
  deps: Awaited<ReturnType<typeof world>>['deps'],
  result: ScratchResult | Error,
  job = JOB,
): Promise<RehearsalOutcome> {
  const execution = memoryExecution({
    scratch: async () => (result instanceof Error ? Promise.reject(result) : result),
  });
  const ended = await execution.run((durable) => rehearseDump(job, durable, deps));
  if (ended.died) throw new Error('it died');
  return ended.result;
}

const evidenceOf = (outcome: RehearsalOutcome): Evidence => (outcome as { evidence: Evidence }).evidence;

describe('a rehearsal', () => {
  it('takes the newest verified point, measures RTO without the proof and RPO from the snapshot, and keeps the evidence', async () => {
    const { deps, catalog, newest, told } = await world();
    const evidence = evidenceOf(await once(deps, EQUAL));
    expect(evidence).toMatchObject({
      point: newest.id,
      outcome: 'passed',
      strength: 'exact',
      operator: 'schedule',
      rto: { promised: 3600, achieved: 33, met: true },
      rpo: { achieved: 3600, promised: 93_600, met: true },
    });
    expect(await catalog.evidence('crm', 5)).toEqual([evidence]);
    expect(await catalog.point('crm', newest.id)).toMatchObject({ state: 'rehearsed' });
    expect(told()).toEqual([]);
  });

  it('takes any retained point by chance where the policy says so', async () => {
    const { deps, points } = await world();
    const plan = planWith({ policy: 'rehearsal: { point: random }' });
    expect(evidenceOf(await once({ ...deps, plan }, EQUAL)).point).toBe(points[1]!.id);
  });

  it('marks a point corrupt that is not equal to its source, and names the table', async () => {
    const { deps, catalog, newest, told } = await world();
    expect(evidenceOf(await once(deps, DIFFERENT))).toMatchObject({ outcome: 'failed', strength: 'none' });
    expect(await catalog.point('crm', newest.id)).toMatchObject({
      state: 'corrupt',
      why: expect.stringContaining('public.leads'),
    });
    expect(told()).toEqual([`opened proof-mismatch ${newest.id}`]);
  });

  it('does not let the rehearsal of an older point take that back', async () => {
    const { deps, points, newest, told } = await world();
    await once(deps, DIFFERENT);
    told();
    await once(deps, EQUAL, { ...JOB, scheduledFor: '2026-11-20T02:05:00Z', point: points[0]!.id });
    expect(told()).toEqual([]);
    expect(await deps.catalog.openFindings('crm')).toContainEqual(
      expect.objectContaining({ subject: newest.id }),
    );
  });

  it('does not let an older point’s right answer take a newer one’s wrong one back', async () => {
    const { deps, points, told } = await world();
    const answered = (passed: boolean): ScratchResult => ({
      ...EQUAL,
      assertions: [{ name: 'orders came in', passed, detail: 'is 3' }],
    });
    await once(deps, answered(false));
    expect(told()).toEqual(['opened assertion-failed orders came in']);
    await once(deps, answered(true), { ...JOB, scheduledFor: '2026-11-20T02:05:00Z', point: points[0]!.id });
    expect(told()).toEqual([]);
    await once(deps, answered(true), { ...JOB, scheduledFor: '2026-11-20T02:10:00Z' });
    expect(told()).toEqual(['resolved assertion-failed orders came in']);
  });

  it('opens another finding for a question without an answer, which takes no wrong answer back', async () => {
    const { deps, told } = await world();
    const answered = (passed: boolean, unasked?: true): ScratchResult => ({
      ...EQUAL,
      assertions: [{ name: 'orders came in', passed, detail: 'is 3', ...(unasked ? { unasked } : {}) }],
    });
    await once(deps, answered(false));
    await once(deps, answered(false, true), { ...JOB, scheduledFor: '2026-11-20T02:05:00Z' });
    expect(told()).toEqual([
      'opened assertion-failed orders came in',
      'opened assertion-unanswered orders came in',
    ]);
    await once(deps, answered(true), { ...JOB, scheduledFor: '2026-11-20T02:10:00Z' });
    expect(told().sort()).toEqual([
      'resolved assertion-failed orders came in',
      'resolved assertion-unanswered orders came in',
    ]);
  });

  describe('what is found bad about a point stays with it', () => {
    const again = (minute: string, point?: string): RehearseJob => ({
      ...JOB,
      scheduledFor: `2026-11-20T02:${minute}:00Z`,
      ...(point ? { point } : {}),
    });
    const bad = { outcome: 'failed', at: NOW, strength: 'none', run: `rehearse/crm/${NOW}` };

    it.each([
      ['restore-failed', BROKEN, 'verified'],
      ['proof-mismatch', DIFFERENT, 'corrupt'],
    ])(
      'a pass of a newer one takes the alert of %s back and not the verdict',
      async (code, result, state) => {
        const { deps, catalog, points, told } = await world();
        const older = points[1]!.id;
        await once(deps, result, { ...JOB, point: older });
        await once(deps, EQUAL, again('05'));
        expect(told()).toEqual([`opened ${code} ${older}`, `resolved ${code} ${older}`]);
        const known = await catalog.point('crm', older);
        expect(known).toMatchObject({ state, rehearsal: { ...bad, code } });
        expect([counts(known!), foundBad(known!)]).toEqual([false, code]);
      },
    );

    it('counts for nothing: neither for the RPO nor for the next rehearsal', async () => {
      const { deps, catalog, points, newest } = await world();
      await once(deps, BROKEN);
      const status = await catalog.refreshStatus('crm');
      expect(status.newestPoint).toMatchObject({ id: newest.id, bad: 'restore-failed' });
      expect(status.newestVerified).toMatchObject({ id: points[1]!.id });
      expect(evidenceOf(await once(deps, EQUAL, again('05')))).toMatchObject({ point: points[1]!.id });
    });

    it.each([
      ['restore-failed', BROKEN],
      ['proof-mismatch', DIFFERENT],
    ])('a pass of the same point lifts %s', async (_code, result) => {
      const { deps, catalog, newest } = await world();
      await once(deps, result);
      await once(deps, EQUAL, again('05', newest.id));
      const known = (await catalog.point('crm', newest.id))!;
      expect(known.rehearsal).toMatchObject({ outcome: 'passed', strength: 'exact' });
      expect([known.state, counts(known), foundBad(known)]).toEqual(['rehearsed', true, undefined]);
    });

    it('a rehearsal that could not be tried says nothing about it, before or after', async () => {
      const { deps, catalog, newest } = await world();
      await once(deps, TOO_SMALL);
      expect(await catalog.point('crm', newest.id)).not.toHaveProperty('rehearsal');
      await once(deps, BROKEN, again('05'));
      await once(deps, TOO_SMALL, again('10', newest.id));
      expect(foundBad((await catalog.point('crm', newest.id))!)).toBe('restore-failed');
    });

    it('a wrong answer is not held against the point', async () => {
      const { deps, catalog, newest } = await world();
      await once(deps, { ...EQUAL, assertions: [{ name: 'a', passed: false, detail: 'is 3' }] });
      const known = (await catalog.point('crm', newest.id))!;
      expect(known).toMatchObject({
        state: 'rehearsed',
        rehearsal: { outcome: 'failed', code: 'assertion-failed', strength: 'exact' },
      });
      expect(counts(known)).toBe(true);
    });

    it('the vault’s replica of it is the same bytes', async () => {
      const { deps, catalog, newest } = await world();
      const { place: _place, ...rest } = (await catalog.point('crm', newest.id)) as DumpPoint;
      const replica = `${newest.id}@replica`;
      await catalog.adoptPoint({ ...rest, id: replica, place: 'replica', state: 'verified' });
      await once(deps, BROKEN);
      expect(counts((await catalog.point('crm', replica))!)).toBe(false);
      await once(deps, EQUAL, again('05', newest.id));
      expect(counts((await catalog.point('crm', replica))!)).toBe(true);
    });
  });

  it('keeps the evidence of a restore that failed, and leaves the point verified', async () => {
    const { deps, catalog, newest, told } = await world();
    const failure = { ...BROKEN.failure!, hint: 'fix it at the source' };
    expect(evidenceOf(await once(deps, { ...BROKEN, failure }))).toMatchObject({
      outcome: 'failed',
      findings: [expect.objectContaining({ code: 'restore-failed', next: failure.hint })],
    });
    expect(await catalog.point('crm', newest.id)).toMatchObject({ state: 'verified' });
    expect(told()).toEqual([`opened restore-failed ${newest.id}`]);
  });

  it.each<[string, ScratchResult | Error]>([
    ['was refused beforehand', TOO_SMALL],
    ['lost its function', new Error('Runtime exited: out of memory')],
  ])('that %s says nothing about the point: the run failed, and that is told', async (_, result) => {
    const { deps, catalog, newest, told } = await world();
    expect(evidenceOf(await once(deps, result))).toMatchObject({
      outcome: 'failed',
      findings: [],
      error: { kind: 'unjudged' },
    });
    expect(await catalog.run({ job: 'rehearse', target: 'crm', scheduledFor: NOW })).toMatchObject({
      state: 'failed',
    });
    expect(await catalog.point('crm', newest.id)).toMatchObject({ state: 'verified' });
    expect(told()).toEqual(['opened job-failed rehearse']);
  });

  it('of a target without a verified point has failed, loudly', async () => {
    const { deps, catalog, points, told } = await world();
    for (const point of points) await catalog.movePoint('crm', point.id, 'corrupt');
    expect(await once(deps, EQUAL)).toMatchObject({ outcome: 'refused' });
    expect(told()).toEqual(['opened job-failed rehearse']);
  });

  describe('of a point that its message names and that cannot be rehearsed', () => {
    it.each([
      ['nobody knows', '20261121T010000Z-1', undefined, 'crm has no recovery point 20261121T010000Z-1'],
      ['is failed', '20261121T010000Z-1', 'failed', 'is failed (the disk was full): nothing is stored'],
      ['is still being made', '20261121T010000Z-1', 'creating', 'is still being made'],
      ['was deleted', '20261121T010000Z-1', 'expired', 'was deleted by retention'],
    ] as const)('because it %s, begins no run and pages nobody', async (_what, point, state, said) => {
      const { deps, catalog, told } = await world();
      const { alerts } = deps;
      if (state)
        await catalog.adoptPoint({
          ...dumpPoint('2026-11-21T01:00:00Z', { state, why: 'the disk was full' }),
        });
      const job = { ...JOB, point };
      for (const _delivery of [1, 2])
        expect(await once(deps, EQUAL, job)).toMatchObject({
          outcome: 'refused',
          summary: expect.stringContaining(said),
        });
      expect(told()).toEqual([`opened point-unusable ${point}`]);
      expect(alerts.take('pages')).toEqual([]);
      expect(await catalog.run({ job: 'rehearse', target: 'crm', scheduledFor: NOW })).toBeUndefined();
    });

    it('is no news where this very run was done before the point went', async () => {
      const { deps, catalog, newest, told } = await world();
      await once(deps, EQUAL, { ...JOB, point: newest.id });
      await catalog.movePoint('crm', newest.id, 'expiring');
      expect(await once(deps, EQUAL, { ...JOB, point: newest.id })).toMatchObject({ outcome: 'done-before' });
      expect(told()).toEqual([]);
    });
  });

  describe('of a dump that was restored without some of it', () => {
    const without: ScratchResult = {
      ...EQUAL,
      leftOut: ['pg_cron'],
      exceptions: ['extension pg_cron', 'function public.f(integer)'],
    };
    const leaveOut = 'rehearsal: { leaveOut: [extension pg_cron, "function public.f(integer)"] }';

    it('names in evidence, summary, command and status what the policy leaves out', async () => {
      const { deps, told } = await world();
      const evidence = evidenceOf(await once({ ...deps, plan: planWith({ policy: leaveOut }) }, without));
      expect(evidence).toMatchObject({
        outcome: 'passed',
        strength: 'exact',
        exceptions: without.exceptions,
      });
      expect(told()).toEqual([]);
      expect(formatEvidence(evidence)).toContain(
        'equal to its source but for what was left out (extension pg_cron, function public.f(integer))',
      );
      expect(formatEvidenceLines(evidence).join('\n')).toMatch(
        /row by row, but for what was left out[\s\S]*left out {4}function public\.f\(integer\)/,
      );
      const status = await deps.catalog.refreshStatus('crm');
      expect(status.lastRehearsal).toMatchObject({ exceptions: without.exceptions });
    });

    it('raises a finding for an extension that the policy does not name', async () => {
      const { deps, told } = await world();
      await once(deps, without);
      expect(told()).toEqual(['opened extension-left-out pg_cron']);
    });
  });

  it('says that the RTO was breached', async () => {
    const { deps, told } = await world();
    await once(deps, { ...EQUAL, phases: [{ name: 'restore', seconds: 3601 }] });
    expect(told()).toEqual(['opened rto-breached rehearsal']);
  });

  it('is told although its evidence cannot be kept', async () => {
    const { deps, newest, told } = await world();
    const catalog = faulty(deps.catalog);
    catalog.fail('addEvidence', new Error('throttled'));
    expect(await once({ ...deps, catalog: catalog.port }, DIFFERENT)).toMatchObject({ outcome: 'refused' });
    expect(told()).toEqual([`opened proof-mismatch ${newest.id}`, 'opened job-failed rehearse']);
  });

  it('delivered twice is done once', async () => {
    const { deps, catalog } = await world();
    await once(deps, EQUAL);
    expect(await once(deps, DIFFERENT)).toMatchObject({ outcome: 'done-before' });
    expect(await catalog.evidence('crm', 9)).toHaveLength(1);
  });

  it('writes nothing more once another worker has taken its run over', async () => {
    const { deps, catalog, newest, told } = await world();
    const { finish } = catalog;
    const taken = {
      ...catalog,
      finish: async (...[claim, ending]: Parameters<typeof finish>) =>
        finish({ ...claim, token: 'another' }, ending),
    };
    expect(await once({ ...deps, catalog: taken }, EQUAL)).toMatchObject({ outcome: 'held' });
    expect(told()).toEqual([]);
    expect(await catalog.point('crm', newest.id)).toMatchObject({ state: 'rehearsed' });
  });

  it.each(['expiring', 'expired'] as const)(
    'does not accuse a point that is %s meanwhile of being gone',
    async (state) => {
      const { deps, catalog, newest, told } = await world();
      const execution = memoryExecution({
        scratch: async () => {
          await catalog.movePoint('crm', newest.id, 'expiring');
          if (state === 'expired') await catalog.movePoint('crm', newest.id, 'expired');
          return { ...BROKEN, failure: { kind: 'bad', code: 'artifact-missing', message: 'it is gone' } };
        },
      });
      await execution.run((durable) => rehearseDump(JOB, durable, deps));
      expect((await catalog.evidence('crm', 1))[0]).toMatchObject({
        error: { kind: 'unjudged', code: 'point-expired' },
        findings: [],
      });
      expect(told()).toEqual(['opened job-failed rehearse']);
    },
  );

  it('leaves open that the hours of scratch instances are used up: it needs none of them', async () => {
    const { deps, told } = await world();
    const policy = deps.plan.targets[0]!.policy.name;
    const used = finding('scratch-budget', { target: { id: 'crm' }, subject: policy, message: 'used up' });
    await raise(deps, used);
    await once(deps, EQUAL);
    expect(told()).toEqual([`opened scratch-budget ${policy}`]);
  });

  it('that a person canceled stays on record as that, and no alert goes out', async () => {
    const { deps, catalog, told } = await world();
    const execution = memoryExecution({
      scratch: async () => {
        const run = (await catalog.run({ job: 'rehearse', target: 'crm', scheduledFor: NOW }))!;
        const error = { code: 'cancelled', message: 'cancelled by anna' };
        await catalog.finish(
          { ...run, token: run.claimToken },
          { state: 'failed', endedAt: NOW, summary: error.message, error },
        );
        throw new Error('the process was interrupted');
      },
    });
    await execution.run((durable) => rehearseDump(JOB, durable, deps));
    expect(told()).toEqual([]);
    expect(await catalog.run({ job: 'rehearse', target: 'crm', scheduledFor: NOW })).toMatchObject({
      state: 'failed',
      error: { code: 'cancelled' },
    });
  });

  it.each<[string, ScratchResult, string[]]>([
    ['judged its point', EQUAL, ['RehearsalPassed', 'JobSucceeded']],
    ['found it bad', DIFFERENT, ['RehearsalFailed', 'JobSucceeded']],
    ['could not be tried', TOO_SMALL, ['RehearsalFailed', 'JobFailed']],
  ])('that %s counts so', async (_, result, metrics) => {
    const { deps } = await world();
    await once(deps, result);
    expect(
      deps.metrics.counted.map(({ name }) => name).filter((name) => /^(Job|Rehearsal)/.test(name)),
    ).toEqual(metrics);
  });

  const STEPS = [
    'draw a claim token',
    'claim the run',
    'choose what to restore',
    'begin',
    'restore and prove',
    'tell',
    'keep the evidence',
    'mark the point',
    'finish the run',
    'bring the status up to date',
  ];
  it.each(STEPS.flatMap((at) => (['before', 'done', 'kept'] as const).map((when) => [at, when] as const)))(
    'killed at "%s", %s, comes to the same end when it is replayed',
    async (at, when) => {
      const { deps, catalog, newest, told } = await world();
      const execution = memoryExecution({ scratch: async () => DIFFERENT });
      const body = (durable: Parameters<Parameters<typeof execution.run>[0]>[0]) =>
        rehearseDump(JOB, durable, deps);
      expect(await execution.run(body, { at, when })).toEqual({ died: true });
      expect(await execution.run(body)).toMatchObject({ died: false, result: { outcome: 'rehearsed' } });
      expect(await catalog.run({ job: 'rehearse', target: 'crm', scheduledFor: NOW })).toMatchObject({
        state: 'succeeded',
        attempt: 1,
      });
      expect(await catalog.point('crm', newest.id)).toMatchObject({ state: 'corrupt' });
      expect(await catalog.evidence('crm', 9)).toHaveLength(1);
      expect(told()).toEqual([`opened proof-mismatch ${newest.id}`]);
    },
  );
});
