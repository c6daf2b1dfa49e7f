import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  makeRunDirectory,
  sweepRunDirectories,
} from '../../lib/adapters/engines/postgres/scratch-directory.ts';
import { isAlive } from '../../scripts/local/local-state.ts';
import { ROOT } from '../../scripts/local/tools.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Taken, take } from '../support/source.ts';
import { newBase, requestOf, scratchIn } from './support/scratch.ts';

let base: string;
beforeEach(() => {
  base = newBase();
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe('two rehearsals on one machine', () => {
  let database: TestDatabase;
  let taken: Taken;
  beforeAll(async () => {
    database = await createDatabase('create table t (x int); insert into t values (1)');
    taken = await take(database.credentials);
  });
  afterAll(() => database.drop());

  it('leave each other’s copies alone, and leave nothing', async () => {
    const seen: string[] = [];
    await scratchIn(base).withCopy(requestOf(taken), async (first) => {
      // A second one begins and ends while the first holds its copy.
      expect(await scratchIn(base).refusal(taken.manifest)).toBeUndefined();
      await scratchIn(base).withCopy(requestOf(taken), async (second) => {
        seen.push((await second.value('select x from public.t'))!);
        expect(readdirSync(base)).toHaveLength(2);
      });
      seen.push((await first.value('select x from public.t'))!);
    });
    expect(seen).toEqual(['1', '1']);
    expect(readdirSync(base)).toEqual([]);
  });
});

describe('the directory of a scratch server', () => {
  const owners: ChildProcess[] = [];
  afterEach(async () => {
    for (const owner of owners.splice(0)) {
      if (owner.kill('SIGKILL')) await once(owner, 'close');
    }
    await sweepRunDirectories(base);
  });
  /** The system forgets an orphan a moment after its end. */
  const ended = async (pid: number) => {
    while (isAlive(pid)) await sleep(50);
  };

  /** Another process with a scratch server of its own. */
  async function anotherRun(): Promise<{ owner: ChildProcess; path: string; server: number }> {
    const node = join(ROOT, 'node_modules', '.bin', 'node');
    const script = join(ROOT, 'test/support/abandoned-scratch.ts');
    const owner = spawn(node, [script, base], { stdio: ['ignore', 'pipe', 'inherit'] });
    owners.push(owner);
    const [line] = (await once(owner.stdout!, 'data')) as [Buffer];
    const path = line.toString().trim();
    const pid = readFileSync(join(path, 'data', 'postmaster.pid'), 'utf8').split('\n')[0];
    return { owner, path, server: Number(pid) };
  }

  it('is left alone while its process lives', async () => {
    const { path, server } = await anotherRun();
    await sweepRunDirectories(base);
    expect([existsSync(join(path, 'data', 'PG_VERSION')), isAlive(server)]).toEqual([true, true]);
  });

  it('is swept with its server when its process has died', async () => {
    const { owner, path, server } = await anotherRun();
    owner.kill('SIGKILL');
    await once(owner, 'close');
    expect(isAlive(server)).toBe(true);
    await sweepRunDirectories(base);
    expect(existsSync(path)).toBe(false);
    await ended(server);
  });

  it('is swept although another process has the number of its server', async () => {
    const { path, release } = await makeRunDirectory(base);
    await release();
    mkdirSync(join(path, 'data'), { recursive: true });
    const bystander = spawn('sleep', ['300'], { cwd: tmpdir() });
    owners.push(bystander);
    writeFileSync(join(path, 'data', 'postmaster.pid'), `${bystander.pid}\n${path}/data\n`);
    await sweepRunDirectories(base);
    expect([existsSync(path), bystander.exitCode, bystander.signalCode]).toEqual([false, null, null]);
  });

  it('is swept before it is locked only when it is old', async () => {
    const young = join(base, 'us-run-00000001.new');
    const old = join(base, 'us-run-00000002.new');
    for (const path of [young, old]) mkdirSync(path, { recursive: true });
    utimesSync(old, new Date(0), new Date(0));
    await sweepRunDirectories(base);
    expect(readdirSync(base)).toEqual(['us-run-00000001.new']);
  });

  it('is swept, and no other file beside it', async () => {
    mkdirSync(join(base, 'data'), { recursive: true });
    writeFileSync(join(base, 'us-run-notes'), '');
    await sweepRunDirectories(base);
    expect(readdirSync(base).sort()).toEqual(['data', 'us-run-notes']);
  });

  it('is refused where its path is too long for a socket, with what to set', async () => {
    base = join(base, 'x'.repeat(80));
    await expect(makeRunDirectory(base)).rejects.toMatchObject({
      code: 'scratch-failed',
      message: expect.stringContaining('too long'),
      hint: expect.stringContaining('UNDERSTUDY_SCRATCH_DIRECTORY'),
    });
  });
});
