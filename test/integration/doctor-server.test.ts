import type { Credentials, Symptom } from '../../lib/ports/database.ts';
import { type Cluster, startCluster } from '../../scripts/local/cluster.ts';
import { programs, take } from '../support/source.ts';
import { examine } from '../support/symptoms.ts';
import { credentialsOf } from './support/own-cluster.ts';

/** A small server: what doctor foresees of a dump against what the dump does. */
let server: Cluster;
let isReserving: boolean;
beforeAll(async () => {
  const settings = ['max_locks_per_transaction=20', 'max_connections=30', 'max_prepared_transactions=2'];
  isReserving = (await programs()).major >= 16;
  if (isReserving) settings.push('reserved_connections=24');
  server = await startCluster({ settings: [...settings, 'autovacuum=off'] });
});
afterAll(() => server.stop());

const credentials = (database: string) => credentialsOf(server, { database });

const createTables = (database: string, tables: string, from: number, to: number) =>
  server.sql(
    database,
    `do $$ begin for i in ${from}..${to} loop execute format('create table ${tables}', i); end loop; end $$`,
  );

/** In parts: what one transaction makes it holds locked. */
async function databaseWith(name: string, tables: number, columns: string): Promise<Credentials> {
  await server.sql('postgres', `create database ${name}`);
  for (let first = 0; first < tables; first += 20)
    await createTables(name, `t%s (${columns})`, first, Math.min(first + 19, tables - 1));
  return credentials(name);
}

const foreseen = async (to: Credentials) => (await examine(to)).of('lock table')[0]!;

function figures({ message }: Symptom): { needed: number; room: number } {
  const [, needed, room] = /up to (\d+) locks.*room for at least (\d+)/.exec(message)!;
  return { needed: Number(needed), room: Number(room) };
}

/** Takes what memory the server has to spare into the lock table, for good: locks freed later stay its. */
async function exhaust(database: string): Promise<void> {
  const greedy = await server.connect(database);
  await greedy.query('begin');
  for (let n = 0; ; n++) {
    const full = await greedy.query(`lock table t${n} in access share mode`).then(
      () => false,
      (error: { code: string }) => {
        expect(error.code).toBe('53200');
        return true;
      },
    );
    if (full) break;
  }
  await greedy.end();
}

test('doctor foresees whether the locks of a dump fit into the lock table, also when its spare memory is used up', async () => {
  const many = await databaseWith('many', 4000, 'a int');
  await exhaust('many');
  const few = await databaseWith('few', 200, 'a int primary key, b int unique, c int unique');
  await server.sql(
    'few',
    'create table keyed (id serial primary key, n int unique); create view v as select * from keyed',
  );
  const { needed, room } = figures(await foreseen(few));
  // As many more as fit by doctor's word, but for what a session that ends may hold: a table is locked twice.
  const more = Math.floor((room - needed) / 2) - 10;
  expect(more).toBeGreaterThan(0);
  await createTables('few', 'more%s (a int)', 1, more);
  expect(await foreseen(few)).toMatchObject({ state: 'good' });
  const { manifest } = await take(few);
  expect(manifest.tables).toHaveLength(201 + more);

  await createTables('few', 'over%s (a int)', 1, 30);
  expect(await foreseen(few)).toMatchObject({ state: 'unknown', next: expect.any(String) });

  const refused = await foreseen(many);
  expect(refused).toMatchObject({
    state: 'bad',
    message: expect.stringContaining('the dump would end with “out of shared memory”'),
    next: expect.stringMatching(/^alter system set max_locks_per_transaction = \d+; and restart the server/),
  });
  const setting = Number(/= (\d+);/.exec(refused.next!)![1]);
  const far = figures(refused);
  expect((setting / 20) * far.room).toBeGreaterThan(far.needed);
  await expect(take(many)).rejects.toThrow(/out of shared memory/);
});

test('doctor names the lock of a prepared transaction and the command that ends it', async () => {
  const to = await databaseWith('prepared', 1, 'a int');
  await server.sql('prepared', "begin; lock table t0; prepare transaction 'it''s'");
  const [held] = (await examine(to)).of('locks');
  expect(held).toMatchObject({
    state: 'bad',
    message: expect.stringContaining("the prepared transaction 'it''s' holds one on public.t0"),
    next: "wait for it to end, or end it: rollback prepared 'it''s';",
  });
  await server.sql('prepared', held!.next!.replace(/^.*?: /, ''));
  expect((await examine(to)).of('locks')).toMatchObject([{ state: 'good' }]);
});

test('doctor does not count connections that are reserved for other roles as free', async () => {
  if (!isReserving) return;
  await server.sql('postgres', "create role plain login password 'x' in role pg_read_all_data");
  const plain = { ...credentials('postgres'), user: 'plain', password: 'x' };
  const [short] = (await examine(plain)).of('connections');
  expect(short).toMatchObject({
    state: 'bad',
    message: expect.stringMatching(/the server has \d of 3 in use/),
  });
  await server.sql('postgres', short!.next!.replace(/^.*or: /, ''));
  expect((await examine(plain)).of('connections')).toMatchObject([
    { state: 'good', message: expect.stringMatching(/the server has \d of 27 in use/) },
  ]);
});
