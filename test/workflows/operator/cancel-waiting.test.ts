import { cancel } from '../../../lib/workflows/operator/cancel.ts';
import { jobOf, proofOf, rehearsalWorld } from '../../support/rehearsals.ts';
import { ID, snapshotWorld } from '../../support/snapshots.ts';

const asks = (job: string) => ({ target: 'crm', job, by: 'anna', local: false });

describe('cancelling a job that waits for RDS', () => {
  it.each(['wait for the restore: pause 2', 'the password: pause 1', 'let the parameters settle'])(
    'ends a rehearsal during "%s", with its scratch instance deleted and no alert',
    async (pause) => {
      const made = await rehearsalWorld({ looks: 4, steps: 2 });
      const paused: string[] = [];
      made.whilePaused(async (name) => {
        paused.push(name);
        if (name === pause || name.endsWith(pause)) await cancel(asks('rehearse-snapshot'), made.deps);
      });
      await made.rehearse();
      expect(paused.some((name) => name.endsWith(pause))).toBe(true);
      expect(await made.run()).toMatchObject({ state: 'failed', error: { code: 'cancelled' } });
      expect(await made.left()).toEqual([]);
      expect(made.world.asked.prove).toEqual([]);
      expect([await made.open(), made.told()]).toEqual([[], []]);
    },
  );

  it('ends a rehearsal between two parts of its proof', async () => {
    const made = await rehearsalWorld();
    made.world.prove = async ({ from }) => {
      if (from === 0) await cancel(asks('rehearse-snapshot'), made.deps);
      return proofOf({ next: from + 1 });
    };
    await made.rehearse(jobOf('snapshot'));
    expect(made.world.asked.prove).toHaveLength(1);
    expect(await made.run()).toMatchObject({ state: 'failed', error: { code: 'cancelled' } });
    expect(await made.left()).toEqual([]);
  });

  it('ends a snapshot that is still being made, without an alert', async () => {
    const made = snapshotWorld({ looks: 9 });
    made.whilePaused(async (pause) => {
      if (pause.endsWith('pause 2')) await cancel(asks('snapshot'), made.deps);
    });
    expect(await made.take()).toMatchObject({ outcome: 'failed', code: 'cancelled' });
    expect(await made.run()).toMatchObject({ state: 'failed', error: { message: 'cancelled by anna' } });
    expect(await made.point(ID)).not.toMatchObject({ state: 'verified' });
    expect([await made.open(), made.told()]).toEqual([[], []]);
  });
});
