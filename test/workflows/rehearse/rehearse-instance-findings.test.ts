import { raise } from '../../../lib/alerting/alerts.ts';
import { openFinding } from '../../../lib/alerting/finding-records.ts';
import { type FindingCode, finding } from '../../../lib/domain/findings/finding.ts';
import { counts } from '../../../lib/domain/points/recovery-point.ts';
import type { ProveResult } from '../../../lib/restore/prove/proof-slices.ts';
import { heartbeatProof, snapshotPoint } from '../../support/builders.ts';
import {
  comparedOf,
  jobOf,
  MOMENT_ID,
  proofOf,
  type RehearsalWorld,
  rehearsalWorld,
  SNAPSHOT_AT,
  SNAPSHOT_ID,
} from '../../support/rehearsals.ts';

const DIFFERENT: Partial<ProveResult> = {
  differenceCount: 7,
  differences: [
    { kind: 'rows', name: 'public.leads', what: 'changed', detail: '3 rows in the dump; 2 in the copy' },
  ],
};
/** Something that is open of the target already, as if somebody had said it yesterday. */
async function said(made: RehearsalWorld, code: FindingCode, subject: string) {
  const [target] = made.deps.plan.targets;
  await raise(made.deps, finding(code, { target: target!, subject, message: 'said before' }));
  made.told();
}

async function rehearsed(
  proof: Partial<ProveResult>,
  options: { from?: 'snapshot' | 'moment'; heartbeat?: boolean; before?: [FindingCode, string][] } = {},
) {
  const made = await rehearsalWorld({ target: { heartbeat: options.heartbeat ?? false } });
  for (const [code, subject] of options.before ?? []) await said(made, code, subject);
  made.world.prove = () => proofOf(proof);
  const outcome = await made.rehearse(jobOf(options.from ?? 'snapshot'));
  if (outcome.outcome !== 'rehearsed') throw new Error(outcome.summary);
  return { made, evidence: outcome.evidence, open: await made.open() };
}

