import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../lib/adapters/engines/postgres/connection.ts';
import { schemaFacts } from '../../lib/adapters/engines/postgres/facts/schema/schema-facts.ts';
import { keyOf, writeCounters } from '../../lib/adapters/engines/postgres/facts/writes.ts';
import { postgresInstances } from '../../lib/adapters/engines/postgres/instance.ts';
import { utc } from '../../lib/domain/time.ts';
import { type Cluster, startCluster } from '../../scripts/local/cluster.ts';
import { manifest } from '../support/builders.ts';
import { crashSession } from '../support/crash.ts';

/** What a source's counters can say, on a server of its own: here sessions are killed. */
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ settings: ['restart_after_crash=on'] });
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  await cluster.sql('postgres', 'drop database if exists crm with (force)');
  await cluster.sql('postgres', 'create database crm');
  await cluster.sql('crm', 'create table leads (n int); insert into leads values (1), (2), (3)');
  await settled();
});

const credentials = (user = 'postgres') => ({
  host: '127.0.0.1',
  port: cluster.port,
  database: 'crm',
  user,
  password: user === 'postgres' ? cluster.password : 'of-the-role',
  sslmode: 'disable' as const,
});

/** What a dump's manifest would say of the one table. */
async function dumped() {
  const client = await connect(credentials());
  try {
    const writes = (await writeCounters(client)).get(keyOf('public', 'leads'))!;
    return manifest({
      schema: await schemaFacts(client),
      tables: [{ schema: 'public', name: 'leads', rows: '3', writes }],
    });
  } finally {
    await client.end();
  }
}

/** What is said of a source whose counters may lack something: nothing of what was written or defined. */
const UNKNOWN = { definitions: 'touched', written: [{ table: 0, unknown: true }] };

const now = () => utc(new Date());
const since = async (then: Awaited<ReturnType<typeof dumped>>, moment = now(), user?: string) =>
  postgresInstances({ patience: 1 }).since(credentials(user), then, moment);

/** Sessions that rest report within ten seconds. */
async function settledSince(then: Awaited<ReturnType<typeof dumped>>) {
  for (let look = 0; look < 60; look++) {
    const { written } = await since(then);
    if (written.length > 0) return written;
    await sleep(250);
  }
  return [];
}

/** Until everybody who was at work has gone: sessions report when they end. */
async function settled(): Promise<void> {
  for (;;) {
    const [others] = await cluster.sql(
      'postgres',
      "select count(*)::int as n from pg_stat_activity where datname = 'crm'",
    );
    if (others?.['n'] === 0) return;
    await sleep(20);
  }
}

describe('the counters of writes', () => {
  it('know a table that was not written, and one that was', async () => {
    const then = await dumped();
    expect((await since(then)).written).toEqual([]);
    await cluster.sql('crm', 'insert into leads values (4)');
    await settled();
    expect((await since(then)).written).toEqual([{ table: 0, inserted: '1', deleted: '0' }]);
  });

  it('know nothing after a crash of one session, which resets them without a new start of the server', async () => {
    await crashSession(cluster);
    const then = await dumped();
    expect(then.tables[0]!.writes).toMatchObject({ inserted: '0' });
    await cluster.sql('crm', 'insert into leads values (4), (5)');
    await settled();
    await crashSession(cluster);
    expect((await since(then)).written).toEqual([{ table: 0, unknown: true }]);
  });

  it('know nothing of a database that was made anew from the same template, with the same files', async () => {
    await cluster.sql('postgres', 'drop database if exists golden with (force)');
    await cluster.sql('postgres', 'create database golden template crm');
    await cluster.sql('postgres', 'drop database crm with (force)');
    const load = async (first: number) => {
      await cluster.sql('postgres', 'create database crm template golden');
      await cluster.sql('crm', `insert into leads select generate_series(${first}, ${first} + 99)`);
      await settled();
    };
    await load(1000);
    const then = await dumped();
    await cluster.sql('postgres', 'drop database crm with (force)');
    await load(2000);
    expect((await since(then)).written).toEqual([{ table: 0, unknown: true }]);
  });

  it('know nothing where they were switched off for a while', async () => {
    const then = await dumped();
    await cluster.sql('postgres', 'alter database crm set track_counts = off');
    await cluster.sql('crm', 'insert into leads values (4)');
    await cluster.sql('postgres', 'alter database crm reset track_counts');
    await settled();
    expect((await since(then)).written).toEqual([{ table: 0, unknown: true }]);
  });

  it('are not waited for behind somebody’s lock', async () => {
    await cluster.sql('crm', 'create view of_leads as select n from leads');
    const then = await dumped();
    const session = await cluster.connect('crm');
    try {
      await session.query('begin; lock table leads in access exclusive mode');
      await expect(since(then)).rejects.toThrow(/lock timeout/);
    } finally {
      await session.end();
    }
  });

  it('are not asked where nothing is counted', async () => {
    const then = await dumped();
    await cluster.sql('crm', 'alter database crm set track_counts = off');
    await settled();
    expect(await since(then)).toMatchObject({
      ...UNKNOWN,
      incomplete: expect.stringContaining('track_counts'),
    });
  });
});

