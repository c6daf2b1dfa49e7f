import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UnderstudyError } from '../../lib/domain/errors.ts';
import { ROOT } from './tools.ts';

const TEMPLATE = join(ROOT, '.serverless', 'cloudformation-template-update-stack.json');
const INPUTS = ['serverless.yml', 'understudy.yml', 'scripts/serverless', 'handlers', 'lib'].map((name) =>
  join(ROOT, name),
);

/** Packages the deployment unless that was done since anything it is made from changed. The path of its template. */
export function packageDeployment(): string {
  if (existsSync(TEMPLATE) && newest(INPUTS) < statSync(TEMPLATE).mtimeMs) return TEMPLATE;
  const bin = join(ROOT, 'node_modules', '.bin');
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
  const run = spawnSync(join(bin, 'serverless'), ['package', '--param', 'image=prebuilt'], {
    cwd: ROOT,
    encoding: 'utf8',
    env,
  });
  if (run.status === 0) return TEMPLATE;
  throw new UnderstudyError(
    'package-failed',
    `the deployment could not be packaged:\n${run.stdout}${run.stderr}`,
  );
}

function newest(paths: string[]): number {
  return Math.max(
    ...paths.map((path) => {
      const found = statSync(path);
      return found.isDirectory() ? newest(readdirSync(path).map((name) => join(path, name))) : found.mtimeMs;
    }),
  );
}
