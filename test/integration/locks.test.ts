import type { Client } from 'pg';
import { connect } from '../../lib/adapters/engines/postgres/connection.ts';
import { lockThenSnapshot } from '../../lib/adapters/engines/postgres/locks.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const BEFORE_THE_LOCKS = /^savepoint/;
const BEFORE_THE_SNAPSHOT = /pg_export_snapshot/;
const BEFORE_THE_LATE_LOCK = /^lock table only "?public"?\."?late"? in/;

describe('the lock of all tables before a dump’s snapshot', () => {
  let database: TestDatabase;
  let holder: Client, side: Client, other: Client;
  let attempts: number;

  beforeEach(async () => {
    database = await createDatabase('create table leads (id int); create table stays (id int)');
    [holder, side, other] = [
      await connect(database.credentials),
      await connect(database.credentials),
      await connect(database.credentials),
    ];
    attempts = 0;
  });
  afterEach(async () => {
    for (const each of [holder, side, other]) await each.end();
    await database.drop();
  });

  /** Runs SQL of another session right before the holder's first statement of a kind, `times` times. */
  function meanwhile(...events: [before: RegExp, sql: string, times?: number][]): void {
    const left = events.map(([before, sql, times = 1]) => ({ before, sql, times }));
    const query = holder.query.bind(holder) as (...all: unknown[]) => Promise<unknown>;
    holder.query = (async (...all: unknown[]) => {
      const statement = String(all[0]).trim();
      if (statement.startsWith('begin')) attempts++;
      for (const event of left.filter(({ before, times }) => times > 0 && before.test(statement))) {
        event.times--;
        await other.query(event.sql);
      }
      return query(...all);
    }) as typeof holder.query;
  }

  async function lockedTables(): Promise<string[]> {
    const { rows } = await other.query(
      "select c.relname from pg_locks l join pg_class c on c.oid = l.relation where l.pid = $1 and l.mode = 'AccessShareLock' and c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1",
      [(holder as unknown as { processID: number }).processID],
    );
    return rows.map(({ relname }) => relname);
  }

  it.each<[string, string[], ...[RegExp, string][]]>([
    [
      'is created between the list and the locks',
      ['late', 'leads', 'stays'],
      [BEFORE_THE_LOCKS, 'create table public.late (x int)'],
    ],
    [
      'is created between the locks and the snapshot',
      ['late', 'leads', 'stays'],
      [BEFORE_THE_SNAPSHOT, 'create table public.late (x int)'],
    ],
    ['is dropped between the list and the locks', ['stays'], [BEFORE_THE_LOCKS, 'drop table public.leads']],
    [
      'becomes a view between the list and the locks',
      ['stays'],
      [BEFORE_THE_LOCKS, 'drop table public.leads; create view public.leads as select 1 as id'],
    ],
    [
      'is created late, and gets rows, an index and statistics before it is locked',
      ['late', 'leads', 'stays'],
      [BEFORE_THE_SNAPSHOT, 'create table public.late (x int)'],
      [
        BEFORE_THE_LATE_LOCK,
        'insert into public.late values (1); create index on public.late (x); analyze public.late',
      ],
    ],
  ])('takes one attempt when a table %s', async (_, expected, ...events) => {
    meanwhile(...events);
    const snapshot = await lockThenSnapshot(holder, side, 5);
    expect(attempts).toBe(1);
    expect(await lockedTables()).toEqual(expected);
    expect(snapshot.tables.map(({ name }) => name)).toEqual(expected);
  });

  it.each([
    ['emptied', 'truncate public.late'],
    ['rewritten', 'alter table public.late alter column x type bigint'],
    ['altered without being rewritten', 'alter table public.late alter column y type text'],
    ['deprived of a column', 'alter table public.late drop column y'],
    ['dropped', 'drop table public.late'],
    ['dropped and made again', 'drop table public.late; create table public.late (x int, y varchar(9))'],
    ['replaced by a view', 'drop table public.late; create view public.late as select 1 as x'],
  ])('takes a second attempt when a late table is %s before it is locked', async (_, sql) => {
    meanwhile(
      [
        BEFORE_THE_SNAPSHOT,
        'create table public.late (x int, y varchar(9)); insert into public.late values (1)',
      ],
      [BEFORE_THE_LATE_LOCK, sql],
    );
    await lockThenSnapshot(holder, side, 5);
    expect(attempts).toBe(2);
  });

  it('is given up when a late table is dropped in every attempt', async () => {
    meanwhile(
      [BEFORE_THE_SNAPSHOT, 'create table public.late (x int)', 99],
      [BEFORE_THE_LATE_LOCK, 'drop table public.late', 99],
    );
    await expect(lockThenSnapshot(holder, side, 5)).rejects.toMatchObject({ code: 'tables-changing' });
    expect(await lockedTables()).toEqual([]);
  });

  it('has all that still exist of 1,200 tables when others are dropped after the list', async () => {
    await other.query(
      "do $$ begin for i in 1..1200 loop execute format('create table public.t%s ()', i); end loop; end $$",
    );
    meanwhile([
      BEFORE_THE_LOCKS,
      "do $$ begin for i in 1..1200 by 171 loop execute format('drop table public.t%s', i); end loop; end $$",
    ]);
    const snapshot = await lockThenSnapshot(holder, side, 5);
    expect(attempts).toBe(1);
    expect(await lockedTables()).toHaveLength(1194);
    expect(snapshot.tables).toHaveLength(1194);
  });
});
