import pc from 'picocolors';
import { InputError } from '../../../lib/domain/errors.ts';
import { parsePointId } from '../../../lib/domain/names.ts';
import { shortMoment } from '../../../lib/domain/time.ts';
import { many } from '../../../lib/domain/words.ts';
import type { DifferingRow, TableDifference } from '../../../lib/ports/comparison.ts';
import type { CompareAsked, ComparisonReport } from '../../../lib/workflows/emergency/compare.ts';
import { DONE, FOUND_WRONG } from '../exit-codes.ts';
import { forShell } from '../for-shell.ts';
import { formatTable } from '../format-table.ts';
import { type ExtractOptions, obtainExtract } from '../obtain-extract.ts';
import type { CommandResult } from '../print-result.ts';
import { parseCount } from '../registry/query-commands.ts';
import { instanceWanted, type RestorePointOptions, restorePointOf } from '../restore-point.ts';
import type { Session } from '../session.ts';
import { showProgress } from '../show-progress.ts';

export type FromOptions = RestorePointOptions &
  ExtractOptions & { moment?: string; from?: string; table?: string[]; where?: string };
type DiffOptions = FromOptions & {
  first?: string;
  values?: boolean;
  find?: string;
  within?: string;
  after?: string;
};

/** Shows which rows differ between a dump, a snapshot or a moment and the living database. */
export async function diffCommand(
  session: Session,
  target: string,
  options: DiffOptions,
): Promise<CommandResult> {
  if (options.find !== undefined) {
    const { findCommand } = await import('./find-command.ts');
    return findCommand(session, target, options);
  }
  if (options.within !== undefined || options.after !== undefined)
    throw new InputError('--within and --after go with --find', [], './understudy diff --help');
  const report = await askComparison(session, target, options, {
    first: parseCount(options.first ?? '5', 1000, '--first'),
    values: options.values === true,
  });
  const differing = report.tables.filter(differs);
  return {
    document: report,
    lines: [...formatReport(report), ...formatNext(report, options)],
    exit: differing.length === 0 && report.unjudged.length === 0 ? DONE : FOUND_WRONG,
  };
}

/** Asks the function, with what every such command has. */
export async function askComparison(
  session: Session,
  target: string,
  { table, where, yes, again, moment, from, ...dump }: FromOptions,
  more: Partial<CompareAsked>,
): Promise<ComparisonReport> {
  const wanted = instanceWanted({ moment, from, ...dump });
  const extracted =
    wanted &&
    (await obtainExtract(
      session,
      target,
      { ...wanted, tables: table },
      { ...(yes && { yes }), ...(again && { again }) },
    ));
  const of = extracted ? { extract: extracted.scheduledFor } : restorePointOf(dump);
  const given = Object.entries({ ...of, tables: table, where }).filter(([, value]) => value !== undefined);
  const asked = {
    ask: 'compare',
    target,
    ...Object.fromEntries(given),
    requestedBy: session.caller,
    ...more,
  };
  return showProgress(`comparing ${target} with ${extracted?.extracted.point ?? 'a dump'}`, () =>
    session.invoke<ComparisonReport>('compare', asked),
  );
}

export const differs = ({ missing, extra, changed }: TableDifference) => missing + extra + changed > 0;

/** The tables that differ, with the first few rows of each, and what else is to be known. */
export function formatReport(report: ComparisonReport): string[] {
  const { tables, notes, unjudged, point, snapshotAt, target } = report;
  const differing = tables.filter(differs);
  const equal = tables.filter((table) => !differs(table) && table.notes.length === 0).length;
  const head = `${pc.bold(target)} now, compared with ${point} (${shortMoment(snapshotAt)} UTC)`;
  const rows = differing.map((table) => [
    `${table.schema}.${table.name}`,
    count(table.missing, pc.red),
    count(table.extra, pc.yellow),
    count(table.changed, pc.yellow),
    table.key.length > 0 ? `by ${table.key.join(', ')}` : 'by whole rows',
  ]);
  return [
    head,
    '',
    ...(differing.length > 0
      ? [
          ...formatTable(['TABLE', 'MISSING', 'EXTRA', 'CHANGED', { title: 'COMPARED', prose: true }], rows),
          '',
        ]
      : []),
    ...differing.flatMap(formatRows),
    equal === 0
      ? ''
      : `${many(equal, 'table has', 'tables have')} exactly the rows of ${parsePointId(point)?.kind === 'dump' ? 'the dump' : 'the copy'}`,
    ...tables.flatMap((table) => table.notes.map((note) => `note: ${table.schema}.${table.name}: ${note}`)),
    ...unjudged.map((each) => pc.red(`not compared: ${each}`)),
    ...notes.map((note) => `note: ${note}`),
  ].filter((line, index, all) => line !== '' || all[index - 1] !== '');
}

const count = (number: number, mark: (text: string) => string) =>
  number === 0 ? '–' : mark(number.toLocaleString('en'));

function formatRows({ schema, name, first, columns, missing, extra, changed }: TableDifference): string[] {
  if (first.length === 0) return [];
  const more = missing + extra + changed - first.length;
  return [
    `${schema}.${name}`,
    ...first.map((row) => `  ${row.kind.padEnd(7)}  ${formatRow(row, columns)}`),
    ...(more > 0 ? [pc.dim(`  and ${more.toLocaleString('en')} more (diff with --first shows them)`)] : []),
    '',
  ];
}

function formatRow({ key, copy, living, copies }: DifferingRow, columns: readonly string[]): string {
  const times = copies ? ` (${copies.copy} times in the dump, ${copies.living} times now)` : '';
  const shown = key === '' ? 'a row' : printable(key);
  if (!copy && !living) return `${shown}${times}`;
  const values = columns.flatMap((column, index) => {
    const [was, is] = [copy?.[index], living?.[index]];
    if (copy && living) return was === is ? [] : [`${column}: ${text(was)} → ${text(is)}`];
    return [`${column}: ${text(was === undefined ? is : was)}`];
  });
  return `${shown}${times}  ${values.join(', ')}`;
}

/** Control characters of a key as escapes: they could write to the terminal. */
const printable = (key: string) =>
  key.replaceAll(
    /\p{Cc}|\p{Cf}/gu,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );

const text = (value: string | null | undefined) =>
  value === null || value === undefined ? 'NULL' : printable(JSON.stringify(value));

function formatNext(
  { target, point, snapshotAt, tables }: ComparisonReport,
  { where, table: asked }: FromOptions,
): string[] {
  const lost = tables
    .filter(({ missing, columns }) => missing > 0 && columns.length > 0)
    .map((table) => `${table.schema}.${table.name}`);
  if (lost.length === 0) return [];
  const kind = parsePointId(point)?.kind;
  // An extract is of the tables that were asked for: the same ones take it up.
  const names = kind === 'dump' ? lost : (asked ?? lost);
  const of = kind === undefined ? `--moment ${snapshotAt}` : `--point ${point}`;
  const chosen = names.map((name) => `--table ${forShell(name)}`).join(' ');
  const condition = where === undefined ? '' : ` --where ${forShell(where)}`;
  return [
    'Bring missing rows back (writes files, changes nothing):',
    `  ./understudy restore ${target} ${of} ${chosen}${condition} --patch`,
  ];
}
