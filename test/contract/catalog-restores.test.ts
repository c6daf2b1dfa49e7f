import { setTimeout } from 'node:timers/promises';
import type { RestoreRecord } from '../../lib/domain/incidents/restore-record.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { restoreRecord } from '../support/restore-records.ts';
import { CATALOGS } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

const record = (target: string, changes: Partial<RestoreRecord> = {}) =>
  restoreRecord({ target, ...changes });

describe.each(CATALOGS)('the catalog %s', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });
  it('begins one restore of a target at a time, and gives the one that is under way', async () => {
    const target = unique();
    const first = record(target);
    expect(await catalog.beginRestore(first)).toEqual(first);
    expect(await catalog.beginRestore({ ...first, token: 'again' })).toEqual(first);
    const second = record(target, { id: '20261120T120500Z', token: 'second' });
    expect(await catalog.beginRestore(second)).toEqual(first);
    expect(await catalog.restore(target, second.id)).toBeUndefined();
  });

  it('begins the next one when the first has ended, and not when its execution has died', async () => {
    const target = unique();
    await catalog.beginRestore(record(target));
    await catalog.putRestore(record(target, { state: 'not-done' }));
    const second = record(target, { id: '20261120T120500Z', aliveUntil: '2026-11-20T12:10:00Z' });
    expect(await catalog.beginRestore(second)).toEqual(second);
    const third = record(target, { id: '20261120T121500Z' });
    expect(await catalog.beginRestore(third)).toEqual(second);
    await catalog.putRestore({ ...second, state: 'rolled-back' });
    expect(await catalog.beginRestore(third)).toEqual(third);
    expect(await catalog.restore(target)).toEqual(third);
    expect(await catalog.restore(target, second.id)).toEqual({ ...second, state: 'rolled-back' });
  });

  it('lets the execution that holds a restore write it, and no other', async () => {
    const target = unique();
    const first = record(target, { aliveUntil: '2026-11-20T12:10:00Z' });
    await catalog.beginRestore(first);
    await catalog.renewRestore(first, '2026-11-20T12:40:00Z');
    const renewed = { ...first, aliveUntil: '2026-11-20T12:40:00Z' };
    expect(await catalog.restore(target)).toEqual(renewed);
    // It lives again since it was seen: a rollback does not take it.
    const taken = { ...renewed, takenBy: 'back', aliveUntil: '2026-11-20T14:00:00Z' };
    expect(await catalog.takeRestore(taken, first)).toBe(false);
    expect(await catalog.takeRestore(taken, renewed)).toBe(true);
    const refused = { code: 'restore-taken' };
    await expect(catalog.putRestore({ ...renewed, state: 'done' })).rejects.toMatchObject(refused);
    await expect(catalog.renewRestore(first, '2026-11-20T15:00:00Z')).rejects.toMatchObject(refused);
    expect(await catalog.restore(target)).toEqual(taken);
    await catalog.renewRestore(taken, '2026-11-20T14:30:00Z');
    await catalog.putRestore({ ...taken, phase: 'close' });
    expect(await catalog.restore(target)).toMatchObject({ takenBy: 'back', phase: 'close' });
    await expect(catalog.renewRestore(record(unique()), '2026-11-20T15:00:00Z')).rejects.toMatchObject(
      refused,
    );
  });

  it('lists restores that have not ended, or have left a database', async () => {
    const target = unique();
    const standing = async () => (await catalog.standingRestores()).filter((each) => each.target === target);
    const first = record(target);
    expect(await standing()).toEqual([]);
    await catalog.beginRestore(first);
    expect(await standing()).toEqual([first]);
    const kept = [{ name: 'crm-db-replaced', resourceId: 'db-CRM1' }];
    await catalog.putRestore({ ...first, state: 'done', kept });
    expect(await standing()).toEqual([{ ...first, state: 'done', kept }]);
    await catalog.putRestore({ ...first, state: 'done', kept: [] });
    expect(await standing()).toEqual([]);
  });

  it('lets one of several begin that are asked for at the same moment', async () => {
    const target = unique();
    const asked = [0, 1, 2, 3].map((n) => record(target, { id: `20261120T12000${n}Z`, token: `${n}` }));
    const begun = await Promise.all(asked.map((each) => catalog.beginRestore(each)));
    expect(new Set(begun.map(({ token }) => token)).size).toBe(1);
    expect(await Promise.all(asked.map(({ id }) => catalog.restore(target, id)))).toEqual(
      asked.map(({ id }) => (id === begun[0]!.id ? begun[0] : undefined)),
    );
  });

  it('stores a restore as its execution changes it', async () => {
    const target = unique();
    await catalog.beginRestore(record(target));
    const changed = record(target, { phase: 'proof', notes: ['a note'] });
    await catalog.putRestore(changed);
    expect(await catalog.restore(target)).toEqual(changed);
    expect(await catalog.restore(unique())).toBeUndefined();
  });

  it('gives an ended restore to one rollback, and no other restore begins beside it', async () => {
    const target = unique();
    const ended = record(target, { state: 'done' });
    await catalog.beginRestore(record(target));
    await catalog.putRestore(ended);
    const taken = record(target, { aliveUntil: '2026-11-24T12:00:00Z' });
    const taking = ['first', 'second', 'third'].map((takenBy) => ({ ...taken, takenBy }));
    const taker = (each: (typeof taking)[number]) => catalog.takeRestore(each, ended);
    const won = await Promise.all(taking.map(taker));
    expect(won.filter(Boolean)).toHaveLength(1);
    const winner = taking[won.indexOf(true)]!;
    expect(await catalog.restore(target)).toEqual(winner);
    // A step whose result was not kept is done again.
    expect(await Promise.all(taking.map(taker))).toEqual(won);
    const next = record(target, { id: '20261120T120500Z', token: 'next' });
    expect(await catalog.beginRestore(next)).toEqual(winner);
    expect(await catalog.restore(target, next.id)).toBeUndefined();
  });

  it('gives no restore to a rollback when another has begun since it was seen', async () => {
    const target = unique();
    const ended = record(target, { state: 'done' });
    await catalog.beginRestore(record(target));
    await catalog.putRestore(ended);
    const next = record(target, { id: '20261120T120500Z', startedAt: '2026-11-20T12:05:00Z', token: 'next' });
    expect(await catalog.beginRestore(next)).toEqual(next);
    expect(await catalog.takeRestore({ ...ended, takenBy: 'late' }, ended)).toBe(false);
    expect(await catalog.restore(target, ended.id)).toEqual(ended);
  });

  it('gives an earlier restore to a rollback, under the lock of its target', async () => {
    const target = unique();
    const done = record(target, { state: 'done' });
    await catalog.beginRestore(record(target));
    await catalog.putRestore(done);
    const later = record(target, {
      id: '20261120T120500Z',
      startedAt: '2026-11-20T12:05:00Z',
      token: 'later',
    });
    await catalog.beginRestore(later);
    const back = { ...record(target, { aliveUntil: '2026-11-24T12:00:00Z' }), takenBy: 'back' };
    expect(await catalog.takeRestore(back, done, later.id)).toBe(false);
    await catalog.putRestore({ ...later, state: 'not-done' });
    expect(await catalog.takeRestore(back, done, done.id)).toBe(false);
    const both = [back, back].map((each) => catalog.takeRestore(each, done, later.id));
    expect(await Promise.all(both)).toContain(true);
    expect(await catalog.restore(target)).toEqual(back);
    const next = record(target, { id: '20261120T121000Z', startedAt: '2026-11-20T12:10:00Z', token: 'next' });
    expect(await catalog.beginRestore(next)).toEqual(back);
    const again = { ...later, takenBy: 'other', aliveUntil: '2026-11-24T12:00:00Z' };
    expect(await catalog.takeRestore(again, { ...later, state: 'not-done' })).toBe(false);
    await catalog.putRestore({ ...back, state: 'rolled-back' });
    expect(await catalog.restoresOf(target)).toMatchObject([
      { id: later.id, state: 'not-done' },
      { id: done.id, state: 'rolled-back' },
    ]);
    expect(await catalog.beginRestore(next)).toEqual(next);
    expect(await catalog.restore(target)).toEqual(next);
  });

  it('begins either a restore or the rollback of an earlier one, of both at the same moment', async () => {
    for (let wait = 0; wait < 20; wait += 5) {
      const target = unique();
      const done = record(target, { state: 'done' });
      await catalog.beginRestore(record(target));
      await catalog.putRestore(done);
      const at = (id: string) => ({ id, startedAt: '2026-11-20T12:05:00Z', token: id });
      const later = record(target, at('20261120T120500Z'));
      await catalog.beginRestore(later);
      await catalog.putRestore({ ...later, state: 'not-done' });
      const next = record(target, at('20261120T121000Z'));
      const back = { ...record(target, { aliveUntil: '2026-11-24T12:00:00Z' }), takenBy: 'back' };
      const [begun, taken] = await Promise.all([
        catalog.beginRestore(next),
        setTimeout(wait).then(() => catalog.takeRestore(back, done, later.id)),
      ]);
      expect([begun.token === next.token, taken]).toEqual(taken ? [false, true] : [true, false]);
    }
  });

  it('begins either the next restore or the rollback of the last one, of both at the same moment', async () => {
    // A restore looks three times before it begins: the rollback comes before, between and after.
    for (let wait = 0; wait < 40; wait += 2) {
      const target = unique();
      const ended = record(target, { state: 'done' });
      await catalog.beginRestore(record(target));
      await catalog.putRestore(ended);
      const next = record(target, {
        ...{ id: '20261120T120500Z', startedAt: '2026-11-20T12:05:00Z', token: 'next' },
      });
      const back = { ...record(target, { aliveUntil: '2026-11-24T12:00:00Z' }), takenBy: 'back' };
      const [begun, taken] = await Promise.all([
        catalog.beginRestore(next),
        setTimeout(wait).then(() => catalog.takeRestore(back, ended)),
      ]);
      expect([begun.token === 'next', taken]).toEqual(taken ? [false, true] : [true, false]);
      expect(await catalog.restore(target, ended.id)).toEqual(taken ? back : ended);
      expect(await catalog.restore(target, next.id)).toEqual(taken ? undefined : next);
    }
  });

  it('keeps the first decision about a restore, and a wish to abort apart from it', async () => {
    const target = unique();
    const by = { target, restore: '20261120T120000Z', at: '2026-11-20T12:30:00Z' };
    expect(await catalog.restoreAnswers(target, by.restore)).toEqual({});
    const first = { ...by, answer: 'reject' as const, by: 'ben' };
    expect(await catalog.answerRestore(first)).toEqual(first);
    expect(await catalog.answerRestore({ ...by, answer: 'approve', by: 'carl' })).toEqual(first);
    const abort = { ...by, answer: 'abort' as const, by: 'carl', reason: 'wrong target' };
    expect(await catalog.answerRestore(abort)).toEqual(abort);
    expect(await catalog.answerRestore({ ...abort, by: 'dora' })).toEqual(abort);
    expect(await catalog.restoreAnswers(target, by.restore)).toEqual({ decided: first, abort });
    expect(await catalog.restoreAnswers(target, '20261120T120001Z')).toEqual({});
  });
});
