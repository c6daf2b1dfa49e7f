import { rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { prove } from '../../lib/domain/proof/proof.ts';
import * as compose from '../../lib/runtime/compose.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { billed, deliver, lastRun, message, told } from '../support/night.ts';
import { planWith } from '../support/plan.ts';
import { engine, type Taken, take } from '../support/source.ts';
import { createStage } from '../support/stage.ts';
import { newBase, requestOf, scratchIn } from './support/scratch.ts';

describe('the scratch of a rehearsal', () => {
  let database: TestDatabase;
  let taken: Taken;
  const base = newBase();
  const scratch = (secondsLeft = 900) => scratchIn(base, { secondsLeft: () => secondsLeft });

  beforeAll(async () => {
    database = await createDatabase('create table t (x int); insert into t values (1)');
    taken = await take(database.credentials);
  });
  afterAll(async () => {
    rmSync(base, { recursive: true, force: true });
    await database.drop();
  });

  it('refuses a dump that does not fit on its disk or into its time, with the figures and a way out', async () => {
    const huge = { ...taken.manifest, source: { ...taken.manifest.source, bytes: 1e15 } };
    expect(await scratch().refusal(huge)).toMatchObject({
      code: 'scratch-too-small',
      message: expect.stringMatching(/1\.3 × database 1000000\.00 GB/),
      hint: expect.stringContaining('Fargate'),
    });
    expect(await scratch(5).refusal(taken.manifest)).toMatchObject({ code: 'scratch-too-slow' });
    expect(await scratch().refusal(taken.manifest)).toBeUndefined();
  });

  it('leaves an extension out that is not installed, and proves the rest', async () => {
    const manifest = {
      ...taken.manifest,
      extensions: [{ name: 'pg_cron', version: '1.6', schema: 'pg_catalog' }],
      schema: { ...taken.manifest.schema, extension: { pg_cron: 'a:b' } },
    };
    await scratch().withCopy({ ...requestOf(taken), manifest }, async (copy) => {
      expect(copy.leftOut).toEqual(['pg_cron']);
      const facts = await copy.content(manifest, 'fingerprints');
      const how = { depth: 'fingerprints', extensionsLeftOut: copy.leftOut } as const;
      expect(prove(manifest, facts, how)).toMatchObject({ equal: true });
    });
  });

  it('refuses an archive whose digest is not the manifest’s', async () => {
    const longer = async () => Readable.from([Buffer.concat([taken.archive, Buffer.from('x')])]);
    const copied = scratch().withCopy({ ...requestOf(taken), dump: longer }, async () => 'restored');
    await expect(copied).rejects.toMatchObject({ code: 'checksum-mismatch' });
  });
});

describe('a dump that another session waits behind for an exclusive lock', () => {
  it.each<[string, string]>([
    ['is finished and opens a finding where the policy says report', 'report'],
    ['ends, leaves nothing and opens a finding where the policy says end', 'end'],
  ])('%s', async (_, whenBlocking) => {
    const database = await createDatabase(
      'create table leads (id int primary key); insert into leads select generate_series(1, 1000)',
    );
    const stage = await createStage(planWith({ policy: `dump: { whenBlocking: ${whenBlocking} }` }));
    await stage.secret('crm', database.credentials);
    const migration = await database.connect();
    // The migration comes when pg_dump has its locks, and the counting of rows takes until it has been seen.
    const { hold } = engine();
    let altered: Promise<unknown> | undefined;
    jest.spyOn(compose.engine('crm'), 'hold').mockImplementation(async (...args) => {
      const held = await hold(...args);
      let seen = () => {};
      const blocked = new Promise<void>((resolve) => (seen = resolve));
      return {
        ...held,
        archive: () => {
          const archive = held.archive();
          async function* stream() {
            for await (const chunk of archive.stream) {
              altered ??= migration.query('alter table leads add column more int');
              yield chunk;
            }
          }
          return { ...archive, stream: stream() };
        },
        watchForBlocked: (onBlocked, ends) =>
          held.watchForBlocked((what) => {
            onBlocked(what);
            seen();
          }, ends),
        content: async (depth, sequences) => blocked.then(() => held.content(depth, sequences)),
      };
    });
    const outcome = await deliver<{ outcome: string; code?: string }>('dump', message('dump'));
    await altered;
    await migration.end();
    if (whenBlocking === 'end') {
      expect(outcome).toMatchObject({ outcome: 'refused', code: 'dump-gave-way' });
      expect(await billed()).toEqual([]);
      expect(await lastRun()).toMatchObject({ state: 'failed' });
    } else expect(outcome).toMatchObject({ outcome: 'done' });
    expect(await told(stage)).toContainEqual('opened P1 dump-blocks-others dump');
    await database.drop();
  });
});
