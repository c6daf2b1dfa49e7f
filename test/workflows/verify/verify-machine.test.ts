import { Readable } from 'node:stream';
import type { DumpPoint } from '../../../lib/domain/points/recovery-point.ts';
import type { VerifyJob } from '../../../lib/domain/runs/job.ts';
import type { Vault } from '../../../lib/ports/vault.ts';
import * as compose from '../../../lib/runtime/compose.ts';
import { verify } from '../../../lib/workflows/verify/verify.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { deliver, lastPoint, message, told } from '../../support/night.ts';
import { planWith } from '../../support/plan.ts';
import { programsWith } from '../../support/programs.ts';
import { BIN, collect, engine } from '../../support/source.ts';
import { createStage, type Stage } from '../../support/stage.ts';

async function* halfAndError(body: Buffer) {
  yield body.subarray(0, body.length / 2);
  throw new Error('aborted');
}

/** What happens to the reader, or on the way to it, says nothing about the point. */
describe('a verification on a machine in trouble', () => {
  let database: TestDatabase;
  let stage: Stage;
  let point: DumpPoint;

  beforeAll(async () => {
    database = await createDatabase(
      'create table leads (id int primary key, name text); insert into leads select i, md5(i::text) from generate_series(1, 20000) i',
    );
    stage = await createStage(planWith());
    await stage.secret('crm', database.credentials);
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await deliver('dump', message('dump'));
    point = (await lastPoint())!;
    await told(stage);
  });

  const verified = async (options: { bin?: string; depth?: string; vault?: Vault } = {}) => {
    const { bin = BIN(), depth = 'full', vault = compose.vault() } = options;
    const job: VerifyJob = { ...message('verify', { point: point.id }), job: 'verify', again: true } as never;
    const [outcome] = await verify(job, {
      ...compose.telling(),
      plan: planWith({ policy: `verify: { depth: ${depth} }` }),
      vault,
      engine: engine(bin),
      messages: compose.messages(),
      secondsLeft: () => 900,
    });
    return outcome!;
  };
  const codes = async (options: Parameters<typeof verified>[0]) =>
    (await verified(options)).findings.map(({ code }) => code);
  const accused = async () =>
    (await compose.catalog().openFindings('crm'))
      .filter(({ subject }) => subject === point.id)
      .map(({ code }) => code);

  it.each([
    ['is killed', 'full', 'kill -9 $$'],
    ['is killed while it lists', 'readable', 'kill -9 $$'],
    ['cannot be started', 'full', undefined],
    ['lacks a library', 'full', 'echo "error while loading shared libraries: libz.so.1" >&2; exit 127'],
    ['has no memory', 'full', 'cat >/dev/null; echo "pg_restore: error: out of memory" >&2; exit 1'],
  ])('fails without a finding about the dump when pg_restore %s (depth %s)', async (_what, depth, script) => {
    const bin = programsWith('pg_restore', script);
    await expect(verified({ bin, depth })).rejects.toMatchObject({ code: 'reader-failed' });
    expect(await lastPoint()).toMatchObject({ id: point.id, state: 'available' });
    expect([await accused(), await told(stage)]).toEqual([[], ['opened P1 job-failed verify']]);
    expect(await codes({ depth })).toEqual([]);
    expect(await lastPoint()).toMatchObject({ id: point.id, state: 'verified' });
  });

  const REFUSES = 'cat >/dev/null; echo "pg_restore: error: could not uncompress data" >&2; exit 1';

  it('finds an unreadable archive only when pg_restore refuses right bytes twice', async () => {
    const once = `[ "$1" = --list -o -e "$ONCE" ] && exec "$REAL" "$@"; >"$ONCE"; ${REFUSES}`;
    expect(await codes({ bin: programsWith('pg_restore', once) })).toEqual([]);
    expect(await codes({ bin: programsWith('pg_restore', REFUSES) })).toEqual(['archive-unreadable']);
    expect(await lastPoint()).toMatchObject({ state: 'corrupt', why: 'archive-unreadable' });
  });

  it('withdraws a wrong verdict when a whole reading succeeds and the digest is the recorded one', async () => {
    expect(await codes({ bin: programsWith('pg_restore', REFUSES) })).toEqual(['archive-unreadable']);
    expect(await accused()).toEqual(['archive-unreadable']);
    expect(await told(stage)).toEqual([`opened P0 archive-unreadable ${point.id}`]);
    // Whatever the policy's depth: only a whole reading takes it back.
    const summary = expect.stringMatching(/is good \(full, .*counts again/);
    expect(await verified({ depth: 'checksum' })).toMatchObject({ findings: [], summary });
    const { state, why } = (await lastPoint())!;
    expect([state, why, await accused()]).toEqual(['verified', undefined, []]);
    expect(await told(stage)).toContain(`resolved P0 archive-unreadable ${point.id}`);
  });

  it('keeps the verdict of a rehearsal whatever it reads', async () => {
    await verified();
    const why = 'the restored copy is not equal to its source';
    await compose.catalog().movePoint('crm', point.id, 'corrupt', { why });
    expect(await codes({ bin: programsWith('pg_restore', REFUSES) })).toEqual(['archive-unreadable']);
    const summary = expect.stringContaining('stays corrupt: the restored');
    expect(await verified()).toMatchObject({ summary });
    expect(await lastPoint()).toMatchObject({ state: 'corrupt', why: `${why}; archive-unreadable` });
  });

  it.each(['dump', 'roles', 'manifest'] as const)(
    'fails without a finding about the dump when the connection breaks off while it reads the %s',
    async (which) => {
      const real = compose.vault();
      const breaking = (end: (body: Buffer) => Readable): Vault => ({
        ...real,
        read: async (object, signal) => {
          const stream = await real.read(object, signal);
          return object.key === point[which]!.key ? end(await collect(stream)) : stream;
        },
      });
      const silent = breaking((body) => Readable.from([body.subarray(0, body.length / 2)]));
      const said = breaking((body) => Readable.from(halfAndError(body)));
      await expect(verified({ vault: silent })).rejects.toMatchObject({ code: 'read-incomplete' });
      await expect(verified({ vault: said })).rejects.toThrow('aborted');
      expect([await accused(), (await lastPoint())!.state]).toEqual([[], 'available']);
    },
  );
});
