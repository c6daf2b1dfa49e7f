import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BIN } from './source.ts';

/**
 * A directory with PostgreSQL's programs, of which one is a shell script of the test's own (or missing). In the script
 * `$REAL` is the real program, and `$ONCE` a file that is not there at first.
 */
export function programsWith(name: string, script?: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'us-bin-'));
  // PostgreSQL's account, where this is root, runs them and writes beside them.
  chmodSync(directory, 0o777);
  for (const each of readdirSync(BIN())) symlinkSync(join(BIN(), each), join(directory, each));
  const program = join(directory, name);
  if (!existsSync(program)) throw new Error(`there is no ${name} in ${BIN()}`);
  rmSync(program);
  if (script === undefined) return directory;
  writeFileSync(
    program,
    `#!/bin/sh\nREAL='${join(BIN(), name)}'\nONCE='${join(directory, 'once')}'\n${script}\n`,
  );
  chmodSync(program, 0o755);
  return directory;
}
