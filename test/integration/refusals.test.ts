import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refusePoolerHost } from '../../lib/adapters/engines/postgres/pooler.ts';
import { identifier } from '../../lib/adapters/engines/postgres/sql.ts';
import { Refusal } from '../../lib/domain/errors.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { billed, deliver, lastPoint, lastRun, message, told, wipe } from '../support/night.ts';
import { planWith } from '../support/plan.ts';
import { startPooler } from '../support/pooler.ts';
import { engine, never, policyWith, take } from '../support/source.ts';
import { createStage, type Stage } from '../support/stage.ts';

/** A source that may not be dumped is refused before a byte is uploaded, and leaves a failed run and an alert. */
describe('a dump is refused', () => {
  let database: TestDatabase;
  let stage: Stage;

  beforeAll(async () => {
    database = await createDatabase(
      'create table leads (id int primary key, secret text); insert into leads select i, i::text from generate_series(1, 100) i; create table hidden (id int); insert into hidden values (1)',
    );
    await database.sql("create role reader login password 'read-only'");
    stage = await createStage(planWith({ policy: 'dump: { lockTimeout: 1s }' }));
  });
  beforeEach(async () => {
    await stage.secret('crm', database.credentials);
    await told(stage);
  });
  afterAll(async () => {
    await database.sql('drop owned by reader; drop role reader');
    await database.drop();
  });

  const refused = async (code: string, mention: string) => {
    const outcome = await deliver<{ outcome: string; code: string; summary: string; hint: string }>(
      'dump',
      message('dump'),
    );
    expect(outcome).toMatchObject({ outcome: 'refused', code });
    expect(outcome.summary).toContain(mention);
    expect(outcome.hint).toEqual(expect.any(String));
    expect(outcome.hint).not.toContain('`./understudy doctor`');
    expect(await billed()).toEqual([]);
    expect(await lastRun()).toMatchObject({ state: 'failed', error: { code } });
    expect(await lastPoint()).toMatchObject({ state: 'failed' });
    return told(stage);
  };

  it('when it goes through a transaction pooler', async () => {
    const pooler = await startPooler(database.credentials, 'transaction');
    try {
      await stage.secret('crm', { ...database.credentials, port: pooler.port });
      expect(await refused('pooler-refused', 'transaction pooler')).toEqual(['opened P1 job-failed dump']);
    } finally {
      await pooler.stop();
    }
  });

  it('when its host has the name of a pooler, naming the direct host', () => {
    const host = 'ep-cool-1234-pooler.eu-central-1.aws.neon.tech';
    const hint = expect.stringContaining('ep-cool-1234.eu-central-1');
    expect(() => refusePoolerHost({ ...database.credentials, host })).toThrow(
      expect.objectContaining({ code: 'pooler-refused', hint }),
    );
  });

  it('but not when it goes through a session pooler', async () => {
    const pooler = await startPooler(database.credentials, 'session');
    try {
      await stage.secret('crm', { ...database.credentials, port: pooler.port });
      expect(await deliver('dump', message('dump'))).toMatchObject({ outcome: 'done' });
    } finally {
      await pooler.stop();
    }
    await wipe();
  });

  it('when its role cannot read a table, naming the table', async () => {
    await database.sql('grant select on leads to reader');
    await stage.secret('crm', { ...database.credentials, user: 'reader', password: 'read-only' });
    await refused('tables-unreadable', 'public.hidden');
  });

  it('when row-level security hides rows from its role', async () => {
    await database.sql('grant pg_read_all_data to reader; alter table hidden enable row level security');
    await stage.secret('crm', { ...database.credentials, user: 'reader', password: 'read-only' });
    await refused('rows-hidden', 'public.hidden');
    await database.sql('alter table hidden disable row level security');
  });

  it('when a table is locked for longer than the policy waits', async () => {
    const migration = await database.connect();
    await migration.query('begin; lock table leads in access exclusive mode');
    try {
      await refused('lock-timeout', 'lock a table');
      const hint = expect.stringContaining('`./understudy doctor crm`');
      expect(await lastRun()).toMatchObject({ error: { hint } });
    } finally {
      await migration.end();
    }
  });

  it.each([
    ['older than the server', '14.9', 'client-too-old'],
    ['of a newer major', '99.1', 'client-other-major'],
  ])('when the only pg_dump is %s', async (_, version, code) => {
    const refusal = engine(pretending(version)).hold(database.credentials, policyWith(), never());
    await expect(refusal).rejects.toMatchObject({
      code,
      message: expect.stringContaining(version),
      hint: expect.any(String),
    });
    await expect(refusal).rejects.toBeInstanceOf(Refusal);
  });

  it('when its credentials are wrong, without showing them', async () => {
    await stage.secret('crm', { ...database.credentials, password: 'quite-wrong-password' });
    await refused('credentials-refused', 'refused the credentials');
    expect(JSON.stringify(await lastRun())).not.toContain('quite-wrong-password');
  });
});

test.each(['a=b', 'host=evil', "it's = \\'odd\\", 'dbname = postgres'])(
  'a database called %j is dumped with its roles',
  async (name) => {
    const any = await createDatabase();
    await any.sql(`create database ${identifier(name)}`);
    const { roles, manifest } = await take({ ...any.credentials, database: name });
    expect(String(roles)).toContain('CREATE ROLE');
    expect(manifest.source.database).toBe(name);
    await any.sql(`drop database ${identifier(name)}`);
    await any.drop();
  },
);

/** A directory with a pg_dump of that version. */
function pretending(version: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'us-bin-'));
  writeFileSync(join(directory, 'pg_dump'), `#!/bin/sh\necho "pg_dump (PostgreSQL) ${version}"\n`);
  chmodSync(join(directory, 'pg_dump'), 0o755);
  return directory;
}
