import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { adoptable, EXTRACT_LASTS } from '../../../lib/domain/incidents/extract.ts';
import { scratchName } from '../../../lib/domain/names.ts';
import { type ExtractJob, extractJob, rehearsalRun } from '../../../lib/domain/runs/job.ts';
import type { ScratchRecord } from '../../../lib/domain/runs/scratch-record.ts';
import type { Durable } from '../../../lib/ports/durable.ts';
import { type ExtractOutcome, extract } from '../../../lib/workflows/emergency/extract.ts';
import { snapshotPoint } from '../../support/builders.ts';
import { deathsOf } from '../../support/executions.ts';
import {
  instanceOf,
  MANIFEST,
  NOW,
  type RehearsalWorld,
  rehearsalWorld,
  SNAPSHOT_AT,
  SNAPSHOT_ID,
} from '../../support/rehearsals.ts';
import { restoreRecord } from '../../support/restore-records.ts';

const AT = '2026-11-20T10:00:00Z';
const MOMENT: ExtractJob = {
  job: 'extract',
  target: 'crm',
  scheduledFor: NOW,
  requestedBy: 'anna',
  from: 'moment',
  moment: AT,
  tables: ['public.leads'],
};
const { moment: _moment, ...ANY } = MOMENT;
const SNAPSHOT: ExtractJob = { ...ANY, from: 'snapshot', point: SNAPSHOT_ID };
const ELSEWHERE = '20261120T020000Z-snapshot@eu-west-1';
const NAME = scratchName('test', 'crm', rehearsalRun(MOMENT));

const bodyOf =
  (made: RehearsalWorld, job = MOMENT) =>
  (durable: Durable) =>
    extract(job, durable, made.deps);
async function whole(made: RehearsalWorld, job = MOMENT): Promise<ExtractOutcome> {
  const ending = await made.execution().run(bodyOf(made, job));
  if (ending.died) throw new Error('it died');
  return ending.result;
}
const runOf = ({ catalog }: RehearsalWorld) => catalog.run(rehearsalRun(MOMENT));

describe.each(['rds', 'aurora'] as const)('an extract from an %s instance', (kind) => {
  it.each([
    ['a moment', MOMENT, '20261120T100000Z-moment', AT],
    ['a snapshot', SNAPSHOT, SNAPSHOT_ID, SNAPSHOT_AT],
  ])(
    'brings the rows of %s out of a quarantined copy, and leaves nothing of it',
    async (_of, job, point, asOf) => {
      const made = await rehearsalWorld({ kind });
      let orders: unknown;
      made.world.extract = () => {
        orders = made.scratch.order(NAME);
        return { manifest: MANIFEST, tables: 2, rows: 30, bytes: 999 };
      };
      const extracted = { point, asOf, manifest: MANIFEST };
      expect(await whole(made, job)).toMatchObject({ outcome: 'extracted', extracted });
      expect(orders).toMatchObject({ subnetGroup: 'quarantine', securityGroups: ['sg-quarantine'] });
      expect(made.world.asked.extract).toEqual([
        expect.objectContaining({ name: NAME, tables: ['public.leads'], asOf, attempt: 1 }),
      ]);
      expect(await made.left()).toEqual([]);
      expect(made.told()).toEqual([]);
      expect(await runOf(made)).toMatchObject({ state: 'succeeded', extracted });
    },
  );

  it('ends once and leaves nothing when it is killed at any step and replayed', async () => {
    const first = await rehearsalWorld({ kind });
    const deaths = await deathsOf(first.execution(), bodyOf(first));
    expect(deaths.map(({ at }) => at)).toEqual(
      expect.arrayContaining(['put the scratch instance on record', 'extract', 'finish the run']),
    );
    for (const death of deaths) {
      const made = await rehearsalWorld({ kind });
      const execution = made.execution();
      expect([death, await execution.run(bodyOf(made), death)]).toEqual([death, { died: true }]);
      await made.clock.advance(120);
      await execution.run(bodyOf(made));
      const run = await runOf(made);
      expect([death, await made.left(), run?.state, run?.attempt]).toEqual([death, [], 'succeeded', 1]);
    }
  });

  it('clears away what the first delivery left when a second one comes after its lease', async () => {
    const first = await rehearsalWorld({ kind });
    for (const death of await deathsOf(first.execution(), bodyOf(first))) {
      const made = await rehearsalWorld({ kind, policy: instanceOf({ hoursAMonth: 1000 }) });
      await made.execution().run(bodyOf(made), death);
      const stood = made.scratch.left().some((thing) => thing.startsWith('instance'));
      await made.clock.advance(90 * 3600);
      made.scratch.calls.splice(0);
      await whole(made);
      expect([death, await made.left(), (await runOf(made))?.state]).toEqual([death, [], 'succeeded']);
      const calls = made.scratch.calls.map(({ method }) => method);
      if (stood) expect([death, ...calls.slice(0, 2)]).toEqual([death, 'look', 'remove']);
    }
  });

  it('is swept away by the watch when it never comes back', async () => {
    const first = await rehearsalWorld({ kind });
    for (const death of await deathsOf(first.execution(), bodyOf(first))) {
      const made = await rehearsalWorld({ kind });
      await made.execution().run(bodyOf(made), death);
      await made.clock.advance(40 * 3600);
      for (let look = 0; look < 12; look++) {
        await made.sweep();
        await made.clock.advance(300);
      }
      expect([death, await made.left()]).toEqual([death, []]);
    }
  });
});

