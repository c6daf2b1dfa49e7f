import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as compose from '../../../lib/runtime/compose.ts';
import { watch } from '../../../lib/workflows/watch/watch.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { faultyS3 } from '../../support/faulty-s3.ts';
import { billed, deliver, lastPoint, lastRun, message, told } from '../../support/night.ts';
import { planWith } from '../../support/plan.ts';
import { createStage, type Stage } from '../../support/stage.ts';

/** A look of the watch so many minutes from now. */
function look(minutes: number) {
  const now = new Date(Date.now() + minutes * 60_000);
  const clock = { ...compose.clock, now: () => now };
  return watch({
    ...compose.platformDeps(),
    clock,
    scratch: compose.scratchInstances(),
    scratchSecrets: compose.scratchSecretStore(),
    secrets: compose.secrets(),
    vault: compose.vault(),
    schedules: compose.schedules(),
  });
}

/** The function as Lambda would run it, in a process of its own that can be killed. */
function startFunction(body: object, s3: string) {
  return fork(join(__dirname, '../../support/function.ts'), [JSON.stringify(body)], {
    execPath: process.execPath,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, AWS_ENDPOINT_URL_S3: s3 },
  });
}

describe('a dump whose function is killed in the middle of its upload', () => {
  let database: TestDatabase;
  let stage: Stage;
  const body = message('dump');

  beforeAll(async () => {
    database = await createDatabase(
      "create table leads (id int primary key, noise bytea); insert into leads select i, decode(string_agg(md5(random()::text), ''), 'hex') from generate_series(1, 2500) i, generate_series(1, 700) group by i",
    );
    stage = await createStage(planWith({ policy: 'dump: { compression: none }' }));
    await stage.secret('crm', database.credentials);
    // Its second part is never answered, so that the upload stays open for as long as the function lives.
    const s3 = await faultyS3(process.env['AWS_ENDPOINT_URL']!);
    s3.on((_method, url) => /partNumber=2/.test(url), 'hang');
    const child = startFunction(body, s3.endpoint);
    while (!(await billed()).join().includes('(open upload)')) {
      if (child.exitCode !== null) throw new Error(`the function ended with ${child.exitCode} too early`);
      await sleep(5);
    }
    child.kill('SIGKILL');
    await once(child, 'close');
    await s3.close();
  });
  afterAll(() => database.drop());

  it('leaves an open upload, and a claim because of which a second delivery is put back', async () => {
    expect(await billed()).toEqual([expect.stringContaining('(open upload)')]);
    expect(await deliver('dump', body)).toMatchObject({ outcome: 'held' });
    expect(await lastRun()).toMatchObject({ state: 'running', attempt: 1 });
  });

  it('is left alone by the watch while its claim may be alive', async () => {
    await look(0);
    expect(await lastRun()).toMatchObject({ state: 'running' });
    expect(await told(stage)).toEqual([]);
  });

  it('is ended by the watch when its claim is over: the upload is aborted, and one alert goes out', async () => {
    await look(4);
    expect(await billed()).toEqual([]);
    expect(await lastRun()).toMatchObject({ state: 'failed', error: { code: 'worker-died' } });
    expect(await lastPoint()).toMatchObject({ state: 'failed' });
    expect(await told(stage)).toEqual(['opened P1 job-failed dump']);
    await look(9);
    expect(await told(stage)).toEqual([]);
  });

  it('is done by a later delivery, which resolves the alarm', async () => {
    expect(await deliver('dump', body)).toMatchObject({ outcome: 'done' });
    expect(await told(stage)).toEqual(['resolved P1 job-failed dump']);
  });
});
