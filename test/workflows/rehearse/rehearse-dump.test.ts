import { counts, foundBad } from '../../../lib/domain/points/recovery-point.ts';
import type { Evidence } from '../../../lib/domain/proof/evidence.ts';
import type { RehearseJob } from '../../../lib/domain/runs/job.ts';
import type { Durable } from '../../../lib/ports/durable.ts';
import { formatEvidence } from '../../../lib/restore/conclude/format-evidence.ts';
import type { ScratchResult } from '../../../lib/restore/on-server.ts';
import type { RehearsalOutcome } from '../../../lib/workflows/rehearse/rehearse.ts';
import { rehearseDump } from '../../../lib/workflows/rehearse/rehearse-dump.ts';
import { formatEvidenceLines } from '../../../scripts/cli/format-evidence-lines.ts';
import { point } from '../../support/builders.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryDeps } from '../../support/doubles/deps.ts';
import { memoryExecution } from '../../support/doubles/durable.ts';
import { faulty } from '../../support/doubles/faults.ts';
import { deathsOf } from '../../support/executions.ts';
import { planWith } from '../../support/plan.ts';
import { raiseFinding } from '../../support/records.ts';
import { restoreRecord } from '../../support/restore-records.ts';

const NOW = '2026-11-20T02:00:00Z';
const RUN = { job: 'rehearse', target: 'crm', scheduledFor: NOW };
const JOB: RehearseJob = { ...RUN, job: 'rehearse', requestedBy: 'schedule', simulation: false };
const [OLDEST, OLDER, NEWEST] = ['20261118T010000Z-1', '20261119T010000Z-1', '20261120T010000Z-1'] as const;
const PLAN = planWith();
/** A later rehearsal, of this point if one is named. */
const again = (minute: string, named?: string): RehearseJob => ({
  ...JOB,
  scheduledFor: `2026-11-20T02:${minute}:00Z`,
  ...(named ? { point: named } : {}),
});

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
    differences: [{ kind: 'rows', name: 'public.leads', what: 'changed', detail: '3 rows in both' }],
  },
};
const failing = (failure: ScratchResult['failure']): ScratchResult => ({
  phases: [],
  assertions: [],
  leftOut: [],
  notes: [],
  failure,
});
const BROKEN = failing({
  kind: 'bad',
  code: 'restore-failed',
  message: 'pg_restore exited with 1',
  hint: 'fix it at the source',
});
const TOO_SMALL = failing({ kind: 'unjudged', code: 'scratch-too-small', message: 'there is no room' });
const answered = (passed: boolean, unasked?: true): ScratchResult => ({
  ...EQUAL,
  assertions: [{ name: 'orders came in', passed, detail: 'is 3', ...(unasked ? { unasked } : {}) }],
});

/** A target with verified dumps of three nights. */
async function world() {
  const base = memoryDeps(manualClock(NOW));
  const { catalog, alerts } = base;
  const manifest = { key: 'crm/x.manifest.json', versionId: 'v', bytes: 1, sha256: 'a'.repeat(64) };
  for (const day of [18, 19, 20]) await catalog.adoptPoint(point(`2026-11-${day}T01:00:00Z`, { manifest }));
  const deps = { ...base, plan: PLAN, scratchFunction: 'scratch', pick: () => 1 };
  /** One execution in which the scratch function answers this. */
  const execution = (scratch: () => Promise<ScratchResult>, job = JOB) => {
    const { run } = memoryExecution({ scratch });
    return (death?: Parameters<typeof run>[1]) => run((durable) => rehearseDump(job, durable, deps), death);
  };
  return {
    deps,
    catalog,
    execution,
    told: alerts.told,
    async once(result: ScratchResult | Error, job = JOB): Promise<RehearsalOutcome> {
      const answer = () => (result instanceof Error ? Promise.reject(result) : Promise.resolve(result));
      const ended = await execution(answer, job)();
      if (ended.died) throw new Error('it died');
      return ended.result;
    },
    newest: async () => (await catalog.point('crm', NEWEST))!,
    run: () => catalog.run(RUN),
  };
}

