import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { scratchName } from '../../../lib/domain/names.ts';
import { TAGS } from '../../../lib/domain/points/platform-source.ts';
import { sweep } from '../../../lib/workflows/watch/sweep.ts';
import { policy, target, throttled } from '../../support/builders.ts';
import { memoryScratchInstances } from '../../support/doubles/scratch-instances.ts';
import { instanceOf } from '../../support/rehearsals.ts';
import {
  SCRATCH as NAME,
  REHEARSAL,
  scratchOrder,
  scratchRecord,
  scratchTags,
} from '../../support/scratches.ts';
import { copiesTo } from '../../support/snapshots.ts';
import { sweepWorld } from '../../support/sweeping.ts';

describe('the sweep of parameters and secrets without an instance', () => {
  it('deletes those that were made after their record had ended', async () => {
    const { leaveParameters, look, left } = sweepWorld();
    await leaveParameters();
    expect(await look()).toEqual([]);
    expect(await left()).toEqual([]);
  });

  it('deletes a secret at the next look when its deletion failed after the parameters were gone', async () => {
    const { leaveParameters, scratchSecrets, look, left } = sweepWorld();
    await leaveParameters();
    scratchSecrets.fail('destroy', new Error('Rate exceeded'), { times: 1 });
    await expect(look()).rejects.toThrow('Rate exceeded');
    await look();
    expect(await left()).toEqual([]);
  });

  it('deletes those of an instance in another place that is on no record', async () => {
    const abroad = policy({
      ...copiesTo({ region: 'eu-west-1', kmsKey: 'k' }),
      ...instanceOf({ place: 'eu-west-1' }),
    });
    const crm = target({ policy: abroad, platform: { kind: 'rds', id: 'crm-db' } });
    const { deps, look, left } = sweepWorld([crm]);
    const there = memoryScratchInstances({ steps: 2 });
    // As RDS does: it says that it is removing until it is found no more.
    const remove = (kind: 'rds' | 'aurora', name: string) =>
      there.remove(kind, name).then(() => 'removing' as const);
    deps.scratchAt = () => ({ ...there, remove });
    await there.quarantineParameters('rds', 'default.postgres15', NAME, {});
    there.putStray(scratchOrder({ parameterGroup: NAME }));
    await look(10);
    expect([...there.left(), ...(await left())]).toEqual([]);
  });

  it('goes on with the others when RDS refuses to delete one, and reports it from the next look on', async () => {
    const { deps, scratch, catalog, look } = sweepWorld();
    const other = scratchName('test', 'erp', { ...REHEARSAL, target: 'erp' });
    const run = 'rehearse-snapshot/erp/2026-11-19T02:00:00Z';
    for (const record of [scratchRecord(), scratchRecord({ target: 'erp', name: other, run })]) {
      await catalog.beginScratch(record);
      const tags = scratchTags({ [TAGS.run]: record.run, [TAGS.target]: record.target });
      await scratch.quarantineParameters('rds', 'default.postgres15', record.name, tags);
    }
    scratch.putStray(scratchOrder({ name: 'understudy-scratch-mine', tags: {} }));
    const refused = new UnderstudyError('platform-refused', 'in use');
    deps.scratch = {
      ...scratch,
      removeParameters: (kind, name) =>
        name === NAME ? Promise.reject(refused) : scratch.removeParameters(kind, name),
    };
    const foreign = 'scratch-foreign understudy understudy-scratch-mine';
    expect(await look()).toEqual([foreign]);
    expect(await catalog.openScratches()).toEqual([]);
    expect(await look()).toEqual([foreign, `scratch-left-over crm ${NAME}`]);
    expect(scratch.left()).toEqual(['instance understudy-scratch-mine', `parameters ${NAME}`]);
  });

  it('fails without a finding when RDS does not answer', async () => {
    const { deps, leaveParameters, scratch, clock } = sweepWorld();
    await leaveParameters();
    scratch.fail('removeParameters', throttled);
    const { findings, failures } = await sweep(deps, clock.now());
    expect([findings, failures.join()]).toEqual([[], expect.stringContaining('Rate exceeded')]);
  });

  it('keeps those of a rehearsal that begins again during the look', async () => {
    const { deps, leaveParameters, scratch, catalog, look } = sweepWorld();
    await leaveParameters();
    deps.scratch = {
      ...scratch,
      strayParameters: async (known) => {
        await catalog.beginScratch(scratchRecord({ expiresAt: '2026-11-21T12:00:00Z' }));
        return scratch.strayParameters(known);
      },
    };
    expect(await look()).toEqual([]);
    expect(scratch.callsOf('removeParameters')).toEqual([]);
  });

  it('keeps those of a rehearsal that the list of records does not show yet', async () => {
    const { deps, leaveParameters, scratch, catalog, look } = sweepWorld();
    await leaveParameters();
    await catalog.beginScratch(scratchRecord({ expiresAt: '2026-11-21T12:00:00Z' }));
    deps.catalog = { ...catalog, openScratches: async () => [] };
    expect(await look()).toEqual([]);
    expect(scratch.callsOf('removeParameters')).toEqual([]);
    expect(await catalog.openScratches()).toHaveLength(1);
  });

  it.each([
    ['of another stage', { [TAGS.stage]: 'prod' }],
    ['whose name follows from no run', { [TAGS.run]: 'rehearse-snapshot/erp/2026-11-19T02:00:00Z' }],
    ['that are in use by their tag', { [TAGS.expires]: '2026-11-21T00:00:00Z' }],
    ['without an expiry', { [TAGS.expires]: '' }],
  ])('keeps those %s', async (_whose, tags) => {
    const { leaveParameters, scratch, look } = sweepWorld();
    await leaveParameters(tags);
    expect(await look()).toEqual([]);
    expect(scratch.callsOf('removeParameters')).toEqual([]);
  });
});
