import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Evidence } from '../../lib/domain/proof/evidence.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { planWith } from '../support/plan.ts';
import { createStage, type Stage } from '../support/stage.ts';
import { packaged, ROOT } from '../template/packaged.ts';
import { unzip } from '../template/zip.ts';

/** Runs one function from what is deployed, in a process of its own, as Lambda would. The last line is its answer. */
function invoke<T>(directory: string, name: string, event: unknown): T {
  const script = `
    const { handler } = require(${JSON.stringify(join(directory, 'handlers', `${name}.cjs`))});
    const end = Date.now() + 900000;
    handler(${JSON.stringify(event)}, { functionName: '${name}', awsRequestId: '1', getRemainingTimeInMillis: () => end - Date.now() })
      .then((answer) => console.log('ANSWER' + JSON.stringify(answer ?? null)), (error) => { console.error(error); process.exitCode = 1; });`;
  const ran = spawnSync(process.execPath, ['-e', script], {
    cwd: directory,
    encoding: 'utf8',
    env: { ...process.env, LAMBDA_TASK_ROOT: directory },
  });
  const answer = /^ANSWER(.*)$/m.exec(ran.stdout)?.[1];
  if (ran.status !== 0 || answer === undefined) throw new Error(`${name}: ${ran.stdout}${ran.stderr}`);
  return JSON.parse(answer) as T;
}

describe('the packaged functions', () => {
  let database: TestDatabase;
  let stage: Stage;
  let image: string;
  const zips = new Map<string, string>();

  beforeAll(async () => {
    database = await createDatabase(
      'create table leads (id int primary key, name text); insert into leads select i, md5(i::text) from generate_series(1, 500) i',
    );
    stage = await createStage(planWith());
    await stage.secret('crm', database.credentials);
    const { directory } = packaged();
    for (const name of ['dispatch', 'operator', 'watch', 'expire']) {
      const home = mkdtempSync(join(tmpdir(), `us-zip-${name}-`));
      for (const [file, text] of unzip(join(directory, `${name}.zip`))) {
        mkdirSync(dirname(join(home, file)), { recursive: true });
        writeFileSync(join(home, file), text);
      }
      zips.set(name, home);
    }
    image = mkdtempSync(join(tmpdir(), 'us-image-'));
    execFileSync(process.execPath, [join(ROOT, 'scripts/image/bundle.mjs'), image], { cwd: ROOT });
    writeFileSync(join(image, 'package.json'), '{}');
  });
  afterAll(() => database.drop());

  it('do a night: dispatch, dump, verify, scratch, expire, watch and status', async () => {
    const scheduledFor = '2026-11-20T01:00:00Z';
    expect(
      invoke(zips.get('dispatch')!, 'dispatch', { policy: 'production', job: 'dump', scheduledFor }),
    ).toEqual({ published: 1 });
    const queued = (message: object) => ({
      Records: [
        { body: JSON.stringify({ target: 'crm', scheduledFor, requestedBy: 'schedule', ...message }) },
      ],
    });
    const dumped = invoke<{ outcome: string; point: string }>(image, 'dump', queued({ job: 'dump' }));
    expect(dumped).toMatchObject({ outcome: 'done' });
    expect(invoke(image, 'verify', queued({ job: 'verify', point: dumped.point }))).toEqual([
      expect.objectContaining({ outcome: 'done', findings: [] }),
    ]);
    const [point] = invoke<object[]>(zips.get('operator')!, 'operator', { ask: 'points', target: 'crm' });
    expect(invoke<Evidence>(image, 'scratch', { point, simulation: false })).toMatchObject({
      proof: { equal: true, strength: 'exact' },
    });
    expect(invoke(zips.get('expire')!, 'expire', queued({ job: 'expire' }))).toMatchObject({
      outcome: 'done',
    });
    expect(invoke(zips.get('watch')!, 'watch', {})).toEqual({ findings: 0 });
    expect(
      invoke<{ targets: object[] }>(zips.get('operator')!, 'operator', { ask: 'status' }).targets,
    ).toEqual([expect.objectContaining({ target: 'crm', state: 'good' })]);
    expect(
      invoke<{ symptoms: { state: string }[] }>(image, 'doctor', { target: 'crm' }).symptoms.every(
        (symptom) => symptom.state === 'good',
      ),
    ).toBe(true);
  });

  it('answer a person’s mistake without failing', () => {
    expect(invoke(zips.get('operator')!, 'operator', { ask: 'points', target: 'nobody' })).toMatchObject({
      mistake: { message: expect.stringContaining('nobody') },
    });
  });
});
