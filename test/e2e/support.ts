import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../scripts/local/tools.ts';
import type { Stage } from '../support/stage.ts';

/** Writes a configuration into a directory of its own. */
export function written(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'us-cli-')), 'understudy.yml');
  writeFileSync(file, text);
  return file;
}

/** The sample's policies with these targets, each with the secret of the stage that it names. */
export function configOf(stage: Stage, targets: Record<string, string>): string {
  const [policies] = readFileSync(join(ROOT, 'understudy.yml'), 'utf8').split('\ntargets:');
  const lines = Object.entries(targets).map(
    ([id, secret]) => `  ${id}: { policy: production, connection: { secret: ${stage.name}/${secret} } }\n`,
  );
  return written(`${policies}\ntargets:\n${lines.join('')}`);
}

const how = (environment: NodeJS.ProcessEnv) => ({
  cwd: ROOT,
  // Without the colours that a CI asks for.
  env: { ...process.env, NO_COLOR: '1', ...environment },
});

/** A program as a person runs it, to its end. */
export function run(program: string, args: string[], environment = {}) {
  return spawnSync(program, args, { encoding: 'utf8', ...how(environment) });
}

export type Begun = { child: ChildProcess; shown(): string; ended: Promise<number> };

/** A program that goes on while the test does: what it has shown, and its exit code in the end. */
export function begin(program: string, args: string[], environment = {}): Begun {
  const child = spawn(program, args, how(environment));
  let shown = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (shown += text));
  return { child, shown: () => shown, ended: once(child, 'close').then(([code]) => code as number) };
}

/** Waits for something that a program does; fails when it ends before. */
export async function untilIt({ child, shown }: Begun, does: () => Promise<boolean> | boolean) {
  while (!(await does())) {
    if (child.exitCode !== null) throw new Error(`it ended too early: ${shown()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export const UNDERSTUDY = join(ROOT, 'understudy');