test.each([
  ['a role', 'create role batch; alter role batch set track_counts = off', 'drop role batch'],
  [
    'a function',
    'create function f() returns int language sql set track_counts = off as $$ select 1 $$',
    'drop function f',
  ],
])('the counters are not asked where %s switches them off for itself', async (_what, sql, undo) => {
  const then = await dumped();
  await cluster.sql('crm', sql);
  await settled();
  expect(await since(then)).toMatchObject({
    ...UNKNOWN,
    incomplete: expect.stringContaining('track_counts'),
  });
  await cluster.sql('crm', undo);
  await settled();
  expect(await since(then)).not.toHaveProperty('incomplete');
});

describe('a session that may not have reported what it wrote', () => {
  it('is one in the middle of a CALL that commits as it goes', async () => {
    await cluster.sql(
      'crm',
      'create procedure batch() language plpgsql as $$ begin for i in 1..1000 loop insert into leads values (i); commit; perform pg_sleep(0.05); end loop; end $$',
    );
    await settled();
    const then = await dumped();
    const worker = await cluster.connect('crm');
    const running = worker.query('call batch()').catch(() => undefined);
    const rows = async (most: number) => {
      while (Number((await cluster.sql('crm', 'select count(*) as n from leads'))[0]?.['n']) < most)
        await sleep(20);
    };
    try {
      await rows(12);
      expect(await since(then)).toMatchObject({
        ...UNKNOWN,
        incomplete: expect.stringMatching(
          /^session \d+ of postgres has been at work in the source since 20.*Z/,
        ),
      });
      // Whoever came a minute after the moment that was restored has written nothing of what is in the copy.
      const [{ began }] = (await cluster.sql(
        'crm',
        "select backend_start as began from pg_stat_activity where query like 'call%'",
      )) as [{ began: Date }];
      const earlier = (seconds: number) => new Date(began.getTime() - seconds * 1000).toISOString();
      // Reports lie up to a minute apart: so near to the moment it is asked about too.
      expect(await since(then, earlier(50))).toHaveProperty('incomplete');
      const early = earlier(61);
      expect(await since(then, early)).not.toHaveProperty('incomplete');
    } finally {
      await cluster.sql(
        'postgres',
        "select pg_terminate_backend(pid) from pg_stat_activity where query like 'call%'",
      );
      await running;
      await worker.end().catch(() => undefined);
    }
  });

  it('is one that follows each commit at once with the next transaction', async () => {
    const then = await dumped();
    const worker = await cluster.connect('crm');
    let over = false;
    await worker.query('begin; insert into leads values (4); commit and chain');
    const chain = (async () => {
      while (!over) await worker.query('select pg_sleep(0.05); commit and chain');
    })();
    try {
      expect(await since(then)).toMatchObject({
        ...UNKNOWN,
        incomplete: expect.stringContaining('has been at work in the source'),
      });
      over = true;
      await chain;
      await worker.query('commit');
      // At rest now, and what it wrote is counted.
      expect(await settledSince(then)).toEqual([{ table: 0, inserted: '1', deleted: '0' }]);
    } finally {
      over = true;
      await chain;
      await worker.end();
    }
  });

  it('is none that was seen at rest in between, however busy it is', async () => {
    const then = await dumped();
    const worker = await cluster.connect('crm');
    let over = false;
    const busy = (async () => {
      while (!over) {
        await worker.query('select pg_sleep(0.2)');
        await sleep(100);
      }
    })();
    try {
      const patient = postgresInstances({ patience: 20 });
      expect(await patient.since(credentials(), then, now())).not.toHaveProperty('incomplete');
    } finally {
      over = true;
      await busy;
      await worker.end();
    }
  });

  it('is one that follows a commit at once with a long transaction; not one that has come to rest', async () => {
    const then = await dumped();
    const worker = await cluster.connect('crm');
    try {
      await worker.query('insert into leads values (4)');
      await worker.query('begin');
      await worker.query('select 1');
      expect(await since(then)).toMatchObject({ ...UNKNOWN, incomplete: expect.any(String) });
      await worker.query('commit');
      expect(await since(then)).not.toHaveProperty('incomplete');
    } finally {
      await worker.end();
    }
  });

  it('may be any that the role is not allowed to see', async () => {
    await cluster.sql('postgres', "create role reader login password 'of-the-role'");
    await cluster.sql('crm', 'grant pg_read_all_data to reader');
    const then = await dumped();
    const other = await cluster.connect('crm');
    try {
      expect(await since(then, now(), 'reader')).toMatchObject({
        ...UNKNOWN,
        incomplete: expect.stringContaining('pg_read_all_stats'),
      });
      await cluster.sql('postgres', 'grant pg_read_all_stats to reader');
      expect(await since(then, now(), 'reader')).not.toHaveProperty('incomplete');
    } finally {
      await other.end();
    }
  });

  it('is not our own: a dump that is being made reads only', async () => {
    const then = await dumped();
    const ours = await connect(credentials());
    try {
      await ours.query('begin');
      await ours.query('select 1');
      expect(await since(then)).not.toHaveProperty('incomplete');
      await ours.query("set application_name = 'reports'");
      expect(await since(then)).toMatchObject(UNKNOWN);
    } finally {
      await ours.end();
    }
  });
});
