import * as compose from '../../../lib/runtime/compose.ts';
import { lambdaContext } from '../../../scripts/local/invoke-locally.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { type Fault, faultyS3 } from '../../support/faulty-s3.ts';
import { billed, deliver, lastPoint, lastRun, message, told, wipe } from '../../support/night.ts';
import { planWith } from '../../support/plan.ts';
import { engine } from '../../support/source.ts';
import { createStage, type Stage } from '../../support/stage.ts';

type Match = (method: string, url: string) => boolean;
const part: Match = (method, url) => method === 'PUT' && /partNumber=2/.test(url);
const completion: Match = (method, url) => method === 'POST' && /uploadId=/.test(url);
const manifest: Match = (method, url) => method === 'PUT' && /manifest\.json/.test(url);

/** On any failure of a dump: no object, no open upload, a failed run and point, one alert; and the next attempt is good. */
describe('a dump', () => {
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
    compose.forget();
  });
  afterAll(async () => {
    await s3.close();
    delete process.env['AWS_ENDPOINT_URL_S3'];
    await database.drop();
  });

  const dumped = (body = message('dump')) => deliver('dump', body);
  const leavesNothingBut = async (code: string) => {
    expect(await billed()).toEqual([]);
    expect(await lastRun()).toMatchObject({ state: 'failed', error: { code } });
    expect(await lastPoint()).toMatchObject({ state: 'failed' });
  };
  /** Ends the first session of which this is true, as soon as there is one. */
  const killSession = async (condition: string) => {
    const client = await database.connect();
    const kill = `select pg_terminate_backend(pid) from pg_stat_activity where ${condition} and datname = current_database()`;
    while (((await client.query(kill)).rowCount ?? 0) === 0);
    await client.end();
  };

  it('is uploaded in several parts, and leaves an archive, a manifest and roles', async () => {
    await dumped();
    expect((await lastPoint())?.dump?.bytes).toBeGreaterThan(16 * 1_048_576);
    const endings = (await billed()).map((key) => key.split('.').slice(1).join('.'));
    expect(endings).toEqual(['dump', 'manifest.json', 'roles.sql']);
  });

  it('leaves nothing but its failure when pg_dump is killed', async () => {
    // As long as S3 takes no part, pg_dump cannot come to its end.
    s3.on((_method, url) => /partNumber=/.test(url), 'hang');
    const killed = killSession("application_name like 'understudy %' and query like 'COPY %'");
    await expect(dumped()).rejects.toThrow(/pg_dump/);
    await killed;
    await leavesNothingBut('pg-dump-failed');
    expect(await told(stage)).toEqual(['opened P1 job-failed dump']);
  });

  it('leaves nothing but its failure when the connection that holds the snapshot is lost', async () => {
    const { hold } = engine();
    jest.spyOn(compose.engine('crm'), 'hold').mockImplementationOnce(async (...args) => {
      const held = await hold(...args);
      const content: typeof held.content = async (...asked) => {
        await killSession("application_name = 'understudy' and backend_xmin is not null");
        return held.content(...asked);
      };
      return { ...held, content };
    });
    await expect(dumped()).rejects.toThrow();
    expect(await billed()).toEqual([]);
    expect(await lastRun()).toMatchObject({ state: 'failed' });
  });

  it.each<[string, Match, Fault]>([
    ['S3 refuses a part', part, 'refuse'],
    ['S3 breaks on a part', part, 'break'],
    ['the connection to S3 drops in a part', part, 'drop'],
    ['S3 refuses to complete the upload', completion, 'refuse'],
  ])('leaves nothing but its failure when %s', async (_what, match, fault) => {
    s3.on(match, fault);
    await expect(dumped()).rejects.toThrow();
    await leavesNothingBut('unexpected');
  });

  it('leaves nothing but its failure when the function’s time is nearly over', async () => {
    const { handler } = await import('../../../handlers/dump.ts');
    // A store that is not well keeps it busy until then.
    s3.on(part, 'break');
    const late = handler(message('dump'), lambdaContext('dump', 31));
    await expect(late).rejects.toMatchObject({ code: 'out-of-time' });
    await leavesNothingBut('out-of-time');
  });

  it('leaves a failed point when its manifest cannot be written, whatever was uploaded', async () => {
    s3.on(manifest, 'refuse');
    await expect(dumped()).rejects.toThrow();
    expect(await lastPoint()).toMatchObject({ state: 'failed' });
    expect((await billed()).join()).not.toContain('manifest');
  });

  it('fails with a code of its own when S3 does not confirm that the upload was aborted', async () => {
    s3.on((method, url) => part(method, url) || method === 'DELETE', 'refuse');
    const code = 'upload-not-aborted';
    await expect(dumped()).rejects.toMatchObject({ code });
    const hint = expect.stringContaining('watch');
    expect(await lastRun()).toMatchObject({ state: 'failed', error: { code, hint } });
  });

  it('succeeds under other keys when its message is delivered again, and resolves its alarm', async () => {
    const body = message('dump');
    s3.on(part, 'refuse');
    await expect(dumped(body)).rejects.toThrow();
    s3.heal();
    await told(stage);
    const second = { outcome: 'done', point: expect.stringMatching(/-2$/) };
    expect(await dumped(body)).toMatchObject(second);
    expect(await told(stage)).toEqual(['resolved P1 job-failed dump']);
    expect(await dumped(body)).toMatchObject({ outcome: 'done-before' });
    const available = await compose.catalog().points('crm', { states: ['available'] });
    expect(available.filter(({ scheduledFor }) => scheduledFor === body.scheduledFor)).toHaveLength(1);
  });

  it('reads refused credentials once more, because the secret may have been rotated meanwhile', async () => {
    await database.sql(
      "do $$ begin create role rotating login in role pg_read_all_data; exception when duplicate_object then null; end $$; alter role rotating password 'new-password' ",
    );
    const rotating = (password: string) => ({ ...database.credentials, user: 'rotating', password });
    await stage.secret('crm', rotating('old-password'));
    const read = jest.spyOn(compose.secrets(), 'credentials').mockImplementationOnce(async () => {
      await stage.secret('crm', rotating('new-password'));
      return rotating('old-password');
    });
    expect(await dumped()).toMatchObject({ outcome: 'done' });
    expect(read).toHaveBeenCalledTimes(2);
    read.mockRestore();
    await stage.secret('crm', database.credentials);
  });
});