describe('a rehearsal that finds', () => {
  it('a difference says that it differs from what its source was, and the point is corrupt', async () => {
    const { made, evidence, open } = await rehearsed(DIFFERENT);
    expect(evidence).toMatchObject({ outcome: 'failed', strength: 'none', differenceCount: 7 });
    expect(evidence.findings[0]!.message).toContain(
      'rows public.leads differs (3 rows in the dump; 2 in the copy); and 2 more',
    );
    expect(open).toEqual([`proof-mismatch ${SNAPSHOT_ID}`]);
    expect(made.told()).toEqual([
      `alerts: opened P0 proof-mismatch ${SNAPSHOT_ID}`,
      `pages: opened P0 proof-mismatch ${SNAPSHOT_ID}`,
    ]);
    expect(await made.point()).toMatchObject({
      state: 'corrupt',
      why: expect.stringContaining('public.leads'),
    });
    expect(await made.left()).toEqual([]);
  });

  it('a difference is true of its copies too, until the same snapshot passes', async () => {
    const made = await rehearsalWorld();
    const abroad = snapshotPoint(SNAPSHOT_AT, { place: 'eu-west-1' });
    const other = snapshotPoint('2026-11-19T02:00:00Z', { place: 'eu-west-1' });
    for (const copy of [abroad, other]) await made.catalog.adoptPoint(copy);
    const counting = async () => {
      const points = await Promise.all(
        [SNAPSHOT_ID, abroad.id, other.id].map((id) => made.catalog.point('crm', id)),
      );
      return points.map((point) => counts(point!));
    };
    made.world.prove = () => proofOf(DIFFERENT);
    await made.rehearse(jobOf('snapshot'));
    expect(await counting()).toEqual([false, false, true]);
    made.world.prove = () => proofOf();
    const again = { point: SNAPSHOT_ID, scheduledFor: '2026-11-22T12:00:00Z' };
    made.clock.set(again.scheduledFor);
    await made.rehearse(jobOf('snapshot', again));
    expect(await counting()).toEqual([true, true, true]);
  });

  it('a difference in a moment makes no point corrupt: there is none of it', async () => {
    const { made, open } = await rehearsed(DIFFERENT, { from: 'moment' });
    expect(open).toEqual([`proof-mismatch ${MOMENT_ID}`]);
    expect(await made.point()).toMatchObject({ state: 'verified' });
  });

  it('a damaged index names it, and does not call the point rehearsed', async () => {
    const { made, evidence, open } = await rehearsed({
      corrupt: [{ name: 'public.leads_pkey', problem: 'item order invariant violated' }],
    });
    expect(evidence).toMatchObject({ outcome: 'failed', strength: 'none' });
    expect(open).toEqual(['index-corrupt public.leads_pkey']);
    expect(await made.point()).toMatchObject({ state: 'verified' });
  });

  it('a thousand damaged indexes names twenty', async () => {
    const corrupt = Array.from({ length: 1000 }, (_, index) => ({ name: `i${index}`, problem: 'a hole' }));
    expect((await rehearsed({ corrupt })).open).toHaveLength(20);
  });

  it('a heartbeat that lacks rows says how many, and of which sort of restore', async () => {
    const heartbeat = heartbeatProof({
      verdict: 'differs',
      missing: ['2026-11-20T11:00:00Z'],
      missingCount: 1,
      extra: ['2026-11-20T11:59:00Z'],
      extraCount: 2,
    });
    const { evidence, open } = await rehearsed({ heartbeat }, { from: 'moment', heartbeat: true });
    expect(open).toEqual(['heartbeat-mismatch moment']);
    expect(evidence).toMatchObject({ outcome: 'failed', strength: 'none' });
    expect(evidence.findings[0]!.message).toMatch(
      /lacks 1 row of.*11:00:00Z.*has 2 that came later.*11:59:00Z/,
    );
    expect((await rehearsed({ heartbeat }, { from: 'snapshot', heartbeat: true })).open).toEqual([
      'heartbeat-mismatch snapshot',
    ]);
  });

  it('an answer that is wrong fails, and is named', async () => {
    const { evidence, open } = await rehearsed({
      assertions: [{ name: 'there are leads', passed: false, detail: 'is 0' }],
    });
    expect(evidence).toMatchObject({ outcome: 'failed', strength: 'bounded' });
    expect(open).toEqual(['assertion-failed there are leads, of a snapshot']);
  });

  it('that it took longer than was promised says so, although everything else is good', async () => {
    const made = await rehearsalWorld({ policy: { objectives: { rpo: { snapshot: 26 * 3600 }, rto: 60 } } });
    expect(await made.rehearse()).toMatchObject({
      evidence: { outcome: 'failed', strength: 'bounded', rto: { met: false } },
    });
    expect(await made.open()).toEqual(['rto-breached rehearsal of a snapshot']);
    expect(await made.point()).toMatchObject({ state: 'rehearsed' });
  });

  it('everything at once tells everything', async () => {
    const { open } = await rehearsed(
      {
        ...DIFFERENT,
        corrupt: [{ name: 'public.leads_pkey', problem: 'a hole' }],
        assertions: [{ name: 'there are leads', passed: false, detail: 'is 0' }],
        heartbeat: heartbeatProof({ verdict: 'differs', missing: ['2026-11-20T11:00:00Z'], missingCount: 1 }),
      },
      { heartbeat: true },
    );
    expect(open).toEqual([
      'assertion-failed there are leads, of a snapshot',
      'heartbeat-mismatch snapshot',
      'index-corrupt public.leads_pkey',
      `proof-mismatch ${SNAPSHOT_ID}`,
    ]);
  });
});

