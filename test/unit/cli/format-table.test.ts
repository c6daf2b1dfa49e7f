import { stripVTControlCharacters } from 'node:util';
import { type Cell, formatTable, type TableColumn } from '../../../scripts/cli/format-table.ts';

const COLUMNS: (TableColumn | string)[] = ['target', 'state', 'RPO', { title: 'next', optional: 1 }];
const ROWS: Cell[][] = [
  ['crm-prod', 'good', '3 h / 26 h', '2026-11-21 01:00'],
  ['shop', 'good', ['dump 3 h / 26 h', 'snapshot 4 h / 7 h'], '2026-11-21 01:00'],
];
const shown = (width: number, columns = COLUMNS, rows = ROWS) =>
  formatTable(columns, rows, width).map(stripVTControlCharacters);
const widest = (lines: string[]) => Math.max(...lines.map((line) => line.length));

test('a table that fits the width has one line a row, with the parts of a cell beside one another', () => {
  expect(shown(100)).toEqual([
    'target    state  RPO                                  next',
    'crm-prod  good   3 h / 26 h                           2026-11-21 01:00',
    'shop      good   dump 3 h / 26 h, snapshot 4 h / 7 h  2026-11-21 01:00',
  ]);
});

test('a table that does not fit puts the parts of a cell below one another', () => {
  expect(shown(60)).toEqual([
    'target    state  RPO                 next',
    'crm-prod  good   3 h / 26 h          2026-11-21 01:00',
    'shop      good   dump 3 h / 26 h     2026-11-21 01:00',
    '                 snapshot 4 h / 7 h',
  ]);
});

test('a table that still does not fit leaves out optional columns and says which', () => {
  const lines = shown(45);
  expect(lines[0]).toBe('target    state  RPO');
  expect(lines.at(-1)).toBe('not shown at this width: next');
});

test('a table leaves out an optional column without any value, and does not say so', () => {
  const rows = ROWS.map((row) => [...row.slice(0, 3), '–']);
  expect(shown(100, COLUMNS, rows)[0]).toMatch(/^target +state +RPO$/);
  expect(shown(40, COLUMNS, rows).at(-1)).toMatch(/snapshot/);
});

test('a table that cannot fit shows each row as a block with all its columns', () => {
  expect(shown(30)).toEqual([
    'crm-prod',
    '  state  good',
    '  RPO    3 h / 26 h',
    '  next   2026-11-21 01:00',
    '',
    'shop',
    '  state  good',
    '  RPO    dump 3 h / 26 h',
    '         snapshot 4 h / 7 h',
    '  next   2026-11-21 01:00',
  ]);
});

test('a table puts a sentence into what is left of a wide line, and below a narrow one', () => {
  const columns: (TableColumn | string)[] = ['when', { title: 'what', prose: true }];
  const rows = [['2026-11-20 01:00', 'the dump of crm could not be done because the server went away']];
  expect(shown(70, columns, rows)).toEqual([
    'when              what',
    '2026-11-20 01:00  the dump of crm could not be done because the server',
    '                  went away',
  ]);
  expect(shown(40, columns, rows)).toEqual([
    'when',
    '2026-11-20 01:00',
    '  the dump of crm could not be done',
    '  because the server went away',
  ]);
});

test('a table never exceeds its width, and no cell has a line break of a message', () => {
  const columns: (TableColumn | string)[] = ['point', 'state', { title: 'why', prose: true }];
  const why =
    'ERROR:  could not extend file\nDETAIL:  No space left on device\nHINT:  Check free disk space.';
  for (const width of [24, 40, 60, 80, 120, 200]) {
    const lines = shown(width, columns, [['20261120T010000Z-1', 'failed', why]]);
    expect([width, widest(lines) <= width]).toEqual([width, true]);
    expect(lines.join('\n')).not.toContain('\nDETAIL');
  }
});
