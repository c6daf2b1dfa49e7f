import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pc from 'picocolors';
import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { compactUtc } from '../../../lib/domain/time.ts';
import { many } from '../../../lib/domain/words.ts';
import { DIFFERENCE_KINDS, type DifferenceKind, type SqlFileName } from '../../../lib/ports/comparison.ts';
import type { ComparisonReport } from '../../../lib/workflows/emergency/compare.ts';
import { DONE, FOUND_WRONG } from '../exit-codes.ts';
import type { CommandResult } from '../print-result.ts';
import { isGo, isOnto, isPlan, type RestoreOptions, refuseRestoreMisfits } from '../restore-options.ts';
import type { Session } from '../session.ts';
import { askComparison, formatReport } from './diff-command.ts';

/**
 * Without options: the ways back. Brings rows of a dump back: by SQL into their tables (--patch), by SQL beside them in a schema of its own, or with --to
 * into a database of the person's own.
 */
export async function restoreCommand(
  session: Session,
  target: string | undefined,
  options: RestoreOptions,
): Promise<CommandResult> {
  const mends = refuseRestoreMisfits(target, options);
  if (isGo(options)) {
    const { restoreGoCommand } = await import('./restore-go-command.ts');
    return restoreGoCommand(session, target!, options);
  }
  if (isOnto(options)) {
    const { restoreOntoCommand } = await import('./restore-onto-command.ts');
    return restoreOntoCommand(session, target, options);
  }
  if (isPlan(options)) {
    const { restorePlanCommand } = await import('./restore-plan-command.ts');
    return restorePlanCommand(session, target!, options);
  }
  const { output = '.' } = options;
  const report = await askComparison(session, target!, options, {
    first: 3,
    ...(options.patch
      ? { patch: { mends, withoutTriggers: options.withoutTriggers === true } }
      : { rows: true }),
  });
  const written = await fetchFiles(session, report, output);
  return {
    document: { ...report, written },
    lines: [
      ...formatReport(report),
      '',
      ...(options.patch ? formatPatch(report, written, mends) : formatRowsFile(report, written)),
    ],
    exit: report.unjudged.length > 0 || unpatched(report, options).length > 0 ? FOUND_WRONG : DONE,
  };
}

/** Tables with missing rows that no patch can fill: they were dropped, or have no column in common. */
const unpatched = ({ tables }: ComparisonReport, { patch }: RestoreOptions) =>
  patch ? tables.filter(({ missing, columns }) => missing > 0 && columns.length === 0) : [];

/** Fetches the files to this machine, readable for their owner alone. Nothing is overwritten. */
async function fetchFiles(
  session: Session,
  { files, target, comparedAt, bucket }: ComparisonReport,
  directory: string,
): Promise<Partial<Record<SqlFileName, string>>> {
  const place = await session.bucket(bucket);
  const written: Partial<Record<SqlFileName, string>> = {};
  const ends: Record<SqlFileName, string> = {
    patch: 'patch.sql',
    reverse: 'patch-reverse.sql',
    rows: 'rows.sql',
  };
  for (const [name, stored] of Object.entries(files) as [
    SqlFileName,
    NonNullable<(typeof files)[SqlFileName]>,
  ][]) {
    const path = join(directory, `${target}-${compactUtc(comparedAt).toLowerCase()}-${ends[name]}`);
    await pipeline(await place.read(stored), createWriteStream(path, { mode: 0o600, flags: 'wx' })).catch(
      (cause: Error) => {
        throw new UnderstudyError(
          'file-not-fetched',
          `${stored.key} could not be fetched to ${path}: ${cause.message}`,
          {
            hint: `it stays there for a day: (umask 077; aws s3 cp s3://${bucket}/${stored.key} ${path})`,
            cause,
          },
        );
      },
    );
    written[name] = path;
  }
  return written;
}

function formatPatch(
  report: ComparisonReport,
  { patch, reverse }: Partial<Record<SqlFileName, string>>,
  mends: readonly DifferenceKind[],
): string[] {
  const { patched, tables } = report;
  const { inserts = 0, updates = 0, deletes = 0 } = patched ?? {};
  const left = DIFFERENCE_KINDS.filter((kind) => !mends.includes(kind)).flatMap((kind) => {
    const rows = tables.reduce((sum, table) => sum + table[kind], 0);
    return rows === 0 ? [] : [`${many(rows, `${kind} row`)}`];
  });
  return [
    `The patch inserts ${many(inserts, 'row')}, updates ${updates} and deletes ${deletes}; it checks first that no row has changed.`,
    ...unpatched(report, { patch: true }).map(({ schema, name, missing }) =>
      pc.red(
        `Not in the patch: ${schema}.${name} (${many(missing, 'missing row')}); without --patch its rows come back beside`,
      ),
    ),
    ...(left.length > 0
      ? [`It leaves ${left.join(' and ')} as they are (--mend missing,changed,extra takes more).`]
      : []),
    '',
    'Apply it (PGHOST, PGUSER … say where):',
    `  ./understudy patch apply ${patch}`,
    'Take it back:',
    `  ./understudy patch apply ${reverse}`,
    pc.dim('Both files contain rows: delete them when you are done.'),
  ];
}

function formatRowsFile(
  { schema, written: rows = 0 }: ComparisonReport,
  { rows: path }: Partial<Record<SqlFileName, string>>,
): string[] {
  return [
    `The file creates the schema ${schema} and fills it with ${many(rows, 'row')}; it touches no table of yours.`,
    '',
    'Apply it (PGHOST, PGUSER … say where):',
    `  ./understudy patch apply ${path}`,
    'Remove it when you are done:',
    `  drop schema ${schema} cascade`,
    pc.dim('The file contains rows: delete it when you are done.'),
  ];
}
