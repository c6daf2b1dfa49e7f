import { catalog, forget } from '../../../lib/runtime/compose.ts';
import { lambdaContext } from '../../../scripts/local/invoke-locally.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { type Fault, faultyS3 } from '../../support/faulty-s3.ts';
import { billed, deliver, lastPoint, lastRun, message, told, wipe } from '../../support/night.ts';
import { planWith } from '../../support/plan.ts';
import { createStage, type Stage } from '../../support/stage.ts';

/** On any failure of a dump: no object, no open upload, a failed run and point, one alert; and the next attempt is good. */
describe('a dump that fails on its way', () => {
  let database: TestDatabase;
  let stage: Stage;
  let s3: Awaited<ReturnType<typeof faultyS3>>;

  beforeAll(async () => {
    // Incompressible, so that the upload has several parts and can be met in their midst.
    database = await createDatabase(
      "create table leads (id int primary key, noise bytea); insert into leads select i, decode(string_agg(md5(random()::text), ''), 'hex') from generate_series(1, 2500) i, generate_series(1, 800) group by i",
    );
    stage = await createStage(planWith({ policy: 'dump: { compression: none }' }));
    s3 = await faultyS3(process.env['AWS_ENDPOINT_URL']!);
    process.env['AWS_ENDPOINT_URL_S3'] = s3.endpoint;
    await stage.secret('crm', database.credentials);
  });
  beforeEach(async () => {
    s3.heal();
    await wipe();
    await told(stage);
    forget();
  });
  afterAll(async () => {
    await s3.close();
    delete process.env['AWS_ENDPOINT_URL_S3'];
    await database.drop();
  });

  const leavesNothingBut = async (code: string) => {
    expect(await billed()).toEqual([]);
    expect(await lastRun()).toMatchObject({ state: 'failed', error: { code } });
    expect(await lastPoint()).toMatchObject({ state: 'failed' });
  };

  it('is good when nothing fails, in several parts', async () => {
    await deliver('dump', message('dump'));
    expect((await lastPoint())?.dump?.bytes).toBeGreaterThan(16 * 1_048_576);
    expect((await billed()).map((key) => key.split('.').slice(1).join('.'))).toEqual([
      'dump',
      'manifest.json',
      'roles.sql',
    ]);
  });

  it('because pg_dump is killed', async () => {
    const killer = database.connect().then(async (client) => {
      for (let killed = 0; killed === 0; )
        killed =
          (
            await client.query(
              "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'understudy %' and query like 'COPY %' and datname = current_database()",
            )
          ).rowCount ?? 0;
      await client.end();
    });
    await expect(deliver('dump', message('dump'))).rejects.toThrow(/pg_dump/);
    await killer;
    await leavesNothingBut('pg-dump-failed');
    expect(await told(stage)).toEqual(['opened P1 job-failed dump']);
  });

  it('because the connection that holds the snapshot is lost', async () => {
    const killer = database.connect().then(async (client) => {
      for (let killed = 0; killed === 0; )
        killed =
          (
            await client.query(
              "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'understudy' and backend_xmin is not null and query like '%hashtextextended%' and datname = current_database()",
            )
          ).rowCount ?? 0;
      await client.end();
    });
    await expect(deliver('dump', message('dump'))).rejects.toThrow();
    await killer;
    expect(await billed()).toEqual([]);
    expect(await lastRun()).toMatchObject({ state: 'failed' });
  });

  const part = (method: string, url: string) => method === 'PUT' && /partNumber=2/.test(url);
  const completion = (method: string, url: string) => method === 'POST' && /uploadId=/.test(url);
  const manifest = (method: string, url: string) => method === 'PUT' && /manifest\.json/.test(url);

  it.each<[string, (method: string, url: string) => boolean, Fault]>([
    ['S3 refuses a part', part, 'refuse'],
    ['S3 breaks on a part', part, 'break'],
    ['the connection to S3 drops in a part', part, 'drop'],
    ['S3 refuses to complete the upload', completion, 'refuse'],
  ])('because %s', async (_, match, fault) => {
    s3.on(match, fault);
    await expect(deliver('dump', message('dump'))).rejects.toThrow();
    await leavesNothingBut('unexpected');
  });

  it('because the manifest cannot be written: then there is no recovery point, whatever was uploaded', async () => {
    s3.on(manifest, 'refuse');
    await expect(deliver('dump', message('dump'))).rejects.toThrow();
    expect(await lastPoint()).toMatchObject({ state: 'failed' });
    expect(await billed()).not.toContainEqual(expect.stringContaining('manifest'));
  });

  it('because the function’s time is nearly over', async () => {
    const { handler } = await import('../../../handlers/dump.ts');
    // A store that is not well keeps it busy until then.
    s3.on(part, 'break');
    await expect(handler(message('dump'), lambdaContext('dump', 31))).rejects.toMatchObject({
      code: 'out-of-time',
    });
    await leavesNothingBut('out-of-time');
  });

  it('says an abort that could not be confirmed', async () => {
    s3.on((method, url) => part(method, url) || method === 'DELETE', 'refuse');
    await expect(deliver('dump', message('dump'))).rejects.toMatchObject({ code: 'upload-not-aborted' });
    expect(await lastRun()).toMatchObject({
      state: 'failed',
      error: { code: 'upload-not-aborted', hint: expect.stringContaining('watch') },
    });
  });

  it('is done again by the next delivery of the same message, under keys of its own, and takes the alarm back', async () => {
    const body = message('dump');
    s3.on(part, 'refuse');
    await expect(deliver('dump', body)).rejects.toThrow();
    s3.heal();
    await told(stage);
    expect(await deliver('dump', body)).toMatchObject({
      outcome: 'done',
      point: expect.stringMatching(/-2$/),
    });
    expect(await told(stage)).toEqual(['resolved P1 job-failed dump']);
    expect(await deliver('dump', body)).toMatchObject({ outcome: 'done-before' });
    expect(
      (await catalog().points('crm', { states: ['available'] })).filter(
        (point) => point.scheduledFor === body.scheduledFor,
      ),
    ).toHaveLength(1);
  });

  it('reads its credentials once more when they are refused, because they were rotated meanwhile', async () => {
    await database.sql(
      "do $$ begin create role rotating login in role pg_read_all_data; exception when duplicate_object then null; end $$; alter role rotating password 'new-password' ",
    );
    await stage.secret('crm', { ...database.credentials, user: 'rotating', password: 'old-password' });
    const { secrets } = await import('../../../lib/runtime/compose.ts');
    const read = jest.spyOn(secrets(), 'credentials').mockImplementationOnce(async () => {
      await stage.secret('crm', { ...database.credentials, user: 'rotating', password: 'new-password' });
      return { ...database.credentials, user: 'rotating', password: 'old-password' };
    });
    expect(await deliver('dump', message('dump'))).toMatchObject({ outcome: 'done' });
    expect(read).toHaveBeenCalledTimes(2);
    read.mockRestore();
    await stage.secret('crm', database.credentials);
  });
});