const evidenceOf = (outcome: RehearsalOutcome): Evidence => (outcome as { evidence: Evidence }).evidence;

describe('a rehearsal of a dump', () => {
  it('restores the newest verified dump, and measures the RTO without the proof and the RPO', async () => {
    const { once, catalog, newest, told } = await world();
    const evidence = evidenceOf(await once(EQUAL));
    expect(evidence).toMatchObject({
      point: NEWEST,
      outcome: 'passed',
      strength: 'exact',
      operator: 'schedule',
      rto: { promised: 3600, achieved: 33, met: true },
      rpo: { achieved: 3600, promised: 93_600, met: true },
    });
    expect(await catalog.evidence('crm', 5)).toEqual([evidence]);
    expect(await newest()).toMatchObject({ state: 'rehearsed' });
    expect(told()).toEqual([]);
  });

  it('restores any retained dump where the policy asks for a random one', async () => {
    const { once, deps } = await world();
    deps.plan = planWith({ policy: 'rehearsal: { point: random }' });
    expect(evidenceOf(await once(EQUAL)).point).toBe(OLDER);
  });

  it('marks a dump corrupt that differs from its source, and names the table', async () => {
    const { once, newest, told } = await world();
    expect(evidenceOf(await once(DIFFERENT))).toMatchObject({ outcome: 'failed', strength: 'none' });
    const why = expect.stringContaining('public.leads');
    expect(await newest()).toMatchObject({ state: 'corrupt', why });
    expect(told()).toEqual([`opened P0 proof-mismatch crm ${NEWEST}`]);
  });

  it('keeps a dump verified that does not restore, with the next step of its failure', async () => {
    const { once, newest, told } = await world();
    const findings = [{ code: 'restore-failed', next: 'fix it at the source' }];
    expect(evidenceOf(await once(BROKEN))).toMatchObject({ outcome: 'failed', findings });
    expect(await newest()).toMatchObject({ state: 'verified' });
    expect(told()).toEqual([`opened P0 restore-failed crm ${NEWEST}`]);
  });

  it.each<[string, ScratchResult | Error]>([
    ['is refused beforehand', TOO_SMALL],
    ['dies', new Error('Runtime exited: out of memory')],
  ])('fails without a word against the dump when its scratch function %s', async (_what, result) => {
    const { once, newest, told, run } = await world();
    const evidence = { outcome: 'failed', findings: [], error: { kind: 'unjudged' } };
    expect(evidenceOf(await once(result))).toMatchObject(evidence);
    expect(await run()).toMatchObject({ state: 'failed' });
    expect(await newest()).toMatchObject({ state: 'verified' });
    expect(told()).toEqual(['opened P1 job-failed crm rehearse']);
  });

  it('fails for a target without a verified dump', async () => {
    const { once, catalog, told } = await world();
    for (const id of [OLDEST, OLDER, NEWEST]) await catalog.movePoint('crm', id, 'corrupt');
    expect(await once(EQUAL)).toMatchObject({ outcome: 'refused' });
    expect(told()).toEqual(['opened P1 job-failed crm rehearse']);
  });

  it('reports a breached RTO', async () => {
    const { once, told } = await world();
    await once({ ...EQUAL, phases: [{ name: 'restore', seconds: 3601 }] });
    expect(told()).toEqual([expect.stringContaining('rto-breached crm rehearsal')]);
  });

  it('alerts about a mismatch although its evidence cannot be kept', async () => {
    const { once, deps, told } = await world();
    const catalog = faulty(deps.catalog);
    catalog.fail('addEvidence', new Error('throttled'));
    deps.catalog = catalog.port;
    expect(await once(DIFFERENT)).toMatchObject({ outcome: 'refused' });
    const mismatch = `opened P0 proof-mismatch crm ${NEWEST}`;
    expect(told()).toEqual([mismatch, 'opened P1 job-failed crm rehearse']);
  });

  it('does not begin while a person restores the target', async () => {
    const { once, catalog } = await world();
    const startedAt = '2026-11-20T01:50:00Z';
    await catalog.beginRestore(restoreRecord({ startedAt }));
    const summary = expect.stringContaining('anna has been restoring crm');
    expect(await once(EQUAL)).toEqual({ outcome: 'held', summary });
    expect(await catalog.run(RUN)).toBeUndefined();
    await catalog.putRestore(restoreRecord({ startedAt, state: 'not-done' }));
    expect(await once(EQUAL)).toMatchObject({ outcome: 'rehearsed' });
  });

  it('is done once, however often its message is delivered', async () => {
    const { once, catalog } = await world();
    await once(EQUAL);
    expect(await once(DIFFERENT)).toMatchObject({ outcome: 'done-before' });
    expect(await catalog.evidence('crm', 9)).toHaveLength(1);
  });

  it('writes nothing more after another worker has taken its run over', async () => {
    const { once, deps, catalog, newest, told } = await world();
    deps.catalog = {
      ...catalog,
      finish: (claim, ending) => catalog.finish({ ...claim, token: 'another' }, ending),
    };
    expect(await once(EQUAL)).toMatchObject({ outcome: 'held' });
    expect(told()).toEqual([]);
    expect(await newest()).toMatchObject({ state: 'rehearsed' });
  });

  it.each([['expiring'], ['expiring', 'expired']] as const)(
    'says nothing against a dump that retention deletes meanwhile (%s)',
    async (...states) => {
      const { execution, catalog, told } = await world();
      await execution(async () => {
        for (const state of states) await catalog.movePoint('crm', NEWEST, state);
        return failing({ kind: 'bad', code: 'artifact-missing', message: 'it is gone' });
      })();
      const error = { kind: 'unjudged', code: 'point-expired' };
      expect(await catalog.evidence('crm', 1)).toMatchObject([{ error, findings: [] }]);
      expect(told()).toEqual(['opened P1 job-failed crm rehearse']);
    },
  );

  it('keeps the finding that the hours of scratch instances are used up', async () => {
    const { once, deps, told } = await world();
    await raiseFinding(deps, 'scratch-budget', 'production');
    told();
    await once(EQUAL);
    expect(told()).toEqual([]);
  });

  it('sends no alert when a person cancels it, and stays on record as cancelled', async () => {
    const { execution, catalog, told, run } = await world();
    const error = { code: 'cancelled', message: 'cancelled by anna' };
    await execution(async () => {
      const running = (await run())!;
      const ending = { state: 'failed', endedAt: NOW, summary: error.message, error } as const;
      await catalog.finish({ ...running, token: running.claimToken }, ending);
      throw new Error('the process was interrupted');
    })();
    expect(told()).toEqual([]);
    expect(await run()).toMatchObject({ state: 'failed', error: { code: 'cancelled' } });
  });

  it.each<[string, ScratchResult, string[]]>([
    ['judges its dump good', EQUAL, ['RehearsalPassed', 'JobSucceeded']],
    ['finds its dump bad', DIFFERENT, ['RehearsalFailed', 'JobSucceeded']],
    ['cannot be tried', TOO_SMALL, ['RehearsalFailed', 'JobFailed']],
  ])('counts its metrics when it %s', async (_when, result, metrics) => {
    const { once, deps } = await world();
    await once(result);
    const names = deps.metrics.counted.map(({ name }) => name);
    expect(names.filter((name) => /^(Job|Rehearsal)/.test(name))).toEqual(metrics);
  });

  it('comes to the same end when it is replayed after any death', async () => {
    const { deps } = await world();
    const body = (durable: Durable) => rehearseDump(JOB, durable, deps);
    const deaths = await deathsOf(memoryExecution({ scratch: async () => DIFFERENT }), body);
    expect(deaths.map(({ at }) => at)).toEqual(
      expect.arrayContaining(['draw a claim token', 'mark the point']),
    );
    for (const death of deaths) {
      const { execution, catalog, newest, run, told } = await world();
      const execute = execution(async () => DIFFERENT);
      expect([death, await execute(death)]).toEqual([death, { died: true }]);
      expect([death, await execute()]).toMatchObject([death, { result: { outcome: 'rehearsed' } }]);
      expect([death, await run()]).toMatchObject([death, { state: 'succeeded', attempt: 1 }]);
      expect([death, await newest()]).toMatchObject([death, { state: 'corrupt' }]);
      expect([death, await catalog.evidence('crm', 9)]).toEqual([death, [expect.anything()]]);
      expect([death, told()]).toEqual([death, [`opened P0 proof-mismatch crm ${NEWEST}`]]);
    }
  });
});

