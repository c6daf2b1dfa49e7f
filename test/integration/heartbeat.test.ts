import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { connectLocally } from '../../lib/adapters/engines/postgres/connection.ts';
import { postgresHeartbeat, readHeartbeat } from '../../lib/adapters/engines/postgres/heartbeat-table.ts';
import { SUPERUSER } from '../../lib/adapters/engines/postgres/scratch-server.ts';
import { judgeHeartbeat } from '../../lib/domain/proof/heartbeat-proof.ts';
import type { Credentials } from '../../lib/ports/database.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { startPooler } from '../support/pooler.ts';
import { type Copy, withCopy } from '../support/restored-copy.ts';
import { policyWith, take } from '../support/source.ts';

const EVER = '2000-01-01T00:00:00Z';
const MINUTE = '2026-11-20T01:02:00Z';
const SQL = readFileSync(join(__dirname, '../../scripts/sql/heartbeat.sql'), 'utf8');

/** Roles are the whole server's: each test file has its own, and the operator's SQL speaks of it. */
const runner = `runner_${randomBytes(4).toString('hex')}`;
const role = `understudy_${randomBytes(4).toString('hex')}`;
const PASSWORD = randomBytes(12).toString('hex');
/** The server's clock as the heartbeat writes it. */
const CLOCK = `to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
const sqlFor = (name: string) => SQL.replaceAll(/to understudy;/g, `to ${name};`);

describe('the heartbeat', () => {
  const heartbeat = postgresHeartbeat();
  let database: TestDatabase;
  let credentials: Credentials;
  let other: Client;

  beforeAll(async () => {
    database = await createDatabase('create table leads (id int primary key); insert into leads values (1)');
    // As on RDS: who runs the SQL is no superuser. As in the README: the role reads everything and changes nothing.
    await database.sql(`create role ${runner} login password '${PASSWORD}';
      grant create on database ${database.name} to ${runner};
      create role ${role} login password '${PASSWORD}' connection limit 8;
      alter role ${role} set default_transaction_read_only = on;
      grant pg_read_all_data to ${role}`);
    credentials = { ...database.credentials, user: role, password: PASSWORD };
    await install();
  });
  beforeEach(async () => {
    await database.sql('truncate understudy.heartbeat');
    other = await database.connect();
  });
  afterEach(() => other.end());
  afterAll(async () => {
    await database.drop();
    const server = await createDatabase();
    await server.sql(`drop role ${runner}; drop role ${role}`);
    await server.drop();
  });

  async function install(): Promise<void> {
    const client = await database.connect({ user: runner, password: PASSWORD });
    await client.query(sqlFor(role)).finally(() => client.end());
  }
  const read = () => heartbeat.rows(credentials, EVER);
  const text = async (sql: string) => String(Object.values((await database.sql(sql))[0]!)[0]);
  const clock = () => text(`select ${CLOCK}`);

  it('has the row of a minute, with when it was written and by when it was committed', async () => {
    const before = await clock();
    expect(await heartbeat.write(credentials, MINUTE)).toBe('written');
    const after = await clock();
    const [row] = await read();
    expect(row!.minute).toBe(MINUTE);
    const moments = [before, row!.writtenAt, row!.committedBy!, after];
    expect(moments).toEqual([...moments].sort());
    for (const moment of moments) expect(moment).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  it('has one row when its message is delivered four times at once and again', async () => {
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => heartbeat.write(credentials, MINUTE)));
    expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1);
    const first = await read();
    expect(await heartbeat.write(credentials, MINUTE)).toBe('there');
    expect(await read()).toEqual(first);
    expect(first).toHaveLength(1);
  });

  it('bounds the moment of a commit that had to wait', async () => {
    // Another session is about to write the same minute, so that the insert waits in the midst of its transaction.
    const watcher = await database.connect();
    await other.query(`begin; insert into understudy.heartbeat (minute) values ('${MINUTE}')`);
    const writing = heartbeat.write(credentials, MINUTE);
    const waiting = `select ${CLOCK} as now from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    let notYet: string | undefined;
    while (notYet === undefined) notYet = (await watcher.query(waiting)).rows[0]?.now;
    await other.query('rollback');
    await watcher.end();
    expect(await writing).toBe('written');
    const [row] = await read();
    expect(row!.writtenAt < notYet).toBe(true);
    expect(row!.committedBy! > notYet).toBe(true);
  });

  it('bounds a row whose writer died before it was bounded', async () => {
    await database.sql(`insert into understudy.heartbeat (minute) values ('${MINUTE}')`);
    expect(await read()).toEqual([{ minute: MINUTE, writtenAt: expect.any(String) }]);
    expect(await heartbeat.write(credentials, MINUTE)).toBe('there');
    expect(await read()).toEqual([
      { minute: MINUTE, writtenAt: expect.any(String), committedBy: expect.any(String) },
    ]);
  });

  it('is read from a moment on in the order of writing', async () => {
    for (const minute of ['01', '03', '02'])
      await heartbeat.write(credentials, `2026-11-20T01:${minute}:00Z`);
    const all = await read();
    expect(all.map((row) => row.minute.slice(14, 16))).toEqual(['01', '03', '02']);
    expect(await heartbeat.rows(credentials, all[1]!.writtenAt)).toEqual(all.slice(1));
    expect(await readHeartbeat(other, EVER, all[2]!.writtenAt)).toEqual(all.slice(0, 2));
  });

  it('keeps rows for 35 days, and deletes at most 1,000 older ones with the first row of an hour', async () => {
    const fill = `insert into understudy.heartbeat (minute, written_at)
      select now() - interval '40 days' + i * interval '1 minute', now() - interval '40 days' + i * interval '1 minute' from generate_series(1, 1500) i;
      insert into understudy.heartbeat (minute, written_at) values (now() - interval '34 days 23 hours', now() - interval '34 days 23 hours')`;
    await database.sql(fill);
    const count = () => text('select count(*) from understudy.heartbeat');
    await heartbeat.write(credentials, '2026-11-20T01:59:00Z');
    expect(await count()).toBe('1502');
    await heartbeat.write(credentials, '2026-11-20T02:00:00Z');
    expect(await count()).toBe('503');
    await heartbeat.write(credentials, '2026-11-20T02:00:00Z');
    expect(await count()).toBe('503');
    await heartbeat.write(credentials, '2026-11-20T03:00:00Z');
    expect(await count()).toBe('4');
    expect(
      await text("select bool_and(written_at > now() - interval '35 days') from understudy.heartbeat"),
    ).toBe('true');
  });

  it('lets its role write nothing else, nor change or empty its table', async () => {
    const client = await database.connect({ user: role, password: PASSWORD });
    await client.query('set default_transaction_read_only = off');
    for (const forbidden of [
      'insert into public.leads values (2)',
      'delete from public.leads',
      'create table understudy.mine (x int)',
      'truncate understudy.heartbeat',
      'alter table understudy.heartbeat add column x int',
      'drop table understudy.heartbeat',
    ])
      await expect(client.query(forbidden)).rejects.toThrow(/permission denied|must be owner/);
    await client.end();
  });

  it('is made by SQL that may run again without changing its rows', async () => {
    await heartbeat.write(credentials, MINUTE);
    const rows = await read();
    await install();
    expect(await read()).toEqual(rows);
  });

  it('is written through a transaction pooler, and leaves no setting to the next session', async () => {
    const pooler = await startPooler(credentials, 'transaction');
    const through = { ...credentials, port: pooler.port };
    const next = async () => {
      const client = new Client({ ...through, ssl: false });
      await client.connect();
      const { rows } = await client.query(
        "select pg_backend_pid() as pid, (select json_object_agg(name, setting order by name) from pg_settings where name <> 'application_name') as settings",
      );
      await client.end();
      return rows[0];
    };
    try {
      const before = await next();
      expect(await heartbeat.write(through, MINUTE)).toBe('written');
      expect(await heartbeat.rows(through, EVER)).toHaveLength(1);
      expect(await next()).toEqual(before);
    } finally {
      await pooler.stop();
    }
  });

  it('fails with a lock timeout when its table is locked', async () => {
    await other.query('begin; lock table understudy.heartbeat in access exclusive mode');
    await expect(heartbeat.write(credentials, MINUTE)).rejects.toThrow(/lock timeout/);
    await other.query('rollback');
    expect(await read()).toEqual([]);
  });

  it('refuses wrong credentials as such', async () => {
    await expect(heartbeat.write({ ...credentials, password: 'wrong' }, MINUTE)).rejects.toMatchObject({
      code: 'credentials-refused',
    });
  });

  it('is missing where its SQL was not run, and the hint names the file', async () => {
    const bare = await createDatabase();
    await bare.sql(`grant create on database ${bare.name} to ${runner}`);
    const missing = { code: 'heartbeat-missing', hint: expect.stringContaining('scripts/sql/heartbeat.sql') };
    const there = { ...bare.credentials };
    await expect(heartbeat.write(there, MINUTE)).rejects.toMatchObject(missing);
    await expect(heartbeat.rows(there, EVER)).rejects.toMatchObject(missing);
    await bare.sql('create schema understudy');
    await expect(heartbeat.rows(there, EVER)).rejects.toMatchObject(missing);
    await bare.drop();
  });

  it('is denied to a role without the right to insert, and the hint names the file', async () => {
    await database.sql(`revoke insert on understudy.heartbeat from ${role}`);
    await expect(heartbeat.write(credentials, MINUTE)).rejects.toMatchObject({
      code: 'heartbeat-denied',
      hint: expect.stringContaining('scripts/sql/heartbeat.sql'),
    });
    await install();
    expect(await heartbeat.write(credentials, MINUTE)).toBe('written');
  });

  it('keeps the rows of the table that was called ledger when its SQL runs again', async () => {
    await heartbeat.write(credentials, MINUTE);
    await database.sql('alter table understudy.heartbeat rename to ledger');
    await install();
    expect(await read()).toHaveLength(1);
  });

  it('is written during a dump, whose copy is equal and whose heartbeat agrees', async () => {
    for (let minute = 10; minute < 20; minute++)
      await heartbeat.write(credentials, `2026-11-20T01:${minute}:00Z`);
    let running = true;
    let written = 0;
    const held = new Promise<void>((resolve) => {
      void (async () => {
        for (let minute = 0; running; minute++) {
          const at = new Date(Date.UTC(2026, 10, 20, 2, minute)).toISOString().replace('.000', '');
          await heartbeat.write(credentials, at);
          if (++written === 3) resolve();
        }
      })();
    });
    const taken = await take(credentials, policyWith(), async () => {
      // The source is held from here on; what is written now is not in the copy.
      const before = written;
      await held;
      while (written < before + 5) await new Promise((resolve) => setTimeout(resolve, 5));
    }).finally(() => (running = false));
    await withCopy(taken, async (copy) => {
      expect(await copy.proof()).toMatchObject({ equal: true, strength: 'exact' });
      const restored = await heartbeatOf(copy);
      const source = await read();
      expect(restored.length).toBeGreaterThanOrEqual(10);
      expect(restored.length).toBeLessThan(source.length);
      expect(judgeHeartbeat(source, restored, undefined)).toMatchObject({
        verdict: 'agrees',
        compared: restored.length,
      });
      await copy.sql("delete from understudy.heartbeat where minute = '2026-11-20T01:15:00Z'");
      expect(judgeHeartbeat(source, await heartbeatOf(copy), undefined)).toMatchObject({
        verdict: 'differs',
        missing: ['2026-11-20T01:15:00Z'],
      });
    });
  });

  async function heartbeatOf(copy: Copy) {
    const client = await connectLocally({
      host: copy.directory,
      port: 5432,
      user: SUPERUSER,
      database: 'restored',
    });
    return readHeartbeat(client, EVER).finally(() => client.end());
  }
});