describe('an extract', () => {
  it('tears its copy down and ends without an alert when nothing comes out of it', async () => {
    const made = await rehearsalWorld();
    made.world.extract = () => ({ failure: { code: 'out-of-time', message: 'too much', hint: 'fewer' } });
    expect(await whole(made)).toMatchObject({ outcome: 'refused', code: 'out-of-time', hint: 'fewer' });
    expect(await runOf(made)).toMatchObject({ state: 'failed', error: { code: 'out-of-time' } });
    expect([await made.left(), made.told()]).toEqual([[], []]);
  });

  it('says what could not be torn down', async () => {
    const made = await rehearsalWorld();
    made.scratch.fail('remove', new UnderstudyError('platform-denied', 'no'));
    await whole(made);
    expect(made.told()).toEqual([expect.stringContaining('scratch-left-over')]);
  });

  it('answers a condition, which is not on record', async () => {
    const made = await rehearsalWorld();
    made.world.extract = () => ({ holds: true });
    const find = "name = 'Ada Lovelace'";
    const job = { ...MOMENT, tables: undefined, find };
    expect(await whole(made, job)).toMatchObject({ extracted: { holds: true, asOf: AT } });
    expect(made.world.asked.extract[0]).toMatchObject({ find });
    expect(JSON.stringify([await runOf(made), made.deps.log.lines])).not.toContain('Lovelace');
  });

  it.each([
    ['the hours of the month are used up', { policy: instanceOf({ hoursAMonth: 0 }) }, 'scratch-budget'],
    ['the master user is unknown', { source: { masterUser: undefined } }, 'not-comparable'],
    ['it is no PostgreSQL', { source: { engine: 'mysql' } }, 'not-comparable'],
    ['there is no connection', { target: { connection: undefined } }, 'input-invalid'],
    ['there is no instance', { target: { platform: undefined } }, 'no-platform'],
  ])('is refused before anything is made when %s', async (_why, options, code) => {
    const made = await rehearsalWorld(options as Parameters<typeof rehearsalWorld>[0]);
    expect(await whole(made)).toMatchObject({ outcome: 'refused', code });
    expect([made.scratch.callsOf('begin'), await made.left()]).toEqual([[], []]);
  });

  it.each([
    [
      'a moment outside of what AWS keeps',
      { ...MOMENT, moment: '2026-10-01T00:00:00Z' },
      'moment-out-of-reach',
    ],
    ['a snapshot that lies elsewhere', { ...SNAPSHOT, point: ELSEWHERE }, 'no-point'],
  ])('is refused before anything is made for %s', async (_what, job, code) => {
    // There the policy rehearses, and there the function that reads a copy does not reach.
    const made = await rehearsalWorld({ policy: instanceOf({ place: 'eu-west-1' }) });
    await made.catalog.adoptPoint(snapshotPoint(SNAPSHOT_AT, { id: ELSEWHERE, place: 'eu-west-1' }));
    expect(await whole(made, job)).toMatchObject({ outcome: 'refused', code });
    expect(made.scratch.callsOf('begin')).toEqual([]);
  });

  it('waits for its turn behind a rehearsal of the same policy, and its time counts for the month', async () => {
    const made = await rehearsalWorld({ policy: instanceOf({ atOnce: 1 }) });
    const before: ScratchRecord = {
      ...{ target: 'erp', policy: 'production', kind: 'rds', state: 'making' },
      ...{ name: 'understudy-scratch-erp-1', run: `rehearse-snapshot/erp/${AT}`, beganAt: AT },
      expiresAt: '2026-11-21T11:00:00Z',
    };
    await made.catalog.beginScratch(before);
    let pauses = 0;
    made.whilePaused(async (pause) => {
      if (!pause.startsWith('wait for its turn')) return;
      expect(made.scratch.callsOf('begin')).toEqual([]);
      if (++pauses === 3) await made.catalog.endScratch(before, '2026-11-20T12:10:00Z');
    });
    expect(await whole(made)).toMatchObject({ outcome: 'extracted' });
    expect(pauses).toBe(3);
    expect(await made.catalog.scratchSeconds('production', '2026-11')).toBeGreaterThan(60);
  });

  it('stands back while somebody restores the target', async () => {
    const made = await rehearsalWorld();
    await made.catalog.beginRestore(restoreRecord({ startedAt: NOW }));
    expect(await whole(made)).toMatchObject({ outcome: 'refused', code: 'restore-under-way' });
  });

  it.each([
    [{ ...MOMENT, point: SNAPSHOT_ID }],
    [{ ...SNAPSHOT, moment: AT }],
    [{ ...ANY, from: 'moment' }],
    [{ ...MOMENT, find: 'true' }],
  ])('is no message with two answers, or none, about what it is of', (job) => {
    expect(extractJob.safeParse(job).success).toBe(false);
  });
});

