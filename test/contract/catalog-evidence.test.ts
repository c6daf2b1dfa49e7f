import type { Catalog } from '../../lib/ports/catalog.ts';
import { CATALOGS, evidence } from './support/catalogs.ts';
import { unique } from './support/stage.ts';

describe.each(CATALOGS)('the catalog %s', (_name, make) => {
  let catalog: Catalog;
  beforeAll(async () => {
    catalog = await make();
  });

  it('gives evidence back as it was added', async () => {
    const whole = evidence(unique(), {
      outcome: 'failed',
      strength: 'none',
      rpo: { promised: 93_600, achieved: 100_000, met: false },
      differences: [{ kind: 'table', name: 'public.leads', what: 'changed', detail: '5 rows, 4 expected' }],
      differenceCount: 101,
      assertions: [{ name: 'leads', passed: false, detail: '' }],
      error: { kind: 'bad', code: 'restore-failed', message: 'it did not' },
    });
    await catalog.addEvidence(whole);
    expect(await catalog.evidence(whole.target, 10)).toEqual([whole]);
  });

  it('lists evidence newest first, and no more than asked for', async () => {
    const target = unique();
    for (const day of ['08', '22', '15', '01'])
      await catalog.addEvidence(evidence(target, { at: `2026-11-${day}T02:00:03Z`, run: `r-${day}` }));
    const days = async (limit: number) => (await catalog.evidence(target, limit)).map((each) => each.run);
    expect(await days(10)).toEqual(['r-22', 'r-15', 'r-08', 'r-01']);
    expect(await days(2)).toEqual(['r-22', 'r-15']);
    expect(await catalog.evidence(unique(), 10)).toEqual([]);
  });

  it('keeps evidence once when it is added twice', async () => {
    const target = unique();
    await catalog.addEvidence(evidence(target));
    await catalog.addEvidence(evidence(target));
    expect(await catalog.evidence(target, 10)).toHaveLength(1);
  });

  it('keeps the evidence of two runs of one moment apart', async () => {
    const target = unique();
    await catalog.addEvidence(evidence(target, { run: 'rehearse' }));
    await catalog.addEvidence(evidence(target, { run: 'simulation' }));
    expect(await catalog.evidence(target, 10)).toHaveLength(2);
  });

  it('leaves the undefined fields of evidence out', async () => {
    const target = unique();
    await catalog.addEvidence(evidence(target, { error: undefined } as never));
    expect((await catalog.evidence(target, 1))[0]).not.toHaveProperty('error');
  });
});
