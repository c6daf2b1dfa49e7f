import { openFinding } from '../../../lib/alerting/finding-records.ts';
import { type FindingCode, finding } from '../../../lib/domain/findings/finding.ts';
import { counts } from '../../../lib/domain/points/recovery-point.ts';
import type { ProveResult } from '../../../lib/restore/prove/proof-slices.ts';
import { heartbeatProof, snapshotPoint } from '../../support/builders.ts';
import { raiseFinding } from '../../support/records.ts';
import {
  comparedOf,
  DIFFERENT,
  jobOf,
  MOMENT_ID,
  proofOf,
  rehearsalWorld,
  SNAPSHOT_AT,
  SNAPSHOT_ID,
} from '../../support/rehearsals.ts';

type Options = { from?: 'snapshot' | 'moment'; heartbeat?: boolean; open?: [FindingCode, string][] };
const OLDER = '20261119T020000Z-snapshot@eu-central-1';
const HEART = { heartbeat: true };
const LEADS = 'there are leads, of a snapshot';
const answered = (passed: boolean) => ({ assertions: [{ name: 'there are leads', passed, detail: 'is 3' }] });
const damaged = (many: number) => ({
  corrupt: Array.from({ length: many }, (_, n) => ({ name: `i${n}`, problem: 'a hole' })),
});

/** A rehearsal whose proof finds this, of a target about which these findings are open. */
async function rehearsed(proof: Partial<ProveResult>, options: Options = {}) {
  const made = await rehearsalWorld({ target: { heartbeat: options.heartbeat ?? false } });
  for (const [code, subject] of options.open ?? []) await raiseFinding(made.deps, code, subject);
  made.told();
  made.world.prove = () => proofOf(proof);
  const evidence = await made.evidence(jobOf(options.from ?? 'snapshot'));
  return { made, evidence, open: await made.open() };
}

describe('a rehearsal on an instance that finds something', () => {
  it('alerts about a difference, and marks the point corrupt', async () => {
    const { made, evidence, open } = await rehearsed(DIFFERENT);
    expect(evidence).toMatchObject({ outcome: 'failed', strength: 'none', differenceCount: 7 });
    expect(evidence.findings[0]!.message).toContain(
      'rows public.leads differs (3 rows in the dump; 2 in the copy); and 2 more',
    );
    expect(open).toEqual([`proof-mismatch ${SNAPSHOT_ID}`]);
    expect(made.told()).toEqual([`opened P0 proof-mismatch crm ${SNAPSHOT_ID}`]);
    const why = expect.stringContaining('public.leads');
    expect(await made.point()).toMatchObject({ state: 'corrupt', why });
    expect(await made.left()).toEqual([]);
  });

  it('counts no copy of a snapshot that differs until that snapshot passes', async () => {
    const made = await rehearsalWorld();
    const copy = snapshotPoint(SNAPSHOT_AT, { place: 'eu-west-1' });
    const other = snapshotPoint('2026-11-19T02:00:00Z', { place: 'eu-west-1' });
    for (const each of [copy, other]) await made.catalog.adoptPoint(each);
    const counting = () =>
      Promise.all([SNAPSHOT_ID, copy.id, other.id].map(async (id) => counts((await made.point(id))!)));
    made.world.prove = () => proofOf(DIFFERENT);
    await made.rehearse();
    expect(await counting()).toEqual([false, false, true]);
    made.world.prove = () => proofOf();
    const again = { point: SNAPSHOT_ID, scheduledFor: '2026-11-22T12:00:00Z' };
    made.clock.set(again.scheduledFor);
    await made.rehearse(jobOf('snapshot', again));
    expect(await counting()).toEqual([true, true, true]);
  });

  it('marks no point corrupt for a difference in a restored moment', async () => {
    const { made, open } = await rehearsed(DIFFERENT, { from: 'moment' });
    expect(open).toEqual([`proof-mismatch ${MOMENT_ID}`]);
    expect(await made.point()).toMatchObject({ state: 'verified' });
  });

  it('names a damaged index, and keeps the point verified', async () => {
    const corrupt = [{ name: 'public.leads_pkey', problem: 'item order invariant violated' }];
    const { made, open } = await rehearsed({ corrupt });
    expect(open).toEqual(['index-corrupt public.leads_pkey']);
    expect(await made.point()).toMatchObject({ state: 'verified' });
  });

  it('names twenty of a thousand damaged indexes', async () => {
    expect((await rehearsed(damaged(1000))).open).toHaveLength(20);
  });

  it.each(['snapshot', 'moment'] as const)(
    'reports how many rows the heartbeat of a restored %s lacks and has too many',
    async (from) => {
      const missing = { missing: ['2026-11-20T11:00:00Z'], missingCount: 1 };
      const extra = { extra: ['2026-11-20T11:59:00Z'], extraCount: 2 };
      const heartbeat = heartbeatProof({ verdict: 'differs', ...missing, ...extra });
      const { evidence, open } = await rehearsed({ heartbeat }, { from, heartbeat: true });
      expect(open).toEqual([`heartbeat-mismatch ${from}`]);
      expect(evidence.findings[0]!.message).toMatch(
        /lacks 1 row of.*11:00:00Z.*has 2 that came later.*11:59:00Z/,
      );
    },
  );

  it('fails for a restore that took longer than the RTO although everything agrees', async () => {
    const made = await rehearsalWorld({ policy: { objectives: { rpo: { snapshot: 26 * 3600 }, rto: 60 } } });
    const evidence = { outcome: 'failed', strength: 'bounded', rto: { met: false } };
    expect(await made.evidence()).toMatchObject(evidence);
    expect(await made.open()).toEqual(['rto-breached rehearsal of a snapshot']);
    expect(await made.point()).toMatchObject({ state: 'rehearsed' });
  });

  it('reports everything that it finds at once', async () => {
    const heartbeat = heartbeatProof({
      verdict: 'differs',
      missing: ['2026-11-20T11:00:00Z'],
      missingCount: 1,
    });
    const { open } = await rehearsed({ ...DIFFERENT, ...damaged(1), ...answered(false), heartbeat }, HEART);
    expect(open).toEqual([
      `assertion-failed ${LEADS}`,
      'heartbeat-mismatch snapshot',
      'index-corrupt i0',
      `proof-mismatch ${SNAPSHOT_ID}`,
    ]);
  });

  it('records a mismatch although no topic takes its alert', async () => {
    const made = await rehearsalWorld();
    made.world.prove = () => proofOf(DIFFERENT);
    made.deps.alerts = { ...made.alerts, send: () => Promise.reject(new Error('no topic')) };
    await made.rehearse().catch(() => undefined);
    expect(await made.point()).toMatchObject({ state: 'corrupt' });
    expect(await made.catalog.evidence('crm', 5)).toHaveLength(1);
    expect(await made.open()).toEqual([`proof-mismatch ${SNAPSHOT_ID}`]);
  });
});

