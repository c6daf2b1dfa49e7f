import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../lib/adapters/engines/postgres/connection.ts';
import { schemaFacts } from '../../lib/adapters/engines/postgres/facts/schema/schema-facts.ts';
import { keyOf, writeCounters } from '../../lib/adapters/engines/postgres/facts/writes.ts';
import { postgresInstances } from '../../lib/adapters/engines/postgres/instance.ts';
import { utc } from '../../lib/domain/time.ts';
import { type Cluster, startCluster } from '../../scripts/local/cluster.ts';
import { manifest } from '../support/builders.ts';
import { crashSession } from '../support/crash.ts';
import { credentialsOf } from './support/own-cluster.ts';

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

const credentials = (changes = {}) => credentialsOf(cluster, { database: 'crm', ...changes });

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
const since = async (then: Awaited<ReturnType<typeof dumped>>, moment = now(), as = {}) =>
  postgresInstances({ patience: 1 }).since(credentials(as), then, moment);

/** What was written, as soon as it is reported: a session that rests does so within ten seconds or more. */
async function reportedSince(then: Awaited<ReturnType<typeof dumped>>) {
  for (;;) {
    const { written } = await since(then);
    if (written.length > 0) return written;
    await sleep(250);
  }
}

/** Waits until all sessions have ended, for they report then. */
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

describe('the write counters of a source', () => {
  it('show which table was written, and how much', async () => {
    const then = await dumped();
    expect((await since(then)).written).toEqual([]);
    await cluster.sql('crm', 'insert into leads values (4)');
    await settled();
    expect((await since(then)).written).toEqual([{ table: 0, inserted: '1', deleted: '0' }]);
  });

  it('are unknown after a crash of one session, which resets them', async () => {
    await crashSession(cluster);
    const then = await dumped();
    expect(then.tables[0]!.writes).toMatchObject({ inserted: '0' });
    await cluster.sql('crm', 'insert into leads values (4), (5)');
    await settled();
    await crashSession(cluster);
    expect(await since(then)).toMatchObject(UNKNOWN);
  });

  it('are unknown of a database that was created again from the same template', async () => {
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
    expect(await since(then)).toMatchObject(UNKNOWN);
  });

  it('are unknown when they were switched off for a while', async () => {
    const then = await dumped();
    await cluster.sql('postgres', 'alter database crm set track_counts = off');
    await cluster.sql('crm', 'insert into leads values (4)');
    await cluster.sql('postgres', 'alter database crm reset track_counts');
    await settled();
    expect(await since(then)).toMatchObject(UNKNOWN);
  });

  it('fail with a lock timeout behind an exclusive lock', async () => {
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

  it('are incomplete where the database does not count', async () => {
    const then = await dumped();
    await cluster.sql('crm', 'alter database crm set track_counts = off');
    await settled();
    const incomplete = expect.stringContaining('track_counts');
    expect(await since(then)).toMatchObject({ ...UNKNOWN, incomplete });
  });

  it.each([
    ['a role', 'create role batch; alter role batch set track_counts = off', 'drop role batch'],
    [
      'a function',
      'create function f() returns int language sql set track_counts = off as $$ select 1 $$',
      'drop function f',
    ],
  ])('are incomplete while %s switches them off for itself', async (_what, sql, undo) => {
    const then = await dumped();
    await cluster.sql('crm', sql);
    await settled();
    const incomplete = expect.stringContaining('track_counts');
    expect(await since(then)).toMatchObject({ ...UNKNOWN, incomplete });
    await cluster.sql('crm', undo);
    await settled();
    expect(await since(then)).not.toHaveProperty('incomplete');
  });
});

describe('the write counters of a source are incomplete', () => {
  it('while a CALL commits as it goes', async () => {
    await cluster.sql(
      'crm',
      'create procedure batch() language plpgsql as $$ begin loop insert into leads values (4); commit; perform pg_sleep(0.05); end loop; end $$',
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
      const working = /^session \d+ of postgres has been at work in the source since 20.*Z/;
      const incomplete = expect.stringMatching(working);
      expect(await since(then)).toMatchObject({ ...UNKNOWN, incomplete });
      // A session that began a minute after the restored moment wrote nothing that is in the copy.
      const [{ began }] = (await cluster.sql(
        'crm',
        "select backend_start as began from pg_stat_activity where query like 'call%'",
      )) as [{ began: Date }];
      const earlier = (seconds: number) => new Date(began.getTime() - seconds * 1000).toISOString();
      // Reports lie up to a minute apart: so near to the moment it is asked about too.
      expect(await since(then, earlier(50))).toHaveProperty('incomplete');
      expect(await since(then, earlier(61))).not.toHaveProperty('incomplete');
    } finally {
      await cluster.sql(
        'postgres',
        "select pg_terminate_backend(pid) from pg_stat_activity where query like 'call%'",
      );
      await running;
      await worker.end().catch(() => undefined);
    }
  });

  it('while a session begins each transaction in the commit of the last', async () => {
    const then = await dumped();
    const worker = await cluster.connect('crm');
    let over = false;
    await worker.query('begin; insert into leads values (4); commit and chain');
    const chain = (async () => {
      while (!over) await worker.query('select pg_sleep(0.05); commit and chain');
    })();
    try {
      const incomplete = expect.stringContaining('has been at work in the source');
      expect(await since(then)).toMatchObject({ ...UNKNOWN, incomplete });
      over = true;
      await chain;
      await worker.query('commit');
      // At rest now, and what it wrote is counted.
      expect(await reportedSince(then)).toEqual([{ table: 0, inserted: '1', deleted: '0' }]);
    } finally {
      over = true;
      await chain;
      await worker.end();
    }
  });

  it('never because of a busy session that was seen at rest', async () => {
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

  it('while a session that committed is in its next transaction, and not when that has ended', async () => {
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

  it('while the role is not allowed to see other sessions', async () => {
    await cluster.sql('postgres', "create role reader login password 'of-the-role'");
    await cluster.sql('crm', 'grant pg_read_all_data to reader');
    const then = await dumped();
    const other = await cluster.connect('crm');
    try {
      const reader = { user: 'reader', password: 'of-the-role' };
      const incomplete = expect.stringContaining('pg_read_all_stats');
      expect(await since(then, now(), reader)).toMatchObject({ ...UNKNOWN, incomplete });
      await cluster.sql('postgres', 'grant pg_read_all_stats to reader');
      expect(await since(then, now(), reader)).not.toHaveProperty('incomplete');
    } finally {
      await other.end();
    }
  });

  it('never because of a session of Understudy, which reads only', async () => {
    const then = await dumped();
    const dump = await connect(credentials());
    try {
      await dump.query('begin');
      await dump.query('select 1');
      expect(await since(then)).not.toHaveProperty('incomplete');
      await dump.query("set application_name = 'reports'");
      expect(await since(then)).toMatchObject(UNKNOWN);
    } finally {
      await dump.end();
    }
  });
});
