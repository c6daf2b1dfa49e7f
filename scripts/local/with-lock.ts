import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UnderstudyError } from '../../lib/domain/errors.ts';
import { isAlive } from './local-state.ts';

/** Does what only one process at a time may do. Takes over the lock of a dead process. */
export async function withLock<T>(file: string, what: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  take(file, what);
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function take(file: string, what: string): void {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(readFileSync(file, 'utf8'));
    if (holder > 0 && isAlive(holder))
      throw new UnderstudyError('already-running', `${what} is running already, as process ${holder}`, {
        hint: `wait until it is done, or end it: kill ${holder}`,
      });
    rmSync(file, { force: true });
  }
  throw new UnderstudyError('already-running', `${what} is running already`, { hint: 'try again' });
}
