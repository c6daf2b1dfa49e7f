import { openFinding } from '../../lib/alerting/finding-records.ts';
import { memoryCatalog } from '../support/doubles/catalog/catalog.ts';
import { faulty } from '../support/doubles/faults.ts';
import { AT, lateness } from './support/catalogs.ts';

const LOST = new Error('the catalog does not answer');

describe('a faulty port', () => {
  it('fails as often as it is told before anything is done', async () => {
    const { port, fail } = faulty(memoryCatalog());
    fail('putFinding', LOST, { times: 2 });
    const opening = () => openFinding(port, lateness('crm'), ['alerts'], AT);
    await expect(opening()).rejects.toBe(LOST);
    await expect(opening()).rejects.toBe(LOST);
    expect(await port.openFindings()).toEqual([]);
    expect(await opening()).toMatchObject({ tell: { occasion: 'opened' } });
  });

  it('fails after everything is done when only the answer is to be lost', async () => {
    const { port, fail } = faulty(memoryCatalog());
    fail('putFinding', LOST, { after: true });
    await expect(openFinding(port, lateness('crm'), ['alerts'], AT)).rejects.toBe(LOST);
    expect(await port.openFindings()).toHaveLength(1);
  });

  it('fails one method until it is healed, and no other method', async () => {
    const { port, fail, heal, calls } = faulty(memoryCatalog());
    fail('openRuns', LOST);
    for (let times = 0; times < 3; times++) await expect(port.openRuns()).rejects.toBe(LOST);
    expect(await port.openFindings()).toEqual([]);
    heal();
    expect(await port.openRuns()).toEqual([]);
    expect(calls).toEqual(['openRuns', 'openRuns', 'openRuns', 'openFindings', 'openRuns']);
  });
});
