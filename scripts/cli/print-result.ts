import { shortMoment } from '../../lib/domain/time.ts';
import type { ExitCode } from './exit-codes.ts';
import { columnsOf, fitLines, hasWidth } from './fit-lines.ts';

/** The result of a command: a document for machines, lines for people; `verbatim` ones are for a shell. */
export type CommandResult = { document: unknown; lines: string[]; exit: ExitCode; verbatim?: true };

/** Prints one JSON document or the lines on stdout. Everything else goes to stderr. */
export function printResult({ document, lines, verbatim }: CommandResult, json: boolean): void {
  const shown = verbatim ? lines : fitToStream(process.stdout, lines);
  process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : `${shown.join('\n')}\n`);
}

/** Breaks lines between words if the stream has a width. */
export function fitToStream(stream: NodeJS.WriteStream, lines: string[]): string[] {
  return hasWidth(stream) ? fitLines(lines, columnsOf(stream)) : lines;
}

/** `2026-11-20 01:00` of a UTC moment. */
export function shortUtc(moment: string | undefined): string {
  return moment ? shortMoment(moment) : '–';
}

/** `12.3 MB`. */
export function humanBytes(bytes: number | undefined): string {
  if (bytes === undefined) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
