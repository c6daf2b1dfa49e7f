import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compressionFor } from '../../../../../lib/adapters/engines/postgres/compression.ts';

/** A pg_dump that knows these methods of compression and reaches no server. */
function pgDump(major: number, ...methods: string[]) {
  const bin = mkdtempSync(join(tmpdir(), 'us-compression-'));
  writeFileSync(
    join(bin, 'pg_dump'),
    `#!/bin/sh
for each; do
  case $each in
    --compress=*) method=\${each#--compress=} method=\${method%%:*} ;;
  esac
done
case " ${methods.join(' ')} " in
  *" $method "*) echo 'pg_dump: error: connection to server on socket "/nonexistent/.s.PGSQL.5432" failed: No such file or directory' >&2 ;;
  *) echo "pg_dump: error: invalid compression specification: this build does not support compression with $method" >&2 ;;
esac
exit 1
`,
    { mode: 0o755 },
  );
  return { bin, version: `${major}.4`, major };
}

test.each([
  ['auto', 16, ['gzip', 'zstd'], 'zstd:1'],
  ['auto', 16, ['gzip'], 'gzip:1'],
  ['auto', 18, [], '0'],
  ['zstd', 17, ['gzip', 'zstd'], 'zstd:1'],
  ['gzip', 17, ['gzip', 'zstd'], 'gzip:1'],
  ['none', 17, ['gzip', 'zstd'], '0'],
  ['auto', 15, [], '1'],
  ['gzip', 15, [], '1'],
  ['none', 15, [], '0'],
] as const)(
  'for dump.compression %s and a pg_dump %s built with %j, --compress is %s',
  (wanted, major, methods, option) => {
    expect(compressionFor(pgDump(major, ...methods), wanted)).toBe(option);
  },
);

test.each([
  ['zstd', 17, ['gzip'], 'built without zstd'],
  ['gzip', 17, [], 'built without gzip'],
  ['zstd', 15, [], '15'],
] as const)(
  'dump.compression %s is refused for a pg_dump %s built with %j',
  (wanted, major, methods, said) => {
    expect(() => compressionFor(pgDump(major, ...methods), wanted)).toThrow(
      expect.objectContaining({
        code: 'compression-unknown',
        message: expect.stringContaining(said),
        hint: expect.stringContaining('dump.compression: auto'),
      }),
    );
  },
);
