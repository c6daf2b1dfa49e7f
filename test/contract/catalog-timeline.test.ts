import type { Catalog } from '../../lib/ports/catalog.ts';
import { AT, CATALOGS, event, later } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

describe.each(CATALOGS)('the catalog %s', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });

  it('lists the events of a target newest first, and no more than asked for', async () => {
    const target = unique();
    const events = ['03', '01', '02'].map((minute) =>
      event(target, { id: `event-${minute}`, at: `2026-11-20T01:${minute}:00Z`, message: minute }),
    );
    for (const each of events) expect(await catalog.addEvent(each)).toBe(true);
    await catalog.addEvent(event(unique()));
    const [third, first, second] = events;
    expect(await catalog.timeline(target, 9)).toEqual([third, second, first]);
    expect(await catalog.timeline(target, 2)).toEqual([third, second]);
    expect(await catalog.timeline(unique(), 9)).toEqual([]);
  });

  it('keeps an event that is delivered twice as it came first', async () => {
    const target = unique();
    expect(await catalog.addEvent(event(target))).toBe(true);
    expect(await catalog.addEvent(event(target, { message: 'delivered again' }))).toBe(false);
    expect(await catalog.timeline(target, 9)).toEqual([event(target)]);
  });

  it('keeps two events of one moment', async () => {
    const target = unique();
    await catalog.addEvent(event(target, { id: 'a' }));
    await catalog.addEvent(event(target, { id: 'b' }));
    expect((await catalog.timeline(target, 9)).map(({ id }) => id)).toEqual(['b', 'a']);
  });

  it('keeps an event without a code', async () => {
    const { code: _code, ...bare } = event(unique(), { from: 'unknown' });
    await catalog.addEvent(bare);
    expect(await catalog.timeline(bare.target, 9)).toEqual([bare]);
  });

  it('keeps the newest token of the execution that waits for news of a subject', async () => {
    const subject = unique('understudy-scratch-crm');
    expect(await catalog.awaiting(subject)).toBeUndefined();
    await catalog.awaitNotice(subject, 'token-1', AT);
    await catalog.awaitNotice(unique('understudy-scratch-crm'), 'token-of-another', AT);
    expect(await catalog.awaiting(subject)).toBe('token-1');
    await catalog.awaitNotice(subject, 'token-2', later(60));
    expect(await catalog.awaiting(subject)).toBe('token-2');
  });
});