describe('a rehearsal that could not compare everything', () => {
  const { compared } = proofOf();
  it.each<[string, Partial<ProveResult>, { heartbeat?: boolean }, string]>([
    [
      'that there was nothing to compare',
      { compared: { ...compared, objects: 0, exact: 0, bounded: 0, checked: 0 } },
      {},
      'no definition could be compared; there was no table to compare; no index and no page was read',
    ],
    ['tables', { compared: { ...compared, unbounded: 4 } }, {}, '4 tables could not be judged'],
    [
      'what no slice came to',
      { compared: { ...compared, exact: 2, checked: 4 } },
      {},
      '1 table was not compared; 1 index or table was not read',
    ],
    [
      'what was not looked at',
      { unchecked: ['public.leads: out of time'] },
      {},
      'not looked at: public.leads: out',
    ],
    [
      'its heartbeat',
      { heartbeat: heartbeatProof({ verdict: 'unknown' }) },
      { heartbeat: true },
      'its heartbeat could not be compared',
    ],
    [
      'the first five reasons',
      { unchecked: Array.from({ length: 9 }, (_, n) => `t${n}: no`) },
      {},
      't4: no; and 4 more',
    ],
  ])('has passed, and names %s', async (_what, proof, options, said) => {
    const { evidence, open } = await rehearsed(proof, options);
    expect(evidence).toMatchObject({ outcome: 'passed', strength: 'restored' });
    expect(evidence.findings[0]!.message).toContain(said);
    expect(open).toEqual(['proof-incomplete snapshot']);
  });

  it.each([
    [
      'the source',
      { failed: 'session 7 is at work' },
      'the source could not be looked at: session 7 is at work',
    ],
    [
      'what was written',
      {
        since: {
          definitions: 'touched' as const,
          changed: {},
          written: [],
          incomplete: 'session 7 is at work',
        },
      },
      'what was written: session 7 is at work',
    ],
    ['its heartbeat', { heartbeatFailed: 'there is no table' }, 'the source’s heartbeat: there is no table'],
  ])('says why %s was not looked at', async (_what, look, said) => {
    const made = await rehearsalWorld();
    made.world.prove = () => proofOf();
    made.world.look = async () => look;
    const outcome = await made.rehearse(jobOf('snapshot'));
    expect(outcome).toMatchObject({
      evidence: { strength: 'restored', notes: expect.arrayContaining([`not looked at: ${said}`]) },
    });
    expect(await made.open()).toEqual(['proof-incomplete snapshot']);
  });

  it('says nothing of it where there is no dump to compare with', async () => {
    const made = await rehearsalWorld();
    for (const { id } of await made.catalog.points('crm'))
      if (!id.includes('snapshot')) await made.catalog.movePoint('crm', id, 'corrupt', { why: 'no' });
    made.world.prove = () => proofOf({ compared: { ...compared, objects: 0, exact: 0, bounded: 0 } });
    await said(made, 'proof-incomplete', 'snapshot');
    const outcome = await made.rehearse(jobOf('snapshot'));
    expect(outcome).toMatchObject({ evidence: { outcome: 'passed', strength: 'restored', findings: [] } });
    expect(await made.open()).toEqual([]);
  });

  it('takes it back when one of the same sort is bounded', async () => {
    const before: [FindingCode, string][] = [
      ['proof-incomplete', 'snapshot'],
      ['proof-incomplete', 'moment'],
    ];
    expect((await rehearsed({}, { before })).open).toEqual(['proof-incomplete moment']);
    const unsure = { compared: { ...compared, unbounded: 1 } };
    expect((await rehearsed(unsure, { before, from: 'moment' })).open).toHaveLength(2);
  });
});

describe('the strength of a rehearsal', () => {
  const { compared } = proofOf();
  it.each<[string, Partial<ProveResult>, { heartbeat?: boolean }, string]>([
    ['everything compared', {}, {}, 'bounded'],
    ['only unwritten tables', { compared: { ...compared, exact: 4, bounded: 0 } }, {}, 'bounded'],
    ['only written tables', { compared: { ...compared, exact: 0, bounded: 4 } }, {}, 'bounded'],
    ['a table that is unlogged', { compared: { ...compared, exact: 2, unlogged: 1 } }, {}, 'bounded'],
    ['a table that no slice came to', { compared: { ...compared, exact: 2 } }, {}, 'restored'],
    ['an index that no slice came to', { compared: { ...compared, checked: 4 } }, {}, 'restored'],
    [
      'nothing but unlogged tables',
      { compared: { ...compared, exact: 0, bounded: 0, unlogged: 4 } },
      {},
      'restored',
    ],
    ['a heartbeat in agreement', { heartbeat: heartbeatProof() }, { heartbeat: true }, 'bounded'],
    ['an answer that is wrong', { assertions: [{ name: 'a', passed: false, detail: '' }] }, {}, 'bounded'],
    ['something that amcheck does not know', { notes: ['a gist index was not looked into'] }, {}, 'bounded'],
    ['no schema compared', { compared: { ...compared, objects: 0 } }, {}, 'restored'],
    ['no table compared', { compared: { ...compared, exact: 0, bounded: 0 } }, {}, 'restored'],
    ['one table left unjudged', { compared: { ...compared, unbounded: 1 } }, {}, 'restored'],
    ['no page read', { compared: { ...compared, checked: 0 } }, {}, 'restored'],
    ['one thing not looked at', { unchecked: ['public.leads: canceling statement'] }, {}, 'restored'],
    [
      'a heartbeat that says nothing',
      { heartbeat: heartbeatProof({ verdict: 'unknown' }) },
      { heartbeat: true },
      'restored',
    ],
    ['no word of a heartbeat that there is', {}, { heartbeat: true }, 'restored'],
    [
      'a proof that could not be ended',
      { failure: { code: 'source-unreachable', message: 'x' } },
      {},
      'restored',
    ],
    ['a difference', DIFFERENT, {}, 'none'],
    ['damage', { corrupt: [{ name: 'i', problem: 'a hole' }] }, {}, 'none'],
    [
      'a heartbeat that differs',
      { heartbeat: heartbeatProof({ verdict: 'differs', extraCount: 1, extra: ['x'] }) },
      { heartbeat: true },
      'none',
    ],
  ])('with %s', async (_what, proof, options, strength) => {
    for (const from of ['snapshot', 'moment'] as const)
      expect((await rehearsed(proof, { ...options, from })).evidence.strength).toBe(strength);
  });

  it('is never said to be exact, and only bounded is said to be proven', async () => {
    for (const proof of [{}, { unchecked: ['x'] }]) {
      const { made, evidence } = await rehearsed(proof);
      const { summary } = (await made.run())!;
      expect(evidence.strength).not.toBe('exact');
      expect(/and proven within bounds/.test(summary!)).toBe(evidence.strength === 'bounded');
      expect(/not all data was compared/.test(summary!)).toBe(evidence.strength === 'restored');
    }
  });
});

