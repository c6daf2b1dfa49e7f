import Table from 'cli-table3';
import colors from 'picocolors';
import type { ExitCode } from './exit.ts';

/** What a command has to show: a document for machines, lines for people. */
export type Answer = { document: unknown; lines: string[]; exit: ExitCode };

/** Machines get one JSON document on stdout; people get the lines. Everything else goes to stderr. */
export function show(answer: Answer, json: boolean): void {
  process.stdout.write(
    json ? `${JSON.stringify(answer.document, null, 2)}\n` : `${answer.lines.join('\n')}\n`,
  );
}

/** A table without borders, as wide as its words. */
export function table(head: string[], rows: string[][]): string[] {
  const blank = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  };
  const grid = new Table({
    head: head.map((word) => colors.dim(word)),
    chars: blank,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  grid.push(...rows);
  return grid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

export const good = (text: string) => colors.green(text);
export const bad = (text: string) => colors.red(text);
export const odd = (text: string) => colors.yellow(text);
export const faint = (text: string) => colors.dim(text);
export const strong = (text: string) => colors.bold(text);

/** `2026-11-20 01:00` of a UTC moment. */
export function shortUtc(moment: string | undefined): string {
  return moment ? moment.slice(0, 16).replace('T', ' ') : '–';
}

/** `12.3 MB`. */
export function humanBytes(bytes: number | undefined): string {
  if (bytes === undefined) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