describe('a rehearsal of a dump after an earlier one', () => {
  it.each([
    ['restore-failed', BROKEN, 'verified'],
    ['proof-mismatch', DIFFERENT, 'corrupt'],
  ])('resolves the alert %s of an older dump, and keeps the verdict on it', async (code, result, state) => {
    const { once, catalog, told } = await world();
    await once(result, { ...JOB, point: OLDER });
    await once(EQUAL, again('05'));
    expect(told()).toEqual([`opened P0 ${code} crm ${OLDER}`, `resolved P0 ${code} crm ${OLDER}`]);
    const known = await catalog.point('crm', OLDER);
    const bad = { outcome: 'failed', at: NOW, strength: 'none', run: `rehearse/crm/${NOW}`, code };
    expect(known).toMatchObject({ state, rehearsal: bad });
    expect([counts(known!), foundBad(known!)]).toEqual([false, code]);
  });

  it('keeps the alert about a newer dump', async () => {
    const { once, told } = await world();
    await once(DIFFERENT);
    expect(told()).toEqual([`opened P0 proof-mismatch crm ${NEWEST}`]);
    await once(EQUAL, again('05', OLDEST));
    expect(told()).toEqual([]);
  });

  it('keeps the alert about a wrong answer in a newer dump, and resolves it by that dump’s right one', async () => {
    const { once, told } = await world();
    await once(answered(false));
    await once(answered(true), again('05', OLDEST));
    expect(told()).toEqual(['opened P1 assertion-failed crm orders came in']);
    await once(answered(true), again('10'));
    expect(told()).toEqual(['resolved P1 assertion-failed crm orders came in']);
  });

  it('closes the alert about a smoke step by its right answer, never by that of an assertion of its name', async () => {
    const { once, told } = await world();
    const smoked = (passed: boolean): ScratchResult => ({
      ...EQUAL,
      assertions: [{ name: 'orders came in', passed, detail: 'as expected', smoke: 'P0' }],
    });
    expect(evidenceOf(await once(smoked(false))).outcome).toBe('failed');
    await once(answered(true), again('05'));
    expect(told()).toEqual(['opened P0 smoke-failed crm orders came in']);
    await once(smoked(true), again('10'));
    expect(told()).toEqual(['resolved P0 smoke-failed crm orders came in']);
  });

  it('opens another finding for an assertion without an answer, and keeps that of a wrong one', async () => {
    const { once, told } = await world();
    const codes = () => told().map((line) => line.replace(/ P\d/, ''));
    await once(answered(false));
    await once(answered(false, true), again('05'));
    expect(codes()).toEqual([
      'opened assertion-failed crm orders came in',
      'opened assertion-unanswered crm orders came in',
    ]);
    await once(answered(true), again('10'));
    expect(codes().sort()).toEqual([
      'resolved assertion-failed crm orders came in',
      'resolved assertion-unanswered crm orders came in',
    ]);
  });

  it('restores the newest dump that no rehearsal found bad, which is the one that the RPO counts', async () => {
    const { once, catalog } = await world();
    await once(BROKEN);
    const status = await catalog.refreshStatus('crm');
    expect(status.newestPoint).toMatchObject({ id: NEWEST, bad: 'restore-failed' });
    expect(status.newestVerified).toMatchObject({ id: OLDER });
    expect(evidenceOf(await once(EQUAL, again('05')))).toMatchObject({ point: OLDER });
  });

  it.each([
    ['restore-failed', BROKEN],
    ['proof-mismatch', DIFFERENT],
  ])('lifts the verdict %s of the same dump, and of its replica, by a pass', async (_code, result) => {
    const { once, catalog, newest } = await world();
    const id = `${NEWEST}@replica`;
    await catalog.adoptPoint(point('2026-11-20T01:00:00Z', { id, place: 'replica' }));
    const replica = async () => counts((await catalog.point('crm', id))!);
    await once(result);
    expect(await replica()).toBe(false);
    await once(EQUAL, again('05', NEWEST));
    const known = await newest();
    expect(known.rehearsal).toMatchObject({ outcome: 'passed', strength: 'exact' });
    expect([known.state, counts(known), foundBad(known)]).toEqual(['rehearsed', true, undefined]);
    expect(await replica()).toBe(true);
  });

  it('leaves the verdict on a dump alone when it could not be tried', async () => {
    const { once, newest } = await world();
    await once(TOO_SMALL);
    expect(await newest()).not.toHaveProperty('rehearsal');
    await once(BROKEN, again('05'));
    await once(TOO_SMALL, again('10', NEWEST));
    expect(foundBad(await newest())).toBe('restore-failed');
  });

  it('counts a dump in which an assertion failed', async () => {
    const { once, newest } = await world();
    await once(answered(false));
    const rehearsal = { outcome: 'failed', code: 'assertion-failed', strength: 'exact' };
    expect(await newest()).toMatchObject({ state: 'rehearsed', rehearsal });
    expect(counts(await newest())).toBe(true);
  });
});

