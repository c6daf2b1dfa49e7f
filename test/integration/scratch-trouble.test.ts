import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { SUPERUSER } from '../../lib/adapters/engines/postgres/scratch-server.ts';
import { codeOf } from '../../lib/domain/errors.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { programsWith } from '../support/programs.ts';
import { type Taken, take } from '../support/source.ts';
import { newBase, requestOf, scratchIn } from './support/scratch.ts';

/** Real faults of the machine, in the middle of a real restore. None of them may speak against the point. */
let database: TestDatabase;
let taken: Taken;
/** Its COPY goes on until something happens to it. */
let endless: Taken;
let base: string;

beforeAll(async () => {
  database = await createDatabase(
    `create table big (id int, name text);
    insert into big select i, md5(i::text) from generate_series(1, 400000) i;
    create table other as select * from big limit 1000;`,
  );
  taken = await take(database.credentials);
  await database.sql(
    `create function slowly(text) returns boolean language sql as 'select true';
    create table pages (body text check (public.slowly(body)));
    alter table pages alter body set storage external;
    insert into pages select repeat(md5(i::text), 200) from generate_series(1, 6000) i;
    create or replace function slowly(text) returns boolean language sql as 'select pg_sleep(0.02) is not null';
    drop table big, other;`,
  );
  endless = await take(database.credentials);
});
afterAll(() => database.drop());
beforeEach(() => {
  base = newBase();
});
afterEach(() => {
  expect(existsSync(base) ? readdirSync(base) : []).toEqual([]);
  rmSync(base, { recursive: true, force: true });
});

type Options = {
  bin?: string;
  dump?: () => Promise<Readable>;
  secondsLeft?: () => number;
  taken?: Taken;
  value?: string;
};

/** Restores, and says how that ended: `good`, or the error's code; and its phases and message. */
async function restore(options: Options = {}) {
  const { value = 'select count(*) from public.big', taken: point = taken, dump, ...how } = options;
  const phases: string[] = [];
  const request = {
    ...requestOf(point),
    ...(dump ? { dump } : {}),
    phase: (name: string) => void phases.push(name),
    again: () => void phases.push('again'),
  };
  const ending = await scratchIn(base, how)
    .withCopy(request, async (copy) => copy.value(value))
    .then(
      (value) => ({ code: `good ${value}`, message: '' }),
      (error: Error) => ({ code: codeOf(error), message: error.message }),
    );
  return { ...ending, phases, tries: phases.filter((each) => each === 'server').length };
}

const directory = () => join(base, readdirSync(base).find((name) => /^us-run-[0-9a-f]+$/.test(name))!);

/** Restores what never ends by itself, and does something to it as soon as it copies rows. */
async function hitting(then: (found: Record<string, unknown>) => unknown) {
  let ended = false;
  let last: unknown;
  const ending = restore({ taken: endless }).finally(() => (ended = true));
  while (!ended) {
    await sleep(20);
    const found = await asked(COPYING).catch((error: unknown) => {
      last = error;
      return undefined;
    });
    if (!found) continue;
    await then(found);
    return ending;
  }
  throw new Error(`it ended before anything could be done: ${JSON.stringify(await ending)}, ${String(last)}`);
}

