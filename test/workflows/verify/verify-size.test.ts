import { point } from '../../support/builders.ts';
import { dumpWorld } from '../../support/dumps.ts';

/** A dump with next to nothing in it, verified after four of 5 MB. */
async function verifiedDump(acknowledged: boolean) {
  const world = dumpWorld();
  for (const day of [16, 17, 18, 19]) await world.catalog.adoptPoint(point(`2026-11-${day}T01:00:00Z`));
  const expected = { target: 'crm', code: 'size-anomaly', reason: 'a bulk load', by: 'anna' } as const;
  const during = { at: '2026-11-20T01:00:00Z', until: '2026-11-27T00:00:00Z' };
  if (acknowledged) await world.catalog.acknowledge({ ...expected, ...during });
  const { id } = await world.dumped();
  const [outcome] = await world.verify(id);
  return { outcome, point: await world.catalog.point('crm', id), told: world.alerts.told() };
}

describe('the verification of a dump of unusual size', () => {
  it('succeeds with a finding, and alerts', async () => {
    const { outcome, point, told } = await verifiedDump(false);
    const findings = [{ code: 'size-anomaly', severity: 'P2' }];
    expect(outcome).toMatchObject({ outcome: 'done', summary: expect.stringContaining('is good'), findings });
    expect(told).toEqual(['opened P2 size-anomaly crm dump size']);
    expect(point).toMatchObject({ state: 'verified' });
  });

  it('names who acknowledged the finding beforehand, and sends no alert', async () => {
    const { outcome, told } = await verifiedDump(true);
    const acknowledged = { by: 'anna', reason: 'a bulk load' };
    expect(outcome).toMatchObject({ outcome: 'done', findings: [{ code: 'size-anomaly', acknowledged }] });
    expect(told).toEqual([]);
  });
});
