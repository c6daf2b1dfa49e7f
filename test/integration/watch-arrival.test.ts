import { connectInto } from '../../lib/adapters/engines/postgres/connection.ts';
import { watchArrival } from '../../lib/adapters/engines/postgres/restore/watch-arrival.ts';
import type { Arrived } from '../../lib/ports/destination.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/rds-stage.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase(`create table before (n int primary key);
    insert into before select generate_series(1, 100)`);
});
afterAll(() => database.drop());

const into = () => connectInto({ ...database.credentials, sslmode: 'disable' });

test('what arrives in a database is counted: rows of a running COPY, of finished tables, indexes and bytes', async () => {
  const seen: Arrived[] = [];
  const watched = await watchArrival(into, { rows: 50_000, indexes: 1 }, (now) => seen.push(now), 50);
  const untilSeen = (what: string, is: (now: Arrived) => boolean) =>
    eventually(what, async () => seen.some(is));
  await untilSeen('a first look', () => true);
  expect(seen[0]).toEqual({ rows: 0, ofRows: 50_000, indexes: 0, ofIndexes: 1, bytes: expect.any(Number) });
  const copying = await into();
  await copying.query('begin');
  await copying.query('create table public.arriving (n int)');
  // A COPY that stands still after its first rows: its sender sleeps.
  const copy = copying.query("copy public.arriving from program 'seq 1 20000; sleep 2; seq 20001 50000'");
  await untilSeen('rows of the running COPY', ({ rows }) => rows >= 1000 && rows < 50_000);
  await copy;
  await copying.query('create index on public.arriving (n)');
  await copying.query('commit');
  await copying.end();
  await untilSeen('all rows, once', ({ rows, indexes }) => rows === 50_000 && indexes === 1);
  expect(seen.at(-1)!.bytes).toBeGreaterThan(0);
  await watched.stop();
  const looks = seen.length;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(seen).toHaveLength(looks);
  expect(seen.map(({ rows }) => rows)).toEqual(seen.map(({ rows }) => rows).sort((a, b) => a - b));
});

test('a server that cannot be reached ends the reports alone', async () => {
  const watched = await watchArrival(
    () => Promise.reject(new Error('no')),
    { indexes: 0 },
    () => {
      throw new Error('nothing can arrive');
    },
  );
  await watched.stop();
});
