import { finding } from '../../lib/domain/finding.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { AT, CATALOGS, lateness, later } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

const SINCE = '2026-11-20T12:00:00Z';
const DAY = 86_400;

describe.each(CATALOGS)('a catalog %s: findings', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });

  it('opens a finding once, however many notice it at the same time', async () => {
    const found = lateness(unique());
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => catalog.openFinding(found, AT)));
    expect(outcomes.filter((each) => each.tell === 'opened')).toHaveLength(1);
    expect(outcomes.every((each) => each.since === SINCE)).toBe(true);
  });

  it('says nothing of a finding that people were told of, for a day', async () => {
    const found = lateness(unique());
    expect(await catalog.openFinding(found, AT)).toEqual({ tell: 'opened', since: SINCE });
    await catalog.toldFinding(found, later(5));
    for (const seconds of [5, 300, 600, DAY])
      expect(await catalog.openFinding(found, later(seconds))).toEqual({ since: SINCE });
  });

  it('reminds when the last word is a day old, once a day', async () => {
    const found = lateness(unique());
    await catalog.openFinding(found, AT);
    await catalog.toldFinding(found, later(5));
    expect(await catalog.openFinding(found, later(DAY + 4))).toEqual({ since: SINCE });
    expect(await catalog.openFinding(found, later(DAY + 5))).toEqual({ tell: 'reminder', since: SINCE });
    await catalog.toldFinding(found, later(DAY + 6));
    expect(await catalog.openFinding(found, later(DAY + 300))).toEqual({ since: SINCE });
    expect(await catalog.openFinding(found, later(2 * DAY + 6))).toEqual({ tell: 'reminder', since: SINCE });
  });

  it.each([
    ['opened', 0],
    ['reminder', DAY],
  ] as const)('asks again after two minutes when nobody was told that it was %s', async (tell, from) => {
    const found = lateness(unique());
    if (from > 0) {
      await catalog.openFinding(found, AT);
      await catalog.toldFinding(found, AT);
    }
    expect(await catalog.openFinding(found, later(from))).toEqual({ tell, since: SINCE });
    expect(await catalog.openFinding(found, later(from + 119))).toEqual({ since: SINCE });
    expect(await catalog.openFinding(found, later(from + 120))).toEqual({ tell, since: SINCE });
    expect(await catalog.openFinding(found, later(from + 121))).toEqual({ since: SINCE });
    await catalog.toldFinding(found, later(from + 122));
    expect(await catalog.openFinding(found, later(from + 600))).toEqual({ since: SINCE });
  });

  it('says when a finding became worse, and not when it became milder', async () => {
    const found = lateness(unique());
    await catalog.openFinding({ ...found, severity: 'P2' }, AT);
    await catalog.toldFinding(found, AT);
    expect(await catalog.openFinding({ ...found, severity: 'P3' }, later(10))).toEqual({ since: SINCE });
    expect(await catalog.openFinding({ ...found, severity: 'P1' }, later(20))).toEqual({
      tell: 'worsened',
      since: SINCE,
    });
    await catalog.toldFinding(found, later(21));
    expect(await catalog.openFinding({ ...found, severity: 'P1' }, later(30))).toEqual({ since: SINCE });
  });

  it('says that it became worse at once, even when nobody was told yet that it was opened', async () => {
    const found = lateness(unique());
    await catalog.openFinding({ ...found, severity: 'P2' }, AT);
    expect(await catalog.openFinding({ ...found, severity: 'P0' }, later(1))).toMatchObject({
      tell: 'worsened',
    });
  });

  it('keeps what has to be told while its message changes', async () => {
    const found = lateness(unique());
    await catalog.openFinding(found, AT);
    await catalog.openFinding({ ...found, message: 'two hours late' }, later(60));
    const retold = await catalog.openFinding({ ...found, message: 'three hours late' }, later(120));
    expect(retold).toEqual({ tell: 'opened', since: SINCE });
  });

  it('keeps when people were told while its message changes', async () => {
    const found = lateness(unique());
    await catalog.openFinding(found, AT);
    await catalog.toldFinding(found, later(5));
    await catalog.openFinding({ ...found, message: 'two hours late' }, later(3600));
    expect(await catalog.openFindings(found.target)).toEqual([
      { ...found, message: 'two hours late', since: SINCE, lastToldAt: '2026-11-20T12:00:05Z' },
    ]);
    expect(await catalog.openFinding(found, later(DAY + 5))).toMatchObject({ tell: 'reminder' });
  });

  it('closes what is open, and gives it back as it was listed', async () => {
    const found = lateness(unique());
    await catalog.openFinding(found, AT);
    await catalog.toldFinding(found, later(5));
    const [listed] = await catalog.openFindings(found.target);
    expect(listed).toEqual({ ...found, since: SINCE, lastToldAt: '2026-11-20T12:00:05Z' });
    const closed = await catalog.closeFinding(found.target, found.code, found.subject, later(60));
    expect(closed).toEqual(listed);
    expect(await catalog.openFindings(found.target)).toEqual([]);
  });

  it('says of what it closes that nobody was told of it', async () => {
    const found = lateness(unique());
    await catalog.openFinding(found, AT);
    const closed = await catalog.closeFinding(found.target, found.code, found.subject, later(60));
    expect(closed).toMatchObject({ untold: 'opened' });
    expect(closed).not.toHaveProperty('lastToldAt');
  });

  it('closes a finding once, and not what was never open', async () => {
    const found = lateness(unique());
    await catalog.openFinding(found, AT);
    const closing = () => catalog.closeFinding(found.target, found.code, found.subject, later(60));
    const closed = await Promise.all([closing(), closing(), closing()]);
    expect(closed.filter((each) => each !== undefined)).toHaveLength(1);
    expect(await closing()).toBeUndefined();
    expect(await catalog.closeFinding(unique(), found.code, found.subject, AT)).toBeUndefined();
  });

  it('opens a closed finding anew, with nothing left of the time before', async () => {
    const found = lateness(unique());
    await catalog.openFinding(found, AT);
    await catalog.toldFinding(found, later(5));
    await catalog.closeFinding(found.target, found.code, found.subject, later(60));
    const since = '2026-11-20T12:02:00Z';
    expect(await catalog.openFinding({ ...found, severity: 'P2' }, later(120))).toEqual({
      tell: 'opened',
      since,
    });
    expect(await catalog.openFindings(found.target)).toEqual([
      { ...found, severity: 'P2', since, untold: 'opened' },
    ]);
  });

  it('tells findings of the same code about other subjects apart', async () => {
    const found = lateness(unique());
    await catalog.openFinding(found, AT);
    expect(await catalog.openFinding({ ...found, subject: 'verify' }, AT)).toMatchObject({ tell: 'opened' });
    await catalog.closeFinding(found.target, found.code, 'dump', AT);
    expect((await catalog.openFindings(found.target)).map((each) => each.subject)).toEqual(['verify']);
  });

  it('lists what is open, of one target and everywhere', async () => {
    const targets = Array.from({ length: 20 }, () => unique());
    for (const target of targets) await catalog.openFinding(lateness(target), AT);
    const about = finding('rto-breached', { target: { id: targets[0]! }, subject: 'r', message: 'slow' });
    await catalog.openFinding(about, AT);
    await catalog.closeFinding(targets[1]!, 'job-silent', 'dump', AT);

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

  it('refuses to say that people were told of what was never opened', async () => {
    await expect(catalog.toldFinding(lateness(unique()), AT)).rejects.toThrow();
  });
});
