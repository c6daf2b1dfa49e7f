import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

const ROWS_A_STATEMENT = 500;
const BYTES_A_STATEMENT = 1 << 20;

/**
 * A file of plain SQL, written as it grows. Each statement ends with a line that is only a semicolon, and no value
 * contains a line break, so that the file can be read statement by statement.
 */
export type SqlFile = {
  statement(sql: string): Promise<void>;
  /** One row of the INSERT that begins with `into`; rows of the same INSERT are written together. */
  row(into: string, row: string): Promise<void>;
  close(): Promise<void>;
};

/** `comment`: the lines at its head. */
export function openSqlFile(path: string, comment: readonly string[]): SqlFile {
  const file = createWriteStream(path, { mode: 0o600, flags: 'wx' });
  // An error is reported by the next write.
  file.on('error', () => undefined);
  const waiting = new Map<string, { rows: string[]; bytes: number }>();
  const head = write(file, comment.map((line) => `-- ${line.replaceAll(/\s+/g, ' ')}\n`).join(''));
  const flush = async (into: string) => {
    const { rows } = waiting.get(into)!;
    waiting.delete(into);
    await write(file, `${into}\n${rows.join(',\n')}\n;\n`);
  };
  const flushAll = async () => {
    await head;
    for (const into of [...waiting.keys()]) await flush(into);
  };
  return {
    async statement(sql) {
      await flushAll();
      await write(file, `${sql}\n;\n`);
    },
    async row(into, row) {
      const kept = waiting.get(into) ?? { rows: [], bytes: 0 };
      kept.rows.push(row);
      kept.bytes += row.length;
      waiting.set(into, kept);
      if (kept.rows.length < ROWS_A_STATEMENT && kept.bytes < BYTES_A_STATEMENT) return;
      await head;
      await flush(into);
    },
    async close() {
      await flushAll();
      file.end();
      await finished(file);
    },
  };
}

function write(file: WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    file.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
