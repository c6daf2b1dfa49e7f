import pc from 'picocolors';
import { columnsOf, padTo, widthOf, wrap } from './fit-lines.ts';

/** A cell; the parts of a list are in one line if there is room, else in several. */
export type Cell = string | readonly string[];

export type TableColumn = {
  title: string;
  /** Left out if there is no room, the highest first. */
  optional?: number;
  /** Sentences: they fill the rest of the line, or go below it. The last column only. */
  prose?: true;
};

const GAP = 2;
const INDENT = '  ';
/** The narrowest readable column of sentences. */
const NARROWEST_PROSE = 36;

/**
 * Rows as a table without borders. If the width is too small, lists in cells go into several lines; then optional
 * columns are left out, with a note; then each row becomes a block with all of its columns.
 */
export function formatTable(
  columns: readonly (TableColumn | string)[],
  rows: readonly (readonly Cell[])[],
  width = columnsOf(process.stdout),
): string[] {
  const all = columns.map((column) => (typeof column === 'string' ? { title: column } : column));
  // A column that is empty in every row needs no room.
  const used = all.filter(
    ({ optional }, index) => !optional || rows.some((row) => !['', '–'].includes(textOf(row[index] ?? ''))),
  );
  for (let shown = used; ; shown = without(shown)) {
    const cells = rows.map((row) => shown.map((column) => row[all.indexOf(column)] ?? ''));
    const sizes = sized(shown, cells, width);
    if (sizes) return [...asTable(shown, cells, sizes, width), ...formatMissing(used, shown)];
    if (!shown.some(({ optional }) => optional)) return asBlocks(all, rows, width);
  }
}

/** Removes the most optional column. */
function without(columns: TableColumn[]): TableColumn[] {
  const most = Math.max(...columns.map(({ optional = 0 }) => optional));
  return columns.filter(({ optional }) => optional !== most);
}

/** Each column's width, and whether its lists go into several lines; undefined where they do not fit. */
function sized(
  columns: TableColumn[],
  cells: Cell[][],
  width: number,
): { widths: number[]; below: boolean[] } | undefined {
  const fixed = columns.filter(({ prose }) => !prose);
  const of = (index: number, isBelow: boolean) =>
    Math.max(
      widthOf(columns[index]!.title),
      ...cells.map((row) => Math.max(...linesOf(row[index]!, isBelow).map(widthOf))),
    );
  const below = fixed.map(() => false);
  for (;;) {
    const widths = fixed.map((_, index) => of(index, below[index]!));
    if (sum(widths) + GAP * (fixed.length - 1) <= width) return { widths, below };
    const saved = widths.map((now, index) => (below[index] ? 0 : now - of(index, true)));
    const most = Math.max(...saved);
    if (most <= 0) return undefined;
    below[saved.indexOf(most)] = true;
  }
}

function asTable(
  columns: TableColumn[],
  cells: Cell[][],
  { widths, below }: { widths: number[]; below: boolean[] },
  width: number,
): string[] {
  const prose = columns.length > widths.length;
  const left = width - sum(widths) - GAP * widths.length;
  const beside = prose && left >= NARROWEST_PROSE;
  const head = columns.slice(0, widths.length + (beside ? 1 : 0)).map(({ title }) => pc.dim(title));
  const lines = cells.flatMap((row) => {
    const parts = widths.map((_, index) => linesOf(row[index]!, below[index]!));
    const said = prose ? textOf(row.at(-1)!) : '';
    if (beside) return rowOf([...parts, wrap(said, left)], widths);
    const under = said === '' ? [] : wrap(said, width - INDENT.length).map((line) => INDENT + line);
    return [...rowOf(parts, widths), ...under];
  });
  return [
    ...rowOf(
      head.map((title) => [title]),
      widths,
    ),
    ...lines,
  ];
}

/** As many lines as the longest cell has. */
function rowOf(parts: string[][], widths: number[]): string[] {
  const height = Math.max(...parts.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    parts
      .map((lines, index) => padTo(lines[line] ?? '', widths[index] ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
}

/** One block for each record: its first column is the heading. */
function asBlocks(columns: TableColumn[], rows: readonly (readonly Cell[])[], width: number): string[] {
  return rows.flatMap((row, index) => [
    ...(index === 0 ? [] : ['']),
    textOf(row[0]!),
    ...formatBlock(
      columns.slice(1).map(({ title }, at) => [title, row[at + 1] ?? '']),
      width,
    ),
  ]);
}

/** Labels and values, indented; empty ones are left out. */
export function formatBlock(
  entries: readonly (readonly [string, Cell])[],
  width = columnsOf(process.stdout),
): string[] {
  const filled = entries.filter(([, value]) => textOf(value) !== '');
  const label = Math.max(0, ...filled.map(([title]) => widthOf(title))) + INDENT.length + GAP;
  const room = Math.max(width - label, Math.floor(width / 2));
  return filled.flatMap(([title, value]) =>
    linesOf(value, widthOf(textOf(value)) > room)
      .flatMap((line) => wrap(line, room))
      .map((line, index) => padTo(index === 0 ? INDENT + pc.dim(title) : '', label) + line),
  );
}

function linesOf(cell: Cell, isBelow: boolean): string[] {
  return typeof cell === 'string' || !isBelow ? [textOf(cell)] : [...cell];
}

/** The text of a cell, in one line. */
function textOf(cell: Cell): string {
  return (typeof cell === 'string' ? cell : cell.join(', ')).replace(/\s*\n\s*/g, ' ');
}

function formatMissing(all: TableColumn[], shown: TableColumn[]): string[] {
  const missing = all.filter((column) => !shown.includes(column)).map(({ title }) => title);
  return missing.length === 0 ? [] : [pc.dim(`not shown at this width: ${missing.join(', ')}`)];
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
