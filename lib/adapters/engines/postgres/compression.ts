import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { UnderstudyError } from '../../../domain/errors.ts';
import type { Policy } from '../../../domain/plan/policy.ts';
import { childEnvironment } from './process.ts';
import type { Programs } from './programs.ts';

/**
 * The value of pg_dump's --compress. `auto` takes the first that this pg_dump supports: zstd (16 and newer; on 1.3 GB
 * 3.0 s against 6.4 s for gzip at its fastest, and smaller), gzip, none. Throws `compression-unknown` for a policy's
 * choice that it does not support.
 */
export function compressionFor(programs: Programs, wanted: Policy['dump']['compression']): string {
  if (wanted === 'none') return '0';
  if (programs.major < 16) {
    if (wanted === 'zstd') throw unknown(`pg_dump ${programs.version} has no zstd, which needs 16 or newer`);
    return '1';
  }
  const methods = wanted === 'auto' ? ['zstd', 'gzip'] : [wanted];
  const method = methods.find((each) => canCompress(programs, each));
  if (method) return `${method}:1`;
  if (wanted === 'auto') return '0';
  throw unknown(`pg_dump ${programs.version} was built without ${wanted}`);
}

/** A version does not tell what a program was built with. pg_dump checks that before it connects. */
function canCompress({ bin }: Programs, method: string): boolean {
  const { stderr } = spawnSync(
    join(bin, 'pg_dump'),
    ['--format=custom', `--compress=${method}:1`, '--dbname=host=/nonexistent'],
    { env: childEnvironment(), encoding: 'utf8' },
  );
  return !/compression/.test(stderr ?? '');
}

const unknown = (said: string) =>
  new UnderstudyError('compression-unknown', said, { hint: 'set dump.compression: auto in the policy' });
