import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPrograms } from '../../lib/adapters/engines/postgres/programs.ts';
import { restoreOnto } from '../../lib/adapters/engines/postgres/restore/onto.ts';
import type { Arrived } from '../../lib/ports/destination.ts';
import { createDatabase } from '../support/database.ts';
import { BIN, take } from '../support/source.ts';

test('a restore into a database knows how many rows and indexes are to arrive, of the chosen tables', async () => {
  const source = await createDatabase(`create table public.leads (id int primary key, name text unique);
    create index on public.leads (lower(name));
    create table public.other (id int primary key); insert into public.other values (1);
    insert into public.leads select g, g::text from generate_series(1, 250) g`);
  const empty = await createDatabase();
  const directory = mkdtempSync(join(tmpdir(), 'us-arrive-'));
  try {
    const { archive, manifest } = await take(source.credentials);
    writeFileSync(join(directory, 'a.dump'), archive);
    const seen: Arrived[] = [];
    const { failed } = await restoreOnto(empty.credentials, await findPrograms([BIN()]), {
      archive: join(directory, 'a.dump'),
      manifest,
      owners: false,
      privileges: false,
      tables: ['public.leads'],
      jobs: 2,
      phase: () => undefined,
      onRead: () => undefined,
      onArrived: (now) => seen.push(now),
      signal: new AbortController().signal,
    });
    expect(failed).toEqual([]);
    expect(seen[0]).toEqual({ rows: 0, ofRows: 250, indexes: 0, ofIndexes: 3, bytes: 0 });
  } finally {
    rmSync(directory, { recursive: true });
    await Promise.all([source.drop(), empty.drop()]);
  }
});