describe('the strength of a rehearsal on an instance', () => {
  const { compared } = proofOf();
  const unlogged = { compared: { ...compared, exact: 0, bounded: 0, unlogged: 4 } };
  const nothing = { compared: { ...compared, objects: 0, exact: 0, bounded: 0, checked: 0 } };
  const nine = Array.from({ length: 9 }, (_, n) => `t${n}: no`);

  it.each<[string, Partial<ProveResult>, Options]>([
    ['everything compared', {}, {}],
    ['only unwritten tables', { compared: { ...compared, exact: 4, bounded: 0 } }, {}],
    ['only written tables', { compared: { ...compared, exact: 0, bounded: 4 } }, {}],
    ['a table that is unlogged', { compared: { ...compared, exact: 2, unlogged: 1 } }, {}],
    ['a heartbeat in agreement', { heartbeat: heartbeatProof() }, HEART],
    ['a wrong answer to an assertion', answered(false), {}],
    ['an index that amcheck does not know', { notes: ['a gist index was not looked into'] }, {}],
  ])('is bounded with %s', async (_what, proof, options) => {
    for (const from of ['snapshot', 'moment'] as const) {
      const { made, evidence, open } = await rehearsed(proof, { ...options, from });
      expect(evidence.strength).toBe('bounded');
      expect(open.join()).not.toContain('proof-incomplete');
      if (evidence.outcome === 'passed')
        expect((await made.run(jobOf(from)))?.summary).toContain('proven within bounds');
    }
  });

  it.each<[string, Partial<ProveResult>, Options, string]>([
    [
      'nothing compared',
      nothing,
      {},
      'no definition could be compared; there was no table to compare; no index and no page was read',
    ],
    ['no schema compared', { compared: { ...compared, objects: 0 } }, {}, 'no definition could be compared'],
    ['no table compared', { compared: { ...compared, exact: 0, bounded: 0 } }, {}, 'there was no table'],
    ['nothing but unlogged tables', unlogged, {}, 'there was no table to compare'],
    ['no page read', { compared: { ...compared, checked: 0 } }, {}, 'no index and no page was read'],
    ['four tables left unjudged', { compared: { ...compared, unbounded: 4 } }, {}, '4 tables could not be'],
    [
      'a table that no slice came to',
      { compared: { ...compared, exact: 2 } },
      {},
      '1 table was not compared',
    ],
    ['an index that no slice came to', { compared: { ...compared, checked: 4 } }, {}, '1 index or table was'],
    ['one thing not looked at', { unchecked: ['leads: out of time'] }, {}, 'not looked at: leads: out'],
    ['nine things not looked at', { unchecked: nine }, {}, 't4: no; and 4 more'],
    [
      'an unknown heartbeat',
      { heartbeat: heartbeatProof({ verdict: 'unknown' }) },
      HEART,
      'its heartbeat could not',
    ],
    ['no heartbeat of a target that has one', {}, HEART, 'its heartbeat could not be compared'],
  ])('is restored with %s, and the finding says so', async (_what, proof, options, why) => {
    for (const from of ['snapshot', 'moment'] as const) {
      const { made, evidence, open } = await rehearsed(proof, { ...options, from });
      expect(evidence).toMatchObject({ outcome: 'passed', strength: 'restored' });
      expect(evidence.findings[0]!.message).toContain(why);
      expect(open).toEqual([`proof-incomplete ${from}`]);
      expect((await made.run(jobOf(from)))?.summary).toContain('not all data was compared');
    }
  });

  it.each<[string, Partial<ProveResult>, Options, 'restored' | 'none']>([
    ['a proof that broke off', { failure: { code: 'source-unreachable', message: 'x' } }, {}, 'restored'],
    ['a difference', DIFFERENT, {}, 'none'],
    ['damage', damaged(1), {}, 'none'],
    [
      'another heartbeat',
      { heartbeat: heartbeatProof({ verdict: 'differs', extraCount: 1 }) },
      HEART,
      'none',
    ],
  ])('after %s is %s', async (_what, proof, options, strength) => {
    for (const from of ['snapshot', 'moment'] as const)
      expect((await rehearsed(proof, { ...options, from })).evidence).toMatchObject({
        outcome: 'failed',
        strength,
      });
  });

  const why = 'session 7 is at work';
  it.each([
    ['the source', { failed: why }, `the source could not be looked at: ${why}`],
    [
      'what was written',
      { since: { definitions: 'touched' as const, changed: {}, written: [], incomplete: why } },
      `what was written: ${why}`,
    ],
    ['the heartbeat', { heartbeatFailed: 'there is no table' }, 'the source’s heartbeat: there is no table'],
  ])('is restored, with a note why %s was not looked at', async (_what, look, note) => {
    const made = await rehearsalWorld();
    made.world.look = async () => look;
    const notes = expect.arrayContaining([`not looked at: ${note}`]);
    expect(await made.evidence()).toMatchObject({ strength: 'restored', notes });
    expect(await made.open()).toEqual(['proof-incomplete snapshot']);
  });

  it('is restored without a finding where there is no dump to compare with', async () => {
    const made = await rehearsalWorld();
    await made.catalog.movePoint('crm', '20261120T010000Z-1', 'corrupt', { why: 'no' });
    made.world.prove = () => proofOf({ compared: { ...compared, objects: 0, exact: 0, bounded: 0 } });
    await raiseFinding(made.deps, 'proof-incomplete', 'snapshot');
    const evidence = { outcome: 'passed', strength: 'restored', findings: [] };
    expect(await made.evidence()).toMatchObject(evidence);
    expect(await made.open()).toEqual([]);
  });
});

