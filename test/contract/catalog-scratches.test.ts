import type { ScratchRecord } from '../../lib/domain/runs/scratch-record.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { CATALOGS, scratchRecord } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

const HOUR = 3600;
const MONTH = '2026-11';
const NOTHING = { version: 0, since: {} };

describe.each(CATALOGS)('the catalog %s', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });
  /** One whose turn came when it was begun, unless a test says when. */
  const running = async (changes: Partial<ScratchRecord> = {}, target = unique()) => {
    const { startedAt: at, ...waiting } = changes;
    const record = scratchRecord(target, waiting);
    const startedAt = at ?? record.beganAt;
    await catalog.beginScratch(record);
    const seen = await catalog.standing(record.policy);
    await catalog.startScratch(record, startedAt, record.expiresAt, seen);
    return { ...record, startedAt };
  };
  const openOf = async (target: string) =>
    (await catalog.openScratches()).filter((record) => record.target === target);

  it('gives the record of a scratch instance that is begun, and lists it', async () => {
    const record = scratchRecord(unique());
    expect(await catalog.beginScratch(record)).toEqual(record);
    expect(await openOf(record.target)).toEqual([record]);
  });

  it('gives the record that exists when a scratch instance is begun again, and does not change it', async () => {
    const record = scratchRecord(unique());
    await catalog.beginScratch(record);
    await catalog.identifyScratch(record.target, record.name, 'db-ABC');
    const again = scratchRecord(record.target, {
      beganAt: '2026-11-22T03:00:00Z',
      expiresAt: '2026-11-23T00:00:00Z',
    });
    expect(await catalog.beginScratch(again)).toEqual({ ...record, resourceId: 'db-ABC' });
    expect(await openOf(record.target)).toEqual([{ ...record, resourceId: 'db-ABC' }]);
  });

  it('keeps the first start of a scratch instance that is started twice', async () => {
    const record = scratchRecord(unique());
    await catalog.beginScratch(record);
    const start = async (at: string) =>
      catalog.startScratch(record, at, '2026-11-22T12:00:00Z', await catalog.standing(record.policy));
    await start('2026-11-22T04:00:00Z');
    await start('2026-11-22T04:00:30Z');
    const started = { ...record, startedAt: '2026-11-22T04:00:00Z', expiresAt: '2026-11-22T12:00:00Z' };
    expect(await openOf(record.target)).toEqual([started]);
    expect(await catalog.beginScratch(record)).toEqual(started);
  });

  it('refuses to start or identify a scratch instance that is not on record', async () => {
    const record = scratchRecord(unique());
    await expect(catalog.identifyScratch(record.target, record.name, 'db-ABC')).rejects.toThrow();
    const starting = catalog.startScratch(record, '2026-11-22T04:00:00Z', '2026-11-22T12:00:00Z', NOTHING);
    await expect(starting).rejects.toThrow();
    expect(await openOf(record.target)).toEqual([]);
  });

  it('lists no scratch instance that has ended, and begins a new record when it is begun again', async () => {
    const record = await running();
    await catalog.identifyScratch(record.target, record.name, 'db-ABC');
    await catalog.endScratch(record, '2026-11-22T02:30:03Z');
    expect(await openOf(record.target)).toEqual([]);
    const again = scratchRecord(record.target, {
      name: record.name,
      policy: record.policy,
      beganAt: '2026-11-22T03:00:00Z',
      expiresAt: '2026-11-23T00:00:00Z',
    });
    expect(await catalog.beginScratch(again)).toEqual(again);
    expect(await openOf(record.target)).toEqual([again]);
    expect(await catalog.scratchSeconds(record.policy, MONTH)).toBe(HOUR / 2);
  });

  it('lists the scratch instances that stand for a policy, each from its start to its end', async () => {
    const policy = unique('policy');
    expect(await catalog.standing(policy)).toEqual(NOTHING);
    const waiting = scratchRecord(unique(), { policy });
    await catalog.beginScratch(waiting);
    expect(await catalog.standing(policy)).toEqual(NOTHING);
    const one = await running({ policy, startedAt: '2026-11-22T04:00:00Z' });
    const two = await running({ policy, startedAt: '2026-11-22T05:00:00Z' });
    await running({ policy: unique('policy') });
    expect((await catalog.standing(policy)).since).toEqual({
      [one.name]: one.startedAt,
      [two.name]: two.startedAt,
    });
    await catalog.endScratch(one, '2026-11-22T06:00:00Z');
    await catalog.endScratch(one, '2026-11-22T06:10:00Z');
    await catalog.endScratch(waiting, '2026-11-22T06:20:00Z');
    expect(await catalog.standing(policy)).toEqual({ version: 3, since: { [two.name]: two.startedAt } });
  });

  it('starts one of four scratch instances that saw the same others standing, and refuses the rest', async () => {
    const policy = unique('policy');
    const records = Array.from({ length: 4 }, () => scratchRecord(unique(), { policy }));
    for (const record of records) await catalog.beginScratch(record);
    const seen = await catalog.standing(policy);
    const start = (record: ScratchRecord, at: string, from: typeof seen) =>
      catalog.startScratch(record, at, '2026-11-22T12:00:00Z', from);
    const at = '2026-11-22T04:00:00Z';
    const started = await Promise.all(records.map((record) => start(record, at, seen)));
    const [only, ...more] = started.filter((record) => record !== undefined);
    expect(more).toEqual([]);
    expect(await catalog.standing(policy)).toEqual({ version: 1, since: { [only!.name]: at } });
    await catalog.endScratch(only!, '2026-11-22T05:00:00Z');
    const last = records.find(({ name }) => name !== only!.name)!;
    const later = '2026-11-22T06:00:00Z';
    expect(await start(last, later, { version: 1, since: {} })).toBeUndefined();
    expect(await start(last, later, await catalog.standing(policy))).toMatchObject({ startedAt: later });
  });

  it('has no scratch instance standing that was started while it was ended', async () => {
    for (let round = 0; round < 10; round++) {
      const policy = unique('policy');
      const record = scratchRecord(unique(), { policy });
      await catalog.beginScratch(record);
      await Promise.all([
        catalog.endScratch(record, '2026-11-22T05:00:00Z'),
        catalog
          .startScratch(record, '2026-11-22T04:00:00Z', '2026-11-22T12:00:00Z', NOTHING)
          .catch(() => undefined),
      ]);
      expect((await catalog.standing(policy)).since).toEqual({});
      expect(await openOf(record.target)).toEqual([]);
    }
  });

  it('sums the time of a scratch instance over each time that it was begun', async () => {
    const record = await running();
    await catalog.endScratch(record, '2026-11-22T02:30:03Z');
    await catalog.endScratch(
      await running({ startedAt: '2026-11-22T05:00:00Z' }, record.target),
      '2026-11-22T06:00:00Z',
    );
    expect(await openOf(record.target)).toEqual([]);
    expect(await catalog.scratchSeconds(record.policy, MONTH)).toBe(1.5 * HOUR);
  });

  it('ends no scratch instance that is not on record, and makes no record of it', async () => {
    const record = scratchRecord(unique());
    await catalog.endScratch(record, '2026-11-22T02:30:03Z');
    expect(await openOf(record.target)).toEqual([]);
    expect(await catalog.scratchSeconds(record.policy, MONTH)).toBe(0);
  });

  it('counts the time of a scratch instance from its start, and none while it waited for its turn', async () => {
    const waited = scratchRecord(unique());
    await catalog.beginScratch(waited);
    await catalog.endScratch(waited, '2026-11-22T09:00:00Z');
    expect(await catalog.scratchSeconds(waited.policy, MONTH)).toBe(0);
    const late = await running({ startedAt: '2026-11-22T05:00:00Z' });
    await catalog.endScratch(late, '2026-11-22T06:00:00Z');
    expect(await catalog.scratchSeconds(late.policy, MONTH)).toBe(HOUR);
  });

  it('counts the time of a scratch instance that is ended twice to its first end', async () => {
    const record = await running();
    await catalog.endScratch(record, '2026-11-22T02:30:03Z');
    await catalog.endScratch(record, '2026-11-22T09:00:00Z');
    expect(await catalog.scratchSeconds(record.policy, MONTH)).toBe(HOUR / 2);
  });

  it('counts the time of a scratch instance once when four workers end it at the same time', async () => {
    const record = await running();
    await Promise.all(Array.from({ length: 4 }, () => catalog.endScratch(record, '2026-11-22T03:00:03Z')));
    expect(await catalog.scratchSeconds(record.policy, MONTH)).toBe(HOUR);
  });

  it('sums the scratch time of a policy over its targets by the month it began in', async () => {
    const policy = unique('policy');
    const spent = async (beganAt: string, goneAt: string, of = policy) => {
      const record = await running({ beganAt, policy: of });
      await catalog.endScratch(record, goneAt);
    };
    await spent('2026-11-01T00:00:00Z', '2026-11-01T01:00:00Z');
    await spent('2026-11-30T23:30:00Z', '2026-12-01T01:30:00Z');
    await spent('2026-12-01T00:00:00Z', '2026-12-01T00:00:10Z');
    await spent('2026-11-02T00:00:00Z', '2026-11-03T00:00:00Z', unique('policy'));
    expect(await catalog.scratchSeconds(policy, '2026-11')).toBe(3 * HOUR);
    expect(await catalog.scratchSeconds(policy, '2026-12')).toBe(10);
    expect(await catalog.scratchSeconds(policy, '2026-10')).toBe(0);
    expect(await catalog.scratchSeconds(unique('policy'), '2026-11')).toBe(0);
  });

  it('counts no time for a scratch instance whose end lies before its start', async () => {
    const record = await running();
    await catalog.endScratch(record, '2026-11-22T01:00:00Z');
    expect(await catalog.scratchSeconds(record.policy, MONTH)).toBe(0);
  });

  it('lists the open scratch instances of all targets', async () => {
    const records = Array.from({ length: 20 }, () => scratchRecord(unique('many')));
    for (const record of records) await catalog.beginScratch(record);
    await catalog.endScratch(records[0]!, '2026-11-22T03:00:00Z');
    const names = (await catalog.openScratches()).map(({ target }) => target);
    expect(records.filter(({ target }) => names.includes(target))).toEqual(records.slice(1));
  });
});