describe('a finished extract', () => {
  const of = { target: 'crm', from: 'moment' as const, moment: AT };
  const later = (seconds: number) => new Date(Date.parse(NOW) + seconds * 1000);

  it('serves again for the same while its files are there, and one of every table for some of them', async () => {
    const made = await rehearsalWorld();
    await whole(made, { ...MOMENT, tables: undefined });
    const run = (await runOf(made))!;
    const end = Date.parse(run.endedAt!) - Date.parse(NOW);
    const adopt = (what: object, seconds: number) =>
      adoptable([run], { ...of, ...what }, later(end / 1000 + seconds));
    expect(adopt({}, EXTRACT_LASTS - 60)).toEqual(run);
    expect(adopt({ tables: ['public.leads'] }, 60)).toEqual(run);
    expect(adopt({}, EXTRACT_LASTS)).toBeUndefined();
    expect(adopt({ moment: '2026-11-20T10:00:01Z' }, 60)).toBeUndefined();
    expect(adopt({ find: 'true' }, 60)).toBeUndefined();
    expect(adoptable([{ ...run, state: 'failed' }], of, later(60))).toBeUndefined();
  });

  it('of some tables does not serve for others; one under way is taken up while its claim lasts', async () => {
    const made = await rehearsalWorld();
    await whole(made);
    const run = (await runOf(made))!;
    expect(adoptable([run], { ...of, tables: ['public.leads'] }, later(7200))).toEqual(run);
    expect(adoptable([run], { ...of, tables: ['public.others'] }, later(7200))).toBeUndefined();
    expect(adoptable([run], of, later(7200))).toBeUndefined();
    const running = { ...run, state: 'running' as const, endedAt: undefined as never };
    expect(adoptable([running], { ...of, tables: ['public.leads'] }, later(60))).toEqual(running);
    expect(adoptable([running], { ...of, tables: ['public.leads'] }, later(90 * 3600))).toBeUndefined();
  });
});
