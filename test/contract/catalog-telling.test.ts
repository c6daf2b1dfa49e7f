import { markTold, openFinding } from '../../lib/alerting/finding-records.ts';
import type { Finding } from '../../lib/domain/findings/finding.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { AT, CATALOGS, lateness, later } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

const BOTH = ['alerts', 'pages'] as const;
const DAY = 86_400;

describe.each(CATALOGS)('the catalog %s', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });
  /** Finds it again so many seconds later, and says whether and why people must be told. */
  const found = async (what: Finding, seconds: number) => {
    const { since, tell } = await openFinding(catalog, what, BOTH, later(seconds));
    expect(since).toBe('2026-11-20T12:00:00Z');
    return tell;
  };
  /** Finds it and tells everybody at once. */
  const opened = async (changes: Partial<Finding> = {}) => {
    const what = { ...lateness(unique()), ...changes };
    await openFinding(catalog, what, BOTH, AT);
    await markTold(catalog, what, BOTH, AT);
    return what;
  };

  it('asks for no alert of a finding for a day after its alert was sent', async () => {
    const what = await opened();
    for (const seconds of [1, 300, 3600, DAY - 1]) expect(await found(what, seconds)).toBeUndefined();
  });

  it('asks for a reminder once a day, when the last alert is a day old', async () => {
    const what = await opened();
    expect(await found(what, DAY)).toEqual({ occasion: 'reminder', topics: BOTH });
    await markTold(catalog, what, BOTH, later(DAY + 6));
    expect(await found(what, DAY + 300)).toBeUndefined();
    expect(await found(what, 2 * DAY + 5)).toBeUndefined();
    expect(await found(what, 2 * DAY + 6)).toEqual({ occasion: 'reminder', topics: BOTH });
  });

  it('asks for a reminder once a week of what only costs', async () => {
    const what = await opened({ code: 'database-kept', severity: 'P3' });
    expect(await found(what, 7 * DAY - 1)).toBeUndefined();
    expect(await found(what, 7 * DAY)).toEqual({ occasion: 'reminder', topics: BOTH });
  });

  it('counts the day to a reminder from the last alert and not from the last look', async () => {
    const what = await opened();
    await found({ ...what, message: 'its schedule is gone' }, DAY - 10);
    expect(await found(what, DAY)).toMatchObject({ occasion: 'reminder' });
  });

  it.each([
    ['opened', 0],
    ['reminder', DAY],
  ] as const)(
    'asks again every two minutes for an alert of a finding (%s) that was not sent',
    async (occasion, from) => {
      const what = from === 0 ? lateness(unique()) : await opened();
      const tell = { occasion, topics: BOTH };
      expect(await found(what, from)).toEqual(tell);
      expect(await found(what, from + 119)).toBeUndefined();
      expect(await found(what, from + 120)).toEqual(tell);
      expect(await found(what, from + 121)).toBeUndefined();
      expect(await found(what, from + 240)).toEqual(tell);
      await markTold(catalog, what, BOTH, later(from + 241));
      expect(await found(what, from + 600)).toBeUndefined();
    },
  );

  it('asks again only for the topics that did not take an alert', async () => {
    const what = lateness(unique());
    await found(what, 0);
    await markTold(catalog, what, ['alerts'], later(1));
    expect(await found(what, 60)).toBeUndefined();
    expect(await found(what, 120)).toEqual({ occasion: 'opened', topics: ['pages'] });
    await markTold(catalog, what, ['pages'], later(121));
    expect(await found(what, 600)).toBeUndefined();
  });

  it('asks one of five workers that notice a finding to send its alert again', async () => {
    const what = lateness(unique());
    await found(what, 0);
    const again = await Promise.all(Array.from({ length: 5 }, () => found(what, 120)));
    expect(again.filter((tell) => tell !== undefined)).toEqual([{ occasion: 'opened', topics: BOTH }]);
  });

  it('asks for one alert when a finding becomes worse, and none when it becomes milder', async () => {
    const what = await opened({ severity: 'P2' });
    expect(await found({ ...what, severity: 'P3' }, 10)).toBeUndefined();
    expect(await found({ ...what, severity: 'P1' }, 20)).toEqual({ occasion: 'worsened', topics: BOTH });
    await markTold(catalog, what, BOTH, later(21));
    expect(await found({ ...what, severity: 'P1' }, 30)).toBeUndefined();
  });

  it('asks at once for an alert of a finding that became worse before its first alert was sent', async () => {
    const what = lateness(unique());
    await found({ ...what, severity: 'P2' }, 0);
    expect(await found({ ...what, severity: 'P0' }, 1)).toEqual({ occasion: 'worsened', topics: BOTH });
  });

  it('asks for an alert to the topics of the new severity when a finding becomes worse', async () => {
    const what = { ...lateness(unique()), severity: 'P2' as const };
    await openFinding(catalog, what, ['alerts'], AT);
    await markTold(catalog, what, ['alerts'], AT);
    expect(await found({ ...what, severity: 'P0' }, 1)).toEqual({ occasion: 'worsened', topics: BOTH });
  });

  it('asks again for an alert on time while the message of the finding changes', async () => {
    const what = lateness(unique());
    await found(what, 0);
    await found({ ...what, message: 'its schedule is off' }, 60);
    expect(await found({ ...what, message: 'its schedule is gone' }, 119)).toBeUndefined();
    const tell = await found({ ...what, message: 'its schedule is back' }, 120);
    expect(tell).toMatchObject({ occasion: 'opened' });
  });
});
