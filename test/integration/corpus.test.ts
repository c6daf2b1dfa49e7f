import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { formatDifference } from '../../lib/domain/proof/proof.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { withCopy } from '../support/restored-copy.ts';
import { engine, fixture, never, policyWith, type Taken, take } from '../support/source.ts';

/**
 * Small schemas made of what was hard in real ones (test/fixtures/corpus). Each goes the whole way: doctor, dump, full
 * verification, restore, proof; then its copy is damaged, and the proof names the damage.
 */
const DUMPER = { user: 'corpus_dumper', password: 'local-only' };
const FILES = readdirSync(join(__dirname, '../fixtures/corpus')).sort();

type Entry = {
  file: string;
  needs: number;
  /** The last major that loads it. */
  until: number;
  database: string | undefined;
  refused: string | undefined;
  roles: string[];
  damages: [sql: string, named: string][];
};

const lines = (text: string, key: string) =>
  [...text.matchAll(new RegExp(`^-- ${key}: (.*)$`, 'gm'))].map(([, value]) => value!);

function read(file: string): Entry {
  const text = fixture(`corpus/${file}`);
  return {
    file,
    needs: Number(lines(text, 'needs')[0] ?? 15),
    until: Number(lines(text, 'until')[0] ?? 99),
    database: lines(text, 'database')[0],
    refused: lines(text, 'refused')[0],
    roles: lines(text, 'roles').flatMap((value) => value.split(', ')),
    damages: lines(text, 'damage').map((value) => value.split(' => ') as [string, string]),
  };
}

const entries = FILES.map(read);

describe('a schema of the corpus', () => {
  let home: TestDatabase;
  let major: number;
  beforeAll(async () => {
    home = await createDatabase(
      `create role ${DUMPER.user} login bypassrls password '${DUMPER.password}'; alter role ${DUMPER.user} set default_transaction_read_only = on; grant pg_read_all_data, pg_read_all_stats to ${DUMPER.user}`,
    );
    const [server] = await home.sql('show server_version_num');
    major = Math.floor(Number(server!['server_version_num']) / 10_000);
  });
  afterAll(async () => {
    await home.sql(`drop role ${DUMPER.user}`);
    await home.drop();
  });

  /** A database of the schema, for as long as it is used. */
  async function filled<T>(
    entry: Entry,
    use: (taken: () => Promise<Taken>) => Promise<T>,
  ): Promise<T | undefined> {
    if (major < entry.needs || major > entry.until) return undefined;
    const database = await createDatabase(undefined, entry.database);
    try {
      await database.script(`corpus/${entry.file}`);
      const credentials = { ...database.credentials, ...DUMPER };
      const symptoms = await engine().doctor(credentials, policyWith());
      expect(symptoms.filter(({ state }) => state === 'bad')).toEqual([]);
      return await use(() => take(credentials));
    } finally {
      await database.drop();
      for (const role of entry.roles) await home.sql(`drop role if exists "${role.replaceAll('"', '""')}"`);
    }
  }

  it.each(entries.filter(({ refused }) => !refused).map((entry) => [entry.file, entry] as const))(
    '(%s) is dumped, verified, restored and proven, and each damage to its copy is named',
    async (_, entry) => {
      await filled(entry, async (dumped) => {
        const taken = await dumped();
        const inspected = await engine().inspect(Readable.from([taken.archive]), major, 'full', never());
        expect(inspected.problem).toBeUndefined();
        await withCopy(taken, async (copy) => {
          const proof = await copy.proof();
          expect(proof.differences.map(formatDifference)).toEqual([]);
          expect(proof).toMatchObject({ equal: true, strength: 'exact' });
          for (const [sql, named] of entry.damages) {
            const found = await copy.proofAfter(`set local search_path = public; ${sql}`);
            expect([sql, found.differences.map(({ kind, name }) => `${kind} ${name}`)]).toEqual([
              sql,
              expect.arrayContaining([named]),
            ]);
          }
        });
      });
    },
  );

  it.each(
    entries.filter(({ refused }) => refused).map((entry) => [entry.file, entry.refused, entry] as const),
  )('(%s) is not restored and fails with %s', async (_, refused, entry) => {
    await filled(entry, async (dumped) => {
      const taken = await dumped();
      await expect(withCopy(taken, async () => 'restored')).rejects.toMatchObject({ code: refused });
    });
  });
});
