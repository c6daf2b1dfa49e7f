import { Client } from 'pg';
import type { Credentials } from '../../lib/ports/database.ts';
import { type Cluster, startCluster } from '../../scripts/local/cluster.ts';
import { collect, engine, never, policyWith } from '../support/source.ts';
import { credentialsOf } from './support/own-cluster.ts';

const TABLES = 150;
/** Of each table. */
const INDEXES = 7;

/** Every relation that sessions of this name hold a lock on: how many, and of what kind. */
const HELD = `select c.relkind::text as kind, count(distinct c.oid)::int as held
  from pg_locks l join pg_class c on c.oid = l.relation join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'relation' and c.relnamespace = 'public'::regnamespace and a.application_name ~ $1 and a.pid <> pg_backend_pid() group by 1`;

describe('a dump', () => {
  let cluster: Cluster;
  let credentials: Credentials;
  let look: Client;

  // A lock table with room for less than a thousand locks, and 1,500 relations.
  beforeAll(async () => {
    cluster = await startCluster({ settings: ['max_locks_per_transaction=14', 'max_connections=20'] });
    credentials = credentialsOf(cluster);
    for (let n = 0; n < TABLES; n++)
      await cluster.sql(
        'postgres',
        `create table t${n} (id serial primary key, a int unique, b text, c int unique, d int unique); create index on t${n} (lower(b)); create index on t${n} (a, c); create index on t${n} (c, d); create view v${n} as select * from t${n}; insert into t${n} (a, b) select g, 'x' from generate_series(1, 3) g`,
      );
    // Large enough that pg_dump waits for its reader with all its locks held.
    await cluster.sql(
      'postgres',
      "create table large as select g as id, string_agg(md5(random()::text), '') as filler from generate_series(1, 4000) g, generate_series(1, 60) group by g",
    );
    look = await cluster.connect('postgres');
  });
  afterAll(async () => {
    await look?.end();
    await cluster?.stop();
  });

  const heldBy = async (name: string) => {
    const { rows } = await look.query(HELD, [name]);
    return new Map(rows.map(({ kind, held }: { kind: string; held: number }) => [kind, held]));
  };
  const total = (held: Map<string, number>) => [...held.values()].reduce((sum, each) => sum + each, 0);

  it('holds no more locks than pg_dump does, and those on the indexes of the table it reads', async () => {
    const held = await engine().hold(credentials, policyWith(), never());
    const archive = held.archive();
    try {
      const stream = archive.stream[Symbol.asyncIterator]();
      await stream.next();
      const pgDump = await heldBy('^understudy .');
      const sampling = new AbortController();
      let most = new Map<string, number>();
      const sampled = (async () => {
        while (!sampling.signal.aborted) {
          const now = await heldBy('^understudy$');
          if (total(now) > total(most)) most = now;
        }
      })();
      await held.content('fingerprints', await held.sequences());
      sampling.abort();
      await sampled;
      expect(await heldBy('^understudy$')).toEqual(new Map([['r', TABLES + 1]]));
      expect(total(pgDump)).toBeGreaterThan(TABLES);
      // While one table is read, its own indexes come on top; views and sequences do not.
      expect(total(most)).toBeLessThanOrEqual(total(pgDump) + INDEXES);
    } finally {
      archive.kill(new Error('looked at'));
      await held.release();
    }
  });

  it('leaves room in the lock table for an application', async () => {
    const held = await engine().hold(credentials, policyWith(), never());
    try {
      const archive = held.archive();
      const application = await cluster.connect('postgres');
      const reading = (async () => {
        await application.query('begin');
        for (let n = 0; n < 20; n++) await application.query(`select count(*) from t${n}`);
        await application.query('commit');
      })();
      const [bytes, { content }] = await Promise.all([
        collect(archive.stream),
        held.content('fingerprints', await held.sequences()),
        reading,
      ]);
      await application.end();
      expect(bytes.length).toBeGreaterThan(0);
      expect(content.tables).toHaveLength(TABLES + 1);
    } finally {
      await held.release();
    }
  });

  it('reads many small tables in one round trip', async () => {
    const sent: string[] = [];
    const query = Client.prototype.query;
    const held = await engine().hold(credentials, policyWith(), never());
    try {
      const standing = await held.sequences();
      Client.prototype.query = function (this: unknown, ...all: unknown[]) {
        sent.push(String(all[0]));
        return query.apply(this as never, all as never) as never;
      } as typeof query;
      await held.content('fingerprints', standing);
    } finally {
      Client.prototype.query = query;
      await held.release();
    }
    const aboutTables = sent.filter((sql) => /from only "public"/.test(sql));
    expect(aboutTables.length).toBeLessThanOrEqual(TABLES / 20);
    expect(aboutTables.join().match(/from only/g)).toHaveLength(TABLES + 1);
  });
});
