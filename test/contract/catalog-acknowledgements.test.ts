import { markTold, openFinding } from '../../lib/alerting/finding-records.ts';
import type { Acknowledgement } from '../../lib/domain/findings/acknowledgement.ts';
import { utc } from '../../lib/domain/time.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { AT, CATALOGS, lateness, later } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

const BOTH = ['alerts', 'pages'] as const;
const DAY = 86_400;

function made(target: string, changes: Partial<Acknowledgement> = {}): Acknowledgement {
  return {
    target,
    code: 'job-silent',
    until: utc(later(3 * DAY)),
    reason: 'the migration',
    by: 'anna',
    at: utc(AT),
    ...changes,
  };
}

describe.each(CATALOGS)('the catalog %s', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });
  const said = { until: utc(later(3 * DAY)), reason: 'the migration', by: 'anna' };
  const mild = (target: string) => ({ ...lateness(target), severity: 'P2' as const });

  it('lists the acknowledgements of a target newest first, and of all targets those that have not been ended', async () => {
    const target = unique();
    const first = made(target);
    const second = made(target, { at: utc(later(60)), subject: 'dump' });
    await catalog.acknowledge(first);
    await catalog.acknowledge(second);
    expect(await catalog.acknowledgements(target)).toEqual([second, first]);
    const ended = { target, code: 'job-silent', subject: 'dump' } as const;
    expect(await catalog.endAcknowledgement(ended, 'ben', later(90))).toEqual([second]);
    expect(await catalog.acknowledgements(target)).toEqual([
      { ...second, endedAt: utc(later(90)), endedBy: 'ben' },
      first,
    ]);
    const everywhere = await catalog.acknowledgements();
    expect(everywhere.filter((each) => each.target === target)).toEqual([first]);
    const end = (code: Acknowledgement['code'], seconds: number) =>
      catalog.endAcknowledgement({ target, code }, 'ben', later(seconds));
    expect([await end('job-failed', 90), await end('job-silent', 4 * DAY)]).toEqual([[], []]);
  });

  it('holds back the alert of an acknowledged finding until the acknowledgement expires', async () => {
    const found = mild(unique());
    await catalog.acknowledge(made(found.target));
    expect(await openFinding(catalog, found, BOTH, AT)).toEqual({ since: utc(AT), held: said });
    expect(await openFinding(catalog, found, BOTH, later(2 * DAY))).toEqual({ since: utc(AT) });
    expect(await catalog.openFindings(found.target)).toEqual([
      { ...found, since: utc(AT), acknowledged: said },
    ]);
    const tell = { occasion: 'opened', topics: BOTH };
    expect(await openFinding(catalog, found, BOTH, later(3 * DAY))).toEqual({ since: utc(AT), tell });
    expect(await catalog.openFindings(found.target)).toEqual([
      { ...found, since: utc(AT), untold: { ...tell, at: utc(later(3 * DAY)) } },
    ]);
  });

  it('stops the reminders of a finding that is acknowledged, and reminds at once when that is ended', async () => {
    const found = mild(unique());
    await openFinding(catalog, found, BOTH, AT);
    await markTold(catalog, found, BOTH, AT);
    await catalog.acknowledge(made(found.target, { subject: 'dump' }));
    expect(await openFinding(catalog, found, BOTH, later(300))).toEqual({ since: utc(AT), held: said });
    expect(await openFinding(catalog, found, BOTH, later(DAY + 1))).toEqual({ since: utc(AT) });
    await catalog.endAcknowledgement({ target: found.target, code: found.code }, 'ben', later(DAY + 2));
    const tell = { occasion: 'reminder', topics: BOTH };
    expect(await openFinding(catalog, found, BOTH, later(DAY + 3))).toEqual({ since: utc(AT), tell });
    await markTold(catalog, found, BOTH, later(DAY + 4));
    expect(await openFinding(catalog, found, BOTH, later(DAY + 300))).toEqual({ since: utc(AT) });
  });

  it('still alerts when an acknowledged finding becomes worse, and when it opens as a P0', async () => {
    const found = mild(unique());
    await catalog.acknowledge(made(found.target));
    await openFinding(catalog, found, BOTH, AT);
    const worse = await openFinding(catalog, { ...found, severity: 'P1' }, BOTH, later(60));
    expect(worse).toMatchObject({ tell: { occasion: 'worsened' } });
    const grave = lateness(unique());
    await catalog.acknowledge(made(grave.target));
    expect(await openFinding(catalog, grave, BOTH, AT)).toMatchObject({ tell: { occasion: 'opened' } });
    // A pager that did not take it is asked again.
    await markTold(catalog, grave, ['alerts'], later(1));
    expect(await openFinding(catalog, grave, BOTH, later(60))).toEqual({ since: utc(AT) });
    expect(await openFinding(catalog, grave, BOTH, later(121))).toMatchObject({
      tell: { occasion: 'opened', topics: ['pages'] },
    });
    await markTold(catalog, grave, ['pages'], later(122));
    expect(await openFinding(catalog, grave, BOTH, later(2 * DAY))).toEqual({ since: utc(AT) });
  });

  it.each([
    ['for another target', { target: 'another' }],
    ['for another code', { code: 'job-failed' }],
    ['for another subject', { subject: 'verify' }],
    ['that has expired', { until: utc(AT) }],
    ['that was ended', { endedAt: utc(AT), endedBy: 'ben' }],
  ] as const)('alerts although there is an acknowledgement %s', async (_what, changes) => {
    const found = mild(unique());
    await catalog.acknowledge(made(found.target, changes));
    expect(await openFinding(catalog, found, BOTH, AT)).toMatchObject({ tell: { occasion: 'opened' } });
  });
});