describe('what would be lost', () => {
  it('is measured by the heartbeat of a moment', async () => {
    const { evidence } = await rehearsed(
      { heartbeat: heartbeatProof({ newestAt: '2026-11-20T11:50:00.000000Z' }) },
      { from: 'moment', heartbeat: true },
    );
    expect(evidence.rpo).toEqual({ promised: 900, achieved: 600, met: true });
  });

  it('is the age of the moment where there is no heartbeat, and of the newest snapshot', async () => {
    const chosen = await rehearsalWorld({ target: { heartbeat: true } });
    chosen.world.prove = () =>
      proofOf({ heartbeat: heartbeatProof({ newestAt: '2026-11-20T06:00:00.000000Z' }) });
    const outcome = await chosen.rehearse(jobOf('moment', { moment: '2026-11-20T06:00:30Z' }));
    // A moment that somebody chose is as old as he wants it; the copy's newest row is half a minute older.
    expect(outcome).toMatchObject({ evidence: { rpo: { achieved: 331, met: true } } });
    expect((await rehearsed({}, { from: 'moment' })).evidence.rpo).toEqual({
      promised: 900,
      achieved: 301,
      met: true,
    });
    expect((await rehearsed({})).evidence.rpo).toEqual({
      promised: 26 * 3600,
      achieved: 10 * 3600,
      met: true,
    });
  });

  it('is nothing that was promised where no RPO names that means', async () => {
    const made = await rehearsalWorld({ policy: { objectives: { rpo: { dump: 26 * 3600 }, rto: 3600 } } });
    const outcome = await made.rehearse();
    expect(outcome).not.toHaveProperty('evidence.rpo');
  });
});

