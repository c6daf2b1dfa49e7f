import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UnderstudyError } from '../../lib/domain/errors.ts';
import { ROOT } from './tools.ts';

const TEMPLATE = join(ROOT, '.serverless', 'cloudformation-template-update-stack.json');
const INPUTS = ['serverless.yml', 'understudy.yml', 'scripts/serverless', 'handlers', 'lib'].map((name) =>
  join(ROOT, name),
);

/** Packages the deployment if its inputs have changed since the last time. Returns the path of its template. */
export async function packageDeployment(show?: {
  say(text: string): void;
  live(text: string): void;
}): Promise<string> {
  if (existsSync(TEMPLATE) && newest(INPUTS) < statSync(TEMPLATE).mtimeMs) {
    show?.say('unchanged since it was packaged last');
    return TEMPLATE;
  }
  const bin = join(ROOT, 'node_modules', '.bin');
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
  // A group of its own: serverless leaves esbuild behind when it is ended alone.
  const packaging = spawn(join(bin, 'serverless'), ['package', '--param', 'image=prebuilt'], {
    cwd: ROOT,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [packaging.stdout, packaging.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const began = Date.now();
  const timer = setInterval(() => show?.live(formatStep(began, said)), 500);
  const endGroup = () => {
    try {
      process.kill(-packaging.pid!, 'SIGKILL');
    } catch {
      // It has already ended.
    }
  };
  process.once('exit', endGroup);
  const code = await new Promise<number | null>((resolve, reject) => {
    packaging.once('error', reject);
    packaging.once('close', resolve);
  }).finally(() => {
    clearInterval(timer);
    process.off('exit', endGroup);
  });
  if (code === 0) return TEMPLATE;
  throw new UnderstudyError('package-failed', `the deployment could not be packaged:\n${said}`);
}

/** The last line of serverless, and how many functions it has packaged. */
function formatStep(began: number, said: string): string {
  const [last = 'starting serverless'] = said.trimEnd().split('\n').filter(Boolean).slice(-1);
  const zips = existsSync(dirname(TEMPLATE)) ? readdirSync(dirname(TEMPLATE)) : [];
  const fresh = zips.filter(
    (name) => name.endsWith('.zip') && statSync(join(dirname(TEMPLATE), name)).mtimeMs >= began,
  );
  const count = fresh.length > 0 ? `; ${fresh.length} functions packaged` : '';
  return `${last.trim()}${count}; ${Math.round((Date.now() - began) / 1000)} s`;
}

function newest(paths: string[]): number {
  return Math.max(
    ...paths.map((path) => {
      const found = statSync(path);
      return found.isDirectory() ? newest(readdirSync(path).map((name) => join(path, name))) : found.mtimeMs;
    }),
  );
}