async function asked(sql: string): Promise<Record<string, unknown> | undefined> {
  const client = new Client({
    host: directory(),
    port: 5432,
    user: SUPERUSER,
    database: 'postgres',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows[0];
  } finally {
    await client.end();
  }
}

const COPYING = "select pid from pg_stat_activity where query ilike 'copy public%'";

it('a restore succeeds in one try when nothing fails', async () => {
  expect(await restore()).toMatchObject({ code: 'good 400000', tries: 1 });
});

it.each([
  ['SIGKILL', 'ended', 'the scratch server exited with'],
  ['SIGTERM', 'told to end', 'PostgreSQL was told to end (SQLSTATE 57P01)'],
] as const)(
  'a backend that gets %s in the middle of COPY (%s) is trouble and no verdict',
  async (signal, _, said) => {
    const ending = await hitting(({ pid }) => process.kill(Number(pid), signal));
    expect(ending).toMatchObject({
      code: 'scratch-trouble',
      message: expect.stringContaining(said),
      tries: 1,
    });
  },
);

it('a server that is killed is trouble and no verdict', async () => {
  const ending = await hitting(() => {
    const [pid] = readFileSync(join(directory(), 'data', 'postmaster.pid'), 'utf8').split('\n');
    process.kill(Number(pid), 'SIGKILL');
  });
  expect(ending.code).toBe('scratch-trouble');
});

it('a pg_restore that is killed or cannot start is trouble and no verdict', async () => {
  const killed = programsWith('pg_restore', 'case "$*" in *--list*) exec "$REAL" "$@" ;; esac; kill -9 $$');
  expect(await restore({ bin: killed })).toMatchObject({
    code: 'scratch-trouble',
    message: expect.stringContaining('pg_restore was ended by SIGKILL'),
  });
  expect(await restore({ bin: programsWith('pg_restore') })).toMatchObject({
    code: 'scratch-trouble',
    message: expect.stringContaining('could not start'),
  });
});

it('an archive that is altered or removed on the disk is trouble and no verdict', async () => {
  for (const harm of ['printf x >>archive.dump', 'rm archive.dump']) {
    const bin = programsWith(
      'pg_restore',
      `${harm}; echo "pg_restore: error: could not read from input file" >&2; exit 1`,
    );
    expect(await restore({ bin })).toMatchObject({
      code: 'scratch-trouble',
      message: expect.stringMatching(/archive\.dump (changed|vanished)/),
      tries: 1,
    });
  }
});

it('a scratch directory that vanishes is trouble and no verdict', async () => {
  const ending = await hitting(() => rmSync(directory(), { recursive: true, force: true }));
  expect(ending.code).not.toMatch(/good|restore-failed/);
});

it('a vault whose stream fails or ends early is a failed fetch and no verdict', async () => {
  const half = taken.archive.subarray(0, taken.archive.length / 2);
  async function* breaking() {
    yield half;
    throw new Error('read ECONNRESET');
  }
  expect(await restore({ dump: async () => Readable.from(breaking()) })).toMatchObject({
    code: 'fetch-failed',
    message: expect.stringContaining('ECONNRESET'),
  });
  expect(await restore({ dump: async () => Readable.from([half]) })).toMatchObject({ code: 'fetch-failed' });
  const denied = () => Promise.reject(new Error('The security token included in the request is expired'));
  expect(await restore({ dump: denied })).toMatchObject({
    code: 'fetch-failed',
    message: expect.stringContaining('expired'),
  });
});

it('a question that a server does not answer is trouble and no verdict', async () => {
  const value = 'select pg_terminate_backend(pg_backend_pid())';
  const asSuperuser = await restore({ value });
  expect(asSuperuser).toMatchObject({ code: 'scratch-trouble' });
});

describe('a disk', () => {
  const mounted: string[] = [];
  afterEach(() => {
    for (const each of mounted.splice(0)) execFileSync('umount', ['-l', each]);
  });

  const canMount = process.getuid?.() === 0 && process.platform === 'linux';
  (canMount ? it : it.skip)('that fills up during a restore is trouble and no verdict', async () => {
    mkdirSync(base);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=140m,mode=0711', 'tmpfs', base]);
    mounted.push(base);
    const ending = await hitting(() => {
      const filler = join(base, 'filler');
      try {
        for (;;) appendFileSync(filler, Buffer.alloc(1 << 20));
      } catch {
        // Full.
      }
    });
    rmSync(join(base, 'filler'));
    expect(ending).toMatchObject({
      code: 'scratch-trouble',
      message: expect.stringMatching(/disk full|no room/),
      tries: 1,
    });
  });
});

describe('an error of pg_restore on a machine that is well', () => {
  const refuses = 'echo "pg_restore: error: could not execute query: ERROR:  no" >&2; exit 1';
  const list = 'case "$*" in *--list*) exec "$REAL" "$@" ;; esac';

  it('fails the restore when it comes twice', async () => {
    const ending = await restore({ bin: programsWith('pg_restore', `${list}; ${refuses}`) });
    expect(ending).toMatchObject({
      code: 'restore-failed',
      message: expect.stringContaining('failed twice'),
      tries: 2,
    });
  });

  it('fails nothing when the second try succeeds', async () => {
    const once = `${list}; [ -e "$ONCE" ] && exec "$REAL" "$@"; >"$ONCE"; ${refuses}`;
    expect(await restore({ bin: programsWith('pg_restore', once) })).toMatchObject({
      code: 'good 400000',
      tries: 2,
      phases: expect.arrayContaining(['again']),
    });
  });

  it('fails nothing when the second try, with one job, succeeds', async () => {
    const together = `${list}; case "$*" in *--jobs=1\\ *) exec "$REAL" "$@" ;; *--section=data*) ${refuses} ;; esac; exec "$REAL" "$@"`;
    expect(await restore({ bin: programsWith('pg_restore', together) })).toMatchObject({
      code: 'good 400000',
      tries: 2,
    });
  });

  it('fails the restore when there is no time for a second try, and says so', async () => {
    const bin = programsWith('pg_restore', `${list}; ${refuses}`);
    expect(await restore({ bin, secondsLeft: () => 40 })).toMatchObject({
      code: 'restore-failed',
      message: expect.stringContaining('no time for a second try'),
      tries: 1,
    });
  });
});
