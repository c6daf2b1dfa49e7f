import type { AppChange } from '../../lib/domain/incidents/app-change.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { AT, CATALOGS, later } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

const change = (target: string, changes: Partial<AppChange> = {}): AppChange => ({
  ...{ target, id: '20261120T120000Z', token: 'first', job: 'restart-app', state: 'running', by: 'anna' },
  ...{ startedAt: '2026-11-20T12:00:00Z', aliveUntil: '2026-11-20T16:00:00Z', services: [] },
  ...changes,
});

describe.each(CATALOGS)('the catalog %s', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });

  it('begins one change of an application at a time, and gives the one that is under way', async () => {
    const target = unique();
    const first = change(target);
    expect(await catalog.appChange(target)).toBeUndefined();
    expect(await catalog.beginAppChange(first, AT)).toEqual(first);
    expect(await catalog.beginAppChange(first, AT)).toEqual(first);
    const second = change(target, { id: '20261120T120005Z', token: 'second' });
    expect(await catalog.beginAppChange(second, AT)).toEqual(first);
    expect(await catalog.appChange(target)).toEqual(first);
  });

  it('begins the next one when the first has ended, or must be over, and the same one never again', async () => {
    const target = unique();
    const ended = change(target, { state: 'done' });
    await catalog.beginAppChange(change(target), AT);
    await catalog.putAppChange(ended);
    expect(await catalog.beginAppChange({ ...ended, token: 'again', state: 'running' }, AT)).toEqual(ended);
    const second = change(target, { id: '20261120T120005Z', token: 'second' });
    expect(await catalog.beginAppChange(second, AT)).toEqual(second);
    const third = change(target, { id: '20261120T180000Z', token: 'third' });
    expect(await catalog.beginAppChange(third, AT)).toEqual(second);
    expect(await catalog.beginAppChange(third, later(5 * 3600))).toEqual(third);
    // The second comes back from the dead.
    await expect(catalog.putAppChange(second)).rejects.toMatchObject({ code: 'claim-lost' });
    expect(await catalog.appChange(target)).toEqual(third);
  });

  it('lets one of several begin that are asked for at the same moment', async () => {
    const target = unique();
    const asked = [0, 1, 2, 3].map((n) => change(target, { id: `20261120T12000${n}Z`, token: `${n}` }));
    const begun = await Promise.all(asked.map((each) => catalog.beginAppChange(each, AT)));
    expect(new Set(begun.map(({ token }) => token)).size).toBe(1);
    expect(await catalog.appChange(target)).toEqual(begun[0]);
  });
});