describe('a rehearsal on an instance measures the RPO', () => {
  it('by the newest row of the heartbeat of a restored moment', async () => {
    const heartbeat = heartbeatProof({ newestAt: '2026-11-20T11:50:00.000000Z' });
    const { evidence } = await rehearsed({ heartbeat }, { from: 'moment', heartbeat: true });
    expect(evidence.rpo).toEqual({ promised: 900, achieved: 600, met: true });
  });

  it.each([
    ['moment', 900, 301],
    ['snapshot', 26 * 3600, 10 * 3600],
  ] as const)('by the age of the newest %s without a heartbeat', async (from, promised, achieved) => {
    expect((await rehearsed({}, { from })).evidence.rpo).toEqual({ promised, achieved, met: true });
  });

  it('by the newest moment although its message names another, and by how far the heartbeat is behind', async () => {
    const made = await rehearsalWorld({ target: { heartbeat: true } });
    const heartbeat = heartbeatProof({ newestAt: '2026-11-20T06:00:00.000000Z' });
    made.world.prove = () => proofOf({ heartbeat });
    const job = jobOf('moment', { moment: '2026-11-20T06:00:30Z' });
    expect(await made.evidence(job)).toMatchObject({ rpo: { achieved: 331, met: true } });
  });

  it('not at all where no RPO promises snapshots', async () => {
    const made = await rehearsalWorld({ policy: { objectives: { rpo: { dump: 26 * 3600 }, rto: 3600 } } });
    expect(await made.evidence()).not.toHaveProperty('rpo');
  });
});

