import { Readable } from 'node:stream';
import type { StoredObject } from '../../lib/domain/points/recovery-point.ts';
import { humanSeconds } from '../../lib/domain/time.ts';
import { many } from '../../lib/domain/words.ts';
import type { OnRead } from '../../lib/ports/database.ts';
import type { Log } from '../../lib/ports/messages.ts';
import type { Vault } from '../../lib/ports/vault.ts';
import { humanBytes } from './print-result.ts';

/** Progress of the work in this process, measured at its ports. */
type WorkProgress = {
  /** The next job begins; nothing is known of its usual time. */
  next(): void;
  onRead: OnRead;
  vault(vault: Vault): Vault;
  log(log: Log): Log;
  format(): string;
};

const PHASE = 'rehearsal: ';

/** `usual`: seconds that earlier runs took. */
export function workProgress(usual: number | undefined, now: () => number = Date.now): WorkProgress {
  let started = now();
  let expected = usual;
  let began = started;
  let phase: string | undefined;
  let bytes = 0;
  let ofBytes = 0;
  let tables = 0;
  let ofTables = 0;
  let rows = 0;
  const begin = () => {
    began = now();
    [bytes, ofBytes, tables, ofTables, rows] = [0, 0, 0, 0, 0];
  };
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      yield chunk;
    }
  };
  return {
    next() {
      begin();
      [started, expected, phase] = [now(), undefined, undefined];
    },
    onRead(read) {
      tables += read.tables;
      ofTables = read.of;
      rows += read.rows;
    },
    vault: (vault) => ({
      ...vault,
      stream: (chunks, options) => vault.stream(counted(chunks), options),
      async read(object, signal) {
        ofBytes += (object as Partial<StoredObject>).bytes ?? 0;
        const found = await vault.read(object, signal);
        return Readable.from(counted(found), { objectMode: false });
      },
    }),
    log: (log) => ({
      ...log,
      info(message, fields) {
        if (message.startsWith(PHASE)) {
          phase = message.slice(PHASE.length);
          begin();
        }
        log.info(message, fields);
      },
    }),
    format() {
      const seconds = (now() - began) / 1000;
      const elapsed = (now() - started) / 1000;
      const rate = bytes > 0 && seconds >= 1 ? `, ${humanBytes(bytes / seconds)}/s` : '';
      const total = ofBytes > 0 ? ` of ${humanBytes(ofBytes)}` : '';
      return [
        ...(phase ? [phase] : []),
        ...(ofTables > 0
          ? [`${tables} of ${many(ofTables, 'table')}${rows > 0 ? `, ${many(rows, 'row')}` : ''}`]
          : []),
        ...(bytes > 0 ? [`${humanBytes(bytes)}${total}${rate}`] : []),
        `${humanSeconds(Math.floor(elapsed))}${expected === undefined ? '' : ` of about ${humanSeconds(expected)}`}`,
      ].join('; ');
    },
  };
}
