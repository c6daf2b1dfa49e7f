import { join } from 'node:path';
import { codeOf } from '../../../domain/errors.ts';
import type { Inspection } from '../../../ports/database.ts';
import { childEnvironment, formatEnding, isVerdict, start } from './process.ts';
import { type Programs, readerFor } from './programs.ts';
import { drained, tocReader } from './toc.ts';

/**
 * Reads an archive as a stream: its table of contents, and for `full` every byte of every table, by a pg_restore
 * without output. (`--list` alone accepts an archive cut to 40%.) The stream is always read to its end, even after
 * the programs fail, so that a hash on the way covers all of it.
 */
export async function inspect(
  archive: AsyncIterable<Buffer>,
  programs: readonly Programs[],
  clientMajor: number,
  depth: 'readable' | 'full',
  signal: AbortSignal,
): Promise<Inspection> {
  const reader = readerFor(programs, clientMajor);
  const toc = tocReader(reader);
  const parser = depth === 'full' ? parseToNowhere(reader) : undefined;
  const kill = () => {
    toc.kill();
    parser?.kill();
  };
  signal.addEventListener('abort', kill, { once: true });
  try {
    for await (const chunk of archive) {
      signal.throwIfAborted();
      await Promise.all([toc.offer(chunk), parser?.offer(chunk)]);
    }
    await Promise.all([toc.offer(Buffer.alloc(0)), parser?.offer(Buffer.alloc(0))]);
    const parsed = await parser?.result;
    const listed = await toc.toc.then(
      (contents): Inspection => ({ toc: contents }),
      (error: Error): Inspection =>
        codeOf(error) === 'toc-unreadable' ? { problem: error.message } : { failure: error.message },
    );
    signal.throwIfAborted();
    return { ...listed, ...parsed };
  } finally {
    signal.removeEventListener('abort', kill);
    kill();
  }
}

function parseToNowhere(programs: Programs): {
  offer(chunk: Buffer): Promise<void>;
  result: Promise<Inspection>;
  kill(): void;
} {
  const { child, ended } = start(join(programs.bin, 'pg_restore'), ['--file=/dev/null'], childEnvironment(), {
    stdin: 'pipe',
  });
  const input = child.stdin!;
  let open = true;
  input.on('error', () => (open = false)).on('close', () => (open = false));
  child.stdout!.resume();
  return {
    result: ended.then((ending): Inspection => {
      if (ending.code === 0 && ending.stderr === '') return {};
      const said = formatEnding('pg_restore', ending);
      return isVerdict(ending) ? { problem: said } : { failure: said };
    }),
    async offer(chunk) {
      if (!open) return;
      if (chunk.length === 0) input.end();
      else if (!input.write(chunk)) await drained(input);
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
