import { createWriteStream, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pc from 'picocolors';
import { InputError, UnderstudyError } from '../../../lib/domain/errors.ts';
import { compactUtc } from '../../../lib/domain/time.ts';
import { many } from '../../../lib/domain/words.ts';
import { DIFFERENCE_KINDS, type DifferenceKind, type SqlFileName } from '../../../lib/ports/comparison.ts';
import type { ComparisonReport } from '../../../lib/workflows/emergency/compare.ts';
import { DONE } from '../exit-codes.ts';
import type { CommandResult } from '../print-result.ts';
import type { Session } from '../session.ts';
import { askComparison, type FromOptions, formatReport } from './diff-command.ts';

type RestoreOptions = FromOptions & {
  patch?: boolean;
  mend?: string;
  withoutTriggers?: boolean;
  output?: string;
};

/** Writes SQL that brings rows of a dump back: into their tables (--patch), or beside them in a schema of its own. */
export async function restoreCommand(
  session: Session,
  target: string,
  options: RestoreOptions,
): Promise<CommandResult> {
  const mends = mendsOf(options);
  const { output = '.' } = options;
  if (!existsSync(output) || !statSync(output).isDirectory())
    throw new InputError(`--output ${output} is no directory`);
  const report = await askComparison(session, target, options, {
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
    exit: DONE,
  };
}

/** Every mistake in the options at once. */
function mendsOf({ table, patch, mend = 'missing', withoutTriggers }: RestoreOptions): DifferenceKind[] {
  const kinds = mend.split(',').map((kind) => kind.trim());
  const unknown = kinds.filter((kind) => !(DIFFERENCE_KINDS as readonly string[]).includes(kind));
  const mistakes = [
    ...(table === undefined ? ['name at least one table: --table public.leads'] : []),
    ...unknown.map((kind) => `--mend: there is no "${kind}"; there are ${DIFFERENCE_KINDS.join(', ')}`),
    ...(!patch && withoutTriggers ? ['--without-triggers goes with --patch'] : []),
    ...(!patch && mend !== 'missing' ? ['--mend goes with --patch'] : []),
  ];
  if (mistakes.length > 0) throw new InputError('invalid options:', mistakes, './understudy restore --help');
  return kinds as DifferenceKind[];
}

/** Fetches the files to this machine, readable for their owner alone. Nothing is overwritten. */
async function fetchFiles(
  session: Session,
  { files, target, comparedAt, bucket }: ComparisonReport,
  directory: string,
): Promise<Partial<Record<SqlFileName, string>>> {
  const bucketOfFiles = await session.files(bucket);
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
    await pipeline(
      await bucketOfFiles.read(stored),
      createWriteStream(path, { mode: 0o600, flags: 'wx' }),
    ).catch((cause: Error) => {
      throw new UnderstudyError(
        'file-not-fetched',
        `${stored.key} could not be fetched to ${path}: ${cause.message}`,
        {
          hint: `it stays there for a day: aws s3 cp s3://${bucket}/${stored.key} .`,
          cause,
        },
      );
    });
    written[name] = path;
  }
  return written;
}

function formatPatch(
  { patched, tables }: ComparisonReport,
  { patch, reverse }: Partial<Record<SqlFileName, string>>,
  mends: readonly DifferenceKind[],
): string[] {
  const { inserts = 0, updates = 0, deletes = 0 } = patched ?? {};
  const left = DIFFERENCE_KINDS.filter((kind) => !mends.includes(kind)).flatMap((kind) => {
    const rows = tables.reduce((sum, table) => sum + table[kind], 0);
    return rows === 0 ? [] : [`${many(rows, `${kind} row`)}`];
  });
  return [
    `The patch inserts ${many(inserts, 'row')}, updates ${updates} and deletes ${deletes}; it checks first that no row has changed.`,
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
