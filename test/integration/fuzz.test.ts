import { examineDatabase } from '../../scripts/fuzz/oracle/examine-database.ts';
import { examineSeeds } from '../../scripts/fuzz/oracle/examine-seeds.ts';
import { type Lab, parseRefusal, startLab } from '../../scripts/fuzz/oracle/lab.ts';

/** A few of the random databases that scripts/fuzz makes; docs/fuzzing.md says how to run hundreds. */
const SEEDS = Array.from({ length: 24 }, (_, index) => 1001 + index);

describe('the fuzz oracle', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab();
  });
  afterAll(() => lab.cluster.stop());

  it('finds 24 random databases proven exact, or refused as plain pg_dump and pg_restore refuse them', async () => {
    const faults: string[] = [];
    const verdicts: string[] = [];
    let damaged = 0;
    await examineSeeds(lab, SEEDS, { damages: 2, jobs: 2 }, (examined) => {
      verdicts.push(examined.verdict);
      damaged += examined.damaged;
      for (const { signature, detail } of examined.faults)
        faults.push(`seed ${examined.seed}: ${signature}\n${detail}`);
    });
    expect(faults).toEqual([]);
    // That most of them get as far as the proof, and their copies are damaged, is what makes this a test.
    expect(verdicts.filter((verdict) => verdict === 'exact').length).toBeGreaterThan(SEEDS.length / 2);
    expect(damaged).toBeGreaterThan(SEEDS.length / 2);
  }, 1_800_000);

  it.each([
    ['a table is lost', 'drop table b', 'accused table missing'],
    ['a row is changed', "update a set x = 'other'", 'accused rows changed'],
  ])(
    'reports a fault when %s in the source',
    async (_, tamper, signature) => {
      const statements = [
        'create table a (x text)',
        "insert into a values ('one')",
        'create table b (x int)',
      ];
      const given = { shape: { options: "encoding 'UTF8'", settings: [] }, statements };
      const examined = await examineDatabase(lab, given, { seed: 1, damages: 0, text: true, tamper });
      expect(examined.faults.map((fault) => fault.signature)).toContain(signature);
    },
    300_000,
  );

  it('takes no failure of the machine for a refusal by pg_dump', async () => {
    const failed = (stderr: string) => () => parseRefusal('pg_dump', { stderr, message: 'exit code 1' });
    expect(failed('pg_dump: error: query failed: ERROR:  permission denied for table a')()).toEqual({
      ok: false,
      refused: 'permission denied for table a',
    });
    expect(failed('FATAL:  conversion between LATIN1 and EUC_JP is not supported')()).toMatchObject({
      ok: false,
    });
    expect(failed('pg_dump: error: could not identify current directory: No such file')).toThrow('no answer');
    expect(failed('connection to server failed: FATAL:  the database system is shutting down')).toThrow(
      'no answer',
    );
    expect(failed('pg_restore: error: ERROR:  out of shared memory')).toThrow('no answer');
    expect(failed('')).toThrow('no answer');
    await expect(lab.run('pg_dump', ['no_such_database'], { user: 'postgres' })).rejects.toThrow('no answer');
  });
});