describe('a rehearsal of a dump that its message names', () => {
  it.each([
    ['is unknown', undefined, 'crm has no recovery point 20261121T010000Z-1'],
    ['has failed', 'failed', 'is failed (the disk was full): nothing is stored'],
    ['is still being made', 'creating', 'is still being made'],
    ['was deleted', 'expired', 'was deleted by retention'],
  ] as const)('begins no run and sends one alert and no page when the dump %s', async (_what, state, why) => {
    const { once, catalog, deps, told, run } = await world();
    const named = '20261121T010000Z-1';
    if (state) await catalog.adoptPoint(point('2026-11-21T01:00:00Z', { state, why: 'the disk was full' }));
    const refused = { outcome: 'refused', summary: expect.stringContaining(why) };
    for (const _delivery of [1, 2])
      expect(await once(EQUAL, { ...JOB, point: named })).toMatchObject(refused);
    expect(told()).toEqual([expect.stringContaining(`point-unusable crm ${named}`)]);
    expect(deps.alerts.told('pages')).toEqual([]);
    expect(await run()).toBeUndefined();
  });

  it('is done before when the dump was deleted since this very run', async () => {
    const { once, catalog, told } = await world();
    await once(EQUAL, { ...JOB, point: NEWEST });
    await catalog.movePoint('crm', NEWEST, 'expiring');
    expect(await once(EQUAL, { ...JOB, point: NEWEST })).toMatchObject({ outcome: 'done-before' });
    expect(told()).toEqual([]);
  });
});