describe('a rehearsal on an instance that passes', () => {
  const resolved = async (
    code: FindingCode,
    subject: string,
    proof: Partial<ProveResult> = {},
    options: Options = {},
  ) =>
    (await rehearsed(proof, { ...options, open: [[code, subject]] })).open.includes(`${code} ${subject}`)
      ? 'keeps'
      : 'resolves';

  it.each<['resolves' | 'keeps', FindingCode, string, 'snapshot' | 'moment']>([
    ['resolves', 'proof-mismatch', SNAPSHOT_ID, 'snapshot'],
    ['resolves', 'restore-failed', OLDER, 'snapshot'],
    ['resolves', 'proof-mismatch', '20261119T020000Z-automated@eu-central-1', 'snapshot'],
    ['resolves', 'restore-failed', '20261119T020000Z-foreign@eu-central-1', 'snapshot'],
    ['keeps', 'proof-mismatch', '20261120T090000Z-snapshot@eu-central-1', 'snapshot'],
    ['keeps', 'restore-failed', '20261120T090000Z-snapshot@eu-central-1', 'snapshot'],
    ['keeps', 'proof-mismatch', '20261121T020000Z-automated@eu-central-1', 'snapshot'],
    ['keeps', 'proof-mismatch', '20261119T020000Z-snapshot@eu-west-1', 'snapshot'],
    ['keeps', 'proof-mismatch', '20261119T020000Z-moment', 'snapshot'],
    ['keeps', 'proof-mismatch', '20261119T020000Z-1', 'snapshot'],
    ['keeps', 'restore-failed', '20261119T020000Z-1@replica', 'snapshot'],
    ['resolves', 'proof-mismatch', '20261119T020000Z-moment', 'moment'],
    ['keeps', 'proof-mismatch', '20261121T020000Z-moment', 'moment'],
    ['keeps', 'proof-mismatch', SNAPSHOT_ID, 'moment'],
    ['resolves', 'proof-incomplete', 'snapshot', 'snapshot'],
    ['keeps', 'proof-incomplete', 'moment', 'snapshot'],
    ['resolves', 'rto-breached', 'rehearsal of a snapshot', 'snapshot'],
    ['keeps', 'rto-breached', 'rehearsal of a moment', 'snapshot'],
    ['keeps', 'rto-breached', 'rehearsal', 'snapshot'],
    ['resolves', 'job-failed', 'rehearse-snapshot', 'snapshot'],
    ['keeps', 'job-failed', 'rehearse-moment', 'snapshot'],
    ['resolves', 'scratch-budget', 'production', 'snapshot'],
    ['resolves', 'index-corrupt', 'public.leads_pkey', 'snapshot'],
    ['keeps', 'snapshot-deleted', OLDER, 'snapshot'],
    ['keeps', 'rpo-breached', 'snapshot', 'snapshot'],
  ])('%s %s about "%s" after a restored %s', async (does, code, subject, from) => {
    expect(await resolved(code, subject, {}, { from })).toBe(does);
  });

  const uncompared = comparedOf({ objects: 0, exact: 0, bounded: 0, unbounded: 4, rows: '0' });
  const unread = { compared: comparedOf({ checked: 0 }) };
  const partlyRead = {
    compared: comparedOf({ checked: 4 }),
    unchecked: ['public.leads_pkey: canceling statement due to statement timeout'],
    notes: Array.from({ length: 200 }, (_, n) => `gin_${n} was not looked into`),
  };
  const agrees = { heartbeat: heartbeatProof() };
  const unknown = { heartbeat: heartbeatProof({ verdict: 'unknown' }) };
  const MOMENT = { heartbeat: true, from: 'moment' } as const;
  it.each<['resolves' | 'keeps', FindingCode, string, string, Partial<ProveResult>, Options]>([
    ['keeps', 'proof-mismatch', OLDER, 'a proof that compared nothing', { compared: uncompared }, {}],
    ['resolves', 'assertion-failed', LEADS, 'a right answer', answered(true), {}],
    [
      'keeps',
      'assertion-failed',
      'all invoices are paid, of a snapshot',
      'another’s answer',
      answered(true),
      {},
    ],
    ['keeps', 'assertion-failed', 'there are leads, of a moment', 'a snapshot’s answer', answered(true), {}],
    ['keeps', 'assertion-failed', 'there are leads', 'a snapshot’s answer', answered(true), {}],
    ['keeps', 'index-corrupt', 'public.leads_pkey', 'a proof that read no index', unread, {}],
    ['keeps', 'index-corrupt', 'public.leads_pkey', 'a proof that did not read it', partlyRead, {}],
    ['resolves', 'index-corrupt', 'public.leads_pkey', '19 damaged others', damaged(19), {}],
    // It may be the one that was not named any more.
    ['keeps', 'index-corrupt', 'public.leads_pkey', '21 damaged others', damaged(21), {}],
    ['resolves', 'heartbeat-mismatch', 'snapshot', 'a heartbeat in agreement', agrees, HEART],
    ['resolves', 'heartbeat-mismatch', 'moment', 'a moment’s heartbeat in agreement', agrees, MOMENT],
    ['keeps', 'heartbeat-mismatch', 'moment', 'a snapshot’s heartbeat in agreement', agrees, HEART],
    ['keeps', 'heartbeat-mismatch', 'snapshot', 'a moment’s heartbeat in agreement', agrees, MOMENT],
    ['keeps', 'heartbeat-mismatch', 'snapshot', 'an unknown heartbeat', unknown, HEART],
    ['keeps', 'heartbeat-mismatch', 'snapshot', 'no heartbeat', {}, HEART],
  ])('%s %s about "%s" after %s', async (does, code, subject, _after, proof, options) => {
    expect(await resolved(code, subject, proof, options)).toBe(does);
  });

  it.each<[FindingCode, string, Partial<ProveResult>, object]>([
    ['index-corrupt', 'public.leads_pkey', {}, {}],
    ['heartbeat-mismatch', 'snapshot', agrees, HEART],
    ['assertion-failed', LEADS, answered(true), {}],
  ])(
    'resolves %s about "%s" of data no newer than its own, and keeps newer',
    async (code, subject, proof, of) => {
      const leftOpen = async (asOf: string) => {
        const made = await rehearsalWorld({ target: of });
        made.world.prove = () => proofOf(proof);
        const found = finding(code, { target: { id: 'crm' }, subject, message: 'bad', asOf });
        await openFinding(made.catalog, found, ['alerts'], made.clock.now());
        await made.rehearse();
        return (await made.open()).length;
      };
      expect(await leftOpen('2026-11-20T01:59:59Z')).toBe(0);
      expect(await leftOpen(SNAPSHOT_AT)).toBe(0);
      expect(await leftOpen('2026-11-20T02:00:01Z')).toBe(1);
    },
  );

  it('marks the snapshot that has the newest data rehearsed, and no other', async () => {
    const made = await rehearsalWorld();
    const older = { snapshotAt: '2026-11-20T01:30:00Z' };
    const others = [snapshotPoint('2026-11-19T02:00:00Z'), snapshotPoint('2026-11-20T03:00:00Z', older)];
    for (const each of others) await made.catalog.adoptPoint(each);
    expect(await made.evidence()).toMatchObject({ point: SNAPSHOT_ID, pointSnapshotAt: SNAPSHOT_AT });
    expect(await made.point()).toMatchObject({ state: 'rehearsed', rehearsedAt: '2026-11-20T12:00:00Z' });
    for (const { id } of others) expect(await made.point(id)).toMatchObject({ state: 'verified' });
  });
});

describe('a rehearsal on an instance whose proof breaks off', () => {
  it.each<[FindingCode, string]>([
    ['proof-mismatch', SNAPSHOT_ID],
    ['restore-failed', SNAPSHOT_ID],
    ['assertion-failed', LEADS],
    ['index-corrupt', 'public.leads_pkey'],
    ['rto-breached', 'rehearsal of a snapshot'],
  ])('keeps %s about "%s"', async (code, subject) => {
    const failure = { code: 'source-unreachable', message: 'x' };
    const { open } = await rehearsed({ ...answered(true), failure }, { open: [[code, subject]] });
    expect(open).toContain(`${code} ${subject}`);
  });
});
