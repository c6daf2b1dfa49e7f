import { humanSeconds } from '../../lib/domain/time.ts';
import { many } from '../../lib/domain/words.ts';
import type { Arrived, OntoRequest } from '../../lib/ports/destination.ts';
import { estimateLeft, type Rehearsed } from './estimate-left.ts';
import { humanBytes } from './print-result.ts';
import type { ProgressLine } from './renderer.ts';

type OntoProgress = Pick<OntoRequest, 'phase' | 'onRead'> & {
  onArrived: (seen: Arrived) => void;
  /** The line as it is now. */
  format(): string;
};

/** The progress of a restore into a database: its phase, what has arrived, and how long is left. */
export function ontoProgress(
  say: ProgressLine['say'],
  rehearsed: Rehearsed | undefined,
  now: () => number = Date.now,
): OntoProgress {
  let phase = '';
  let since = now();
  let read = { tables: 0, rows: 0, of: 0 };
  let arrived: Arrived | undefined;
  const seconds = () => (now() - since) / 1000;
  return {
    phase(name) {
      if (phase !== '') say(`${phase} took ${humanSeconds(seconds())}`);
      [phase, since, arrived] = [name, now(), undefined];
      read = { tables: 0, rows: 0, of: 0 };
    },
    onRead(more) {
      read = { tables: read.tables + more.tables, rows: read.rows + more.rows, of: more.of };
    },
    onArrived(seen) {
      arrived = seen;
    },
    format() {
      const rows = arrived?.rows ?? read.rows;
      const ofRows = arrived?.ofRows;
      const left =
        phase === 'restore' || phase === 'proof'
          ? estimateLeft({ phase, seconds: seconds(), part: partOf(phase, read, arrived) }, rehearsed)
          : undefined;
      const tables = `${read.tables} of ${many(read.of, 'table')}`;
      return [
        phase,
        ...(read.of > 0 ? [rows > 0 ? `${tables}, ${rowsOf(rows, ofRows)}` : tables] : []),
        ...(arrived && arrived.indexes > 0
          ? [`${arrived.indexes} of ${many(arrived.ofIndexes, 'index', 'indexes')}`]
          : []),
        ...(arrived && arrived.bytes > 0 ? [humanBytes(arrived.bytes)] : []),
        humanSeconds(Math.floor(seconds())),
        ...(left === undefined ? [] : [left]),
      ].join('; ');
    },
  };
}

const rowsOf = (rows: number, of: number | undefined) =>
  of === undefined ? many(rows, 'row') : `${Math.min(rows, of).toLocaleString('en')} of ${many(of, 'row')}`;

/** By rows while they arrive; a proof by tables, because it does not know their rows before. */
function partOf(
  phase: 'restore' | 'proof',
  read: { tables: number; of: number },
  arrived: { rows: number; ofRows?: number | undefined } | undefined,
): number | undefined {
  if (phase === 'proof') return read.of > 0 ? read.tables / read.of : undefined;
  return arrived?.ofRows ? arrived.rows / arrived.ofRows : undefined;
}