describe('a rehearsal that passes', () => {
  const OLDER = '20261119T020000Z-snapshot@eu-central-1';
  const NEWER = '20261120T090000Z-snapshot@eu-central-1';
  const takesBack = async (
    before: [FindingCode, string],
    proof: Partial<ProveResult> = {},
    options: Parameters<typeof rehearsed>[1] = {},
  ) => !(await rehearsed(proof, { ...options, before: [before] })).open.includes(before.join(' '));

  it.each<[string, [FindingCode, string], boolean]>([
    ['of the same point', ['proof-mismatch', SNAPSHOT_ID], true],
    ['of an older one of its series', ['restore-failed', OLDER], true],
    ['of a newer one', ['proof-mismatch', NEWER], false],
    ['of a newer one that did not restore', ['restore-failed', NEWER], false],
    ['of a copy', ['proof-mismatch', '20261119T020000Z-snapshot@eu-west-1'], false],
    ['of an older one of AWS’s own', ['proof-mismatch', '20261119T020000Z-automated@eu-central-1'], true],
    ['of an older one of somebody’s', ['restore-failed', '20261119T020000Z-foreign@eu-central-1'], true],
    ['of a newer one of AWS’s own', ['proof-mismatch', '20261121T020000Z-automated@eu-central-1'], false],
    ['of a moment', ['proof-mismatch', '20261119T020000Z-moment'], false],
    ['of a dump', ['proof-mismatch', '20261119T020000Z-1'], false],
    ['of a dump’s replica', ['restore-failed', '20261119T020000Z-1@replica'], false],
  ])('takes back what was said %s: %p → %p', async (_what, before, back) => {
    expect(await takesBack(before)).toBe(back);
  });

  it('from a moment takes back what was said of an earlier moment, and of no snapshot', async () => {
    expect(await takesBack(['proof-mismatch', '20261119T020000Z-moment'], {}, { from: 'moment' })).toBe(true);
    expect(await takesBack(['proof-mismatch', '20261121T020000Z-moment'], {}, { from: 'moment' })).toBe(
      false,
    );
    expect(await takesBack(['proof-mismatch', SNAPSHOT_ID], {}, { from: 'moment' })).toBe(false);
  });

  it('takes back a difference only when it compared', async () => {
    const nothing = comparedOf({ objects: 0, exact: 0, bounded: 0, unbounded: 4, rows: '0' });
    expect(
      await takesBack(['proof-mismatch', OLDER], { compared: nothing, unchecked: ['schema: not looked at'] }),
    ).toBe(false);
  });

  it('takes back a wrong answer only when it asked the same question', async () => {
    const right = { assertions: [{ name: 'there are leads', passed: true, detail: 'is 3' }] };
    expect(await takesBack(['assertion-failed', 'there are leads, of a snapshot'], right)).toBe(true);
    expect(await takesBack(['assertion-failed', 'nobody is unpaid, of a snapshot'], right)).toBe(false);
    expect(await takesBack(['assertion-failed', 'there are leads, of a moment'], right)).toBe(false);
    expect(await takesBack(['assertion-failed', 'there are leads'], right)).toBe(false);
  });

  it('takes back damage only when it looked into what was damaged', async () => {
    expect(await takesBack(['index-corrupt', 'public.leads_pkey'])).toBe(true);
    expect(
      await takesBack(['index-corrupt', 'public.leads_pkey'], {
        compared: { ...proofOf().compared, checked: 0 },
      }),
    ).toBe(false);
    expect(
      await takesBack(['index-corrupt', 'public.leads_pkey'], {
        compared: comparedOf({ checked: 4 }),
        unchecked: ['public.leads_pkey: canceling statement due to statement timeout'],
        notes: Array.from({ length: 200 }, (_, n) => `gin_${n} was not looked into`),
      }),
    ).toBe(false);
    const damaged = (how: number) =>
      takesBack(['index-corrupt', 'public.leads_pkey'], {
        corrupt: Array.from({ length: how }, (_, n) => ({ name: `i${n}`, problem: 'a hole' })),
      });
    expect(await damaged(19)).toBe(true);
    // It may be the one that was not named any more.
    expect(await damaged(21)).toBe(false);
  });

  it('takes back what a heartbeat lacked only of its own sort of restore, and only when it agreed', async () => {
    const agrees = { heartbeat: heartbeatProof() };
    expect(await takesBack(['heartbeat-mismatch', 'snapshot'], agrees, { heartbeat: true })).toBe(true);
    expect(
      await takesBack(['heartbeat-mismatch', 'moment'], agrees, { heartbeat: true, from: 'moment' }),
    ).toBe(true);
    expect(await takesBack(['heartbeat-mismatch', 'moment'], agrees, { heartbeat: true })).toBe(false);
    expect(
      await takesBack(['heartbeat-mismatch', 'snapshot'], agrees, { heartbeat: true, from: 'moment' }),
    ).toBe(false);
    expect(
      await takesBack(
        ['heartbeat-mismatch', 'snapshot'],
        { heartbeat: heartbeatProof({ verdict: 'unknown' }) },
        { heartbeat: true },
      ),
    ).toBe(false);
    expect(await takesBack(['heartbeat-mismatch', 'snapshot'], {}, { heartbeat: true })).toBe(false);
  });

  it.each<[FindingCode, string, Partial<ProveResult>, object]>([
    ['index-corrupt', 'public.leads_pkey', {}, {}],
    ['heartbeat-mismatch', 'snapshot', { heartbeat: heartbeatProof() }, { heartbeat: true }],
    [
      'assertion-failed',
      'there are leads, of a snapshot',
      { assertions: [{ name: 'there are leads', passed: true, detail: 'is 3' }] },
      {},
    ],
  ])('of older data does not take back %s of later', async (code, subject, proof, options) => {
    const leftOpen = async (asOf: string) => {
      const made = await rehearsalWorld({ target: options });
      made.world.prove = () => proofOf(proof);
      const found = finding(code, { target: { id: 'crm' }, subject, message: 'bad', asOf });
      await openFinding(made.catalog, found, ['alerts'], made.clock.now());
      await made.rehearse();
      return (await made.open()).length;
    };
    expect(await leftOpen('2026-11-20T01:59:59Z')).toBe(0);
    expect(await leftOpen(SNAPSHOT_AT)).toBe(0);
    expect(await leftOpen('2026-11-20T02:00:01Z')).toBe(1);
  });

  it('in time takes back that one was too late', async () => {
    expect(await takesBack(['rto-breached', 'rehearsal of a snapshot'])).toBe(true);
    expect(await takesBack(['rto-breached', 'rehearsal of a moment'])).toBe(false);
    expect(await takesBack(['rto-breached', 'rehearsal'])).toBe(false);
  });

  it('takes back its own failure, and not that of the other sort', async () => {
    expect(await takesBack(['job-failed', 'rehearse-snapshot'])).toBe(true);
    expect(await takesBack(['job-failed', 'rehearse-moment'])).toBe(false);
  });

  it('takes back that the month’s hours were used up', async () => {
    expect(await takesBack(['scratch-budget', 'production'])).toBe(true);
  });

  it('takes back nothing that is not about restoring', async () => {
    expect(await takesBack(['snapshot-deleted', OLDER])).toBe(false);
    expect(await takesBack(['rpo-breached', 'snapshot'])).toBe(false);
  });

  it('marks its point rehearsed, with the moment of its rehearsal, and no other', async () => {
    const made = await rehearsalWorld();
    await made.catalog.adoptPoint(snapshotPoint('2026-11-19T02:00:00Z'));
    await made.rehearse();
    expect(await made.point()).toMatchObject({ state: 'rehearsed', rehearsedAt: '2026-11-20T12:00:00Z' });
    expect(await made.point(OLDER)).toMatchObject({ state: 'verified' });
  });
});

