import { closeFinding, markTold, openFinding } from '../../lib/alerting/finding-records.ts';
import { finding } from '../../lib/domain/findings/finding.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { AT, CATALOGS, lateness, later } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

const SINCE = '2026-11-20T12:00:00Z';
const BOTH = ['alerts', 'pages'] as const;

describe.each(CATALOGS)('the catalog %s', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });

  it('opens a finding once when ten workers notice it at the same time', async () => {
    const found = lateness(unique());
    const all = await Promise.all(Array.from({ length: 10 }, () => openFinding(catalog, found, BOTH, AT)));
    expect(all.filter((each) => each.tell)).toEqual([
      { since: SINCE, tell: { occasion: 'opened', topics: BOTH } },
    ]);
    expect(all.every((each) => each.since === SINCE)).toBe(true);
  });

  it('lists an open finding with all its fields, and with the alert that is still to be sent', async () => {
    const found = finding('rpo-breached', {
      target: { id: unique() },
      subject: 'age',
      message: 'too old',
      objectives: 'RPO 26 h',
    });
    await openFinding(catalog, found, BOTH, AT);
    const untold = { occasion: 'opened', topics: BOTH, at: SINCE };
    expect(await catalog.openFindings(found.target)).toEqual([{ ...found, since: SINCE, untold }]);
    await markTold(catalog, found, BOTH, later(5));
    expect(await catalog.openFindings(found.target)).toEqual([
      { ...found, since: SINCE, lastToldAt: '2026-11-20T12:00:05Z' },
    ]);
  });

  it('brings an open finding up to date when its message changes, without an alert', async () => {
    const found = lateness(unique());
    await openFinding(catalog, found, BOTH, AT);
    await markTold(catalog, found, BOTH, AT);
    const changed = { ...found, message: 'its schedule is gone' };
    expect(await openFinding(catalog, changed, BOTH, later(3600))).toEqual({ since: SINCE });
    expect(await catalog.openFindings(found.target)).toMatchObject([
      { message: 'its schedule is gone', lastToldAt: SINCE },
    ]);
  });

  it('keeps the latest of the points that an open finding was seen in', async () => {
    const found = lateness(unique());
    const asOf = async () => (await catalog.openFindings(found.target)).map((open) => open.asOf);
    const again = (moment?: string) =>
      openFinding(catalog, { ...found, ...(moment ? { asOf: moment } : {}) }, BOTH, AT);
    await again();
    expect(await asOf()).toEqual([undefined]);
    await again('2026-11-20T02:00:00Z');
    await again('2026-11-19T02:00:00Z');
    await again();
    expect(await asOf()).toEqual(['2026-11-20T02:00:00Z']);
    await again('2026-11-20T03:00:00Z');
    expect(await asOf()).toEqual(['2026-11-20T03:00:00Z']);
    await closeFinding(catalog, found);
    await again('2026-11-18T02:00:00Z');
    expect(await asOf()).toEqual(['2026-11-18T02:00:00Z']);
  });

  it('keeps the message of an open finding when only a figure in it changes', async () => {
    const found = lateness(unique(), 'late by 60 min');
    await openFinding(catalog, found, BOTH, AT);
    await markTold(catalog, found, BOTH, AT);
    await openFinding(catalog, { ...found, message: 'late by 65 min' }, BOTH, later(300));
    expect(await catalog.openFindings(found.target)).toMatchObject([{ message: 'late by 60 min' }]);
  });

  it.each([
    ['was', true],
    ['was not', false],
  ])('closes a finding whose alert %s sent, and gives it back as it was listed', async (_what, isTold) => {
    const found = lateness(unique());
    await openFinding(catalog, found, BOTH, AT);
    if (isTold) await markTold(catalog, found, BOTH, later(5));
    const [listed] = await catalog.openFindings(found.target);
    expect(await closeFinding(catalog, found)).toEqual(listed);
    expect(await catalog.openFindings(found.target)).toEqual([]);
  });

  it('closes a finding once, and none that was never open', async () => {
    const found = lateness(unique());
    await openFinding(catalog, found, BOTH, AT);
    const closing = () => closeFinding(catalog, found);
    const closed = await Promise.all([closing(), closing(), closing()]);
    expect(closed.filter((each) => each !== undefined)).toHaveLength(1);
    expect(await closing()).toBeUndefined();
    expect(await closeFinding(catalog, { ...found, target: unique() })).toBeUndefined();
  });

  it('opens a closed finding again with nothing of the time before', async () => {
    const found = lateness(unique());
    await openFinding(catalog, found, BOTH, AT);
    await markTold(catalog, found, BOTH, later(5));
    await closeFinding(catalog, found);
    const milder = { ...found, severity: 'P2' as const };
    const since = '2026-11-20T12:02:00Z';
    const tell = { occasion: 'opened', topics: ['alerts'] };
    expect(await openFinding(catalog, milder, ['alerts'], later(120))).toEqual({ since, tell });
    expect(await catalog.openFindings(found.target)).toEqual([
      { ...milder, since, untold: { ...tell, at: since } },
    ]);
  });

  it('leaves a closed finding closed when a late worker marks its alert as sent', async () => {
    const found = lateness(unique());
    await openFinding(catalog, found, BOTH, AT);
    await closeFinding(catalog, found);
    await markTold(catalog, found, BOTH, later(2));
    expect(await catalog.openFindings(found.target)).toEqual([]);
    expect((await catalog.openFindings()).filter((each) => each.target === found.target)).toEqual([]);
  });

  it('makes no finding of an alert that is marked as sent and was never opened', async () => {
    const found = lateness(unique());
    await markTold(catalog, found, BOTH, AT).catch(() => undefined);
    expect(await catalog.openFindings(found.target)).toEqual([]);
    expect(await openFinding(catalog, found, BOTH, AT)).toMatchObject({ tell: { occasion: 'opened' } });
  });

  it('keeps findings of one code about two subjects apart', async () => {
    const found = lateness(unique());
    await openFinding(catalog, found, BOTH, AT);
    const other = await openFinding(catalog, { ...found, subject: 'verify' }, BOTH, AT);
    expect(other).toMatchObject({ tell: { occasion: 'opened' } });
    await closeFinding(catalog, found);
    expect((await catalog.openFindings(found.target)).map((each) => each.subject)).toEqual(['verify']);
  });

  it('lists the open findings of one target, and those of all targets', async () => {
    const targets = Array.from({ length: 20 }, () => unique());
    for (const target of targets) await openFinding(catalog, lateness(target), BOTH, AT);
    const about = finding('rto-breached', { target: { id: targets[0]! }, subject: 'r', message: 'slow' });
    await openFinding(catalog, about, BOTH, AT);
    await closeFinding(catalog, { target: targets[1]!, code: 'job-silent', subject: 'dump' });

    const codes = async (target: string) =>
      (await catalog.openFindings(target)).map((each) => each.code).sort();
    expect(await codes(targets[0]!)).toEqual(['job-silent', 'rto-breached']);
    expect(await codes(targets[1]!)).toEqual([]);
    const everywhere = (await catalog.openFindings()).filter((each) => targets.includes(each.target));
    expect(everywhere).toHaveLength(20);
    expect(everywhere.filter((each) => each.target === targets[0])).toEqual(
      expect.arrayContaining(await catalog.openFindings(targets[0])),
    );
  });
});