describe('a rehearsal of a dump without some of it', () => {
  const exceptions = ['extension pg_cron', 'function public.f(integer)'];
  const without: ScratchResult = { ...EQUAL, leftOut: ['pg_cron'], exceptions };

  it('names what the policy leaves out in evidence, summary, command and status', async () => {
    const { once, deps, told } = await world();
    const policy = 'rehearsal: { leaveOut: [extension pg_cron, "function public.f(integer)"] }';
    deps.plan = planWith({ policy });
    const evidence = evidenceOf(await once(without));
    expect(evidence).toMatchObject({ outcome: 'passed', strength: 'exact', exceptions });
    expect(told()).toEqual([]);
    expect(formatEvidence(evidence)).toContain(
      'equal to its source but for what was left out (extension pg_cron, function public.f(integer))',
    );
    expect(formatEvidenceLines(evidence).join('\n')).toMatch(
      /row by row, but for what was left out[\s\S]*left out {4}function public\.f\(integer\)/,
    );
    const status = await deps.catalog.refreshStatus('crm');
    expect(status.lastRehearsal).toMatchObject({ exceptions });
  });

  it('raises a finding for an extension that the policy does not name', async () => {
    const { once, told } = await world();
    await once(without);
    expect(told()).toEqual([expect.stringContaining('extension-left-out crm pg_cron')]);
  });
});