describe('a rehearsal that could not judge takes nothing back', () => {
  it.each<[FindingCode, string]>([
    ['proof-mismatch', SNAPSHOT_ID],
    ['restore-failed', SNAPSHOT_ID],
    ['assertion-failed', 'there are leads, of a snapshot'],
    ['index-corrupt', 'public.leads_pkey'],
    ['rto-breached', 'rehearsal of a snapshot'],
  ])('of %s', async (code, subject) => {
    const answers = [{ name: 'there are leads', passed: true, detail: '' }];
    const { open } = await rehearsed(
      { assertions: answers, failure: { code: 'source-unreachable', message: 'x' } },
      { before: [[code, subject]] },
    );
    expect(open).toContain(`${code} ${subject}`);
  });
});

describe('telling and recording', () => {
  it('tells a mismatch although nothing of it can be recorded', async () => {
    const made = await rehearsalWorld();
    made.world.prove = () => proofOf(DIFFERENT);
    const no = () => Promise.reject(new Error('throttled'));
    made.deps.catalog = { ...made.catalog, addEvidence: no, movePoint: no, putFinding: no };
    await made.rehearse().catch(() => undefined);
    expect(made.told()).toContain(`pages: opened P0 proof-mismatch ${SNAPSHOT_ID}`);
    expect(await made.left()).toEqual([]);
  });

  it('records a mismatch although nobody can be told', async () => {
    const made = await rehearsalWorld();
    made.world.prove = () => proofOf(DIFFERENT);
    made.deps.alerts = { ...made.alerts, send: () => Promise.reject(new Error('no topic')) };
    await made.rehearse().catch(() => undefined);
    expect(await made.point()).toMatchObject({ state: 'corrupt' });
    expect(await made.catalog.evidence('crm', 5)).toHaveLength(1);
    expect(await made.open()).toEqual([`proof-mismatch ${SNAPSHOT_ID}`]);
  });

  it('chooses the newest snapshot by the moment of its data', async () => {
    const made = await rehearsalWorld();
    await made.catalog.adoptPoint(
      snapshotPoint('2026-11-20T03:00:00Z', { snapshotAt: '2026-11-20T01:30:00Z' }),
    );
    expect(await made.rehearse()).toMatchObject({
      evidence: { point: SNAPSHOT_ID, pointSnapshotAt: SNAPSHOT_AT },
    });
  });
});
