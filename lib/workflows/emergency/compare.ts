import * as z from 'zod';
import { InputError } from '../../domain/errors.ts';
import type { StoredObject } from '../../domain/points/recovery-point.ts';
import { compactUtc, shortMoment, utc } from '../../domain/time.ts';
import { withCredentials } from '../../execution/credentials.ts';
import { askedMoment } from '../../points/asked-moment.ts';
import {
  type CompareRequest,
  type ComparisonResult,
  DIFFERENCE_KINDS,
  type SqlFileName,
} from '../../ports/comparison.ts';
import type { Secrets } from '../../ports/database.ts';
import type { Vault } from '../../ports/vault.ts';
import { type RowsAtHand, type RowsDeps, withRows } from './with-rows.ts';

const name = z.string().min(1).max(200);

/** What a person asks: the differences, and the files that mend them. */
export const compareRequest = z.strictObject({
  ask: z.literal('compare'),
  target: z.string(),
  point: z.string().optional(),
  at: askedMoment.optional(),
  /** What a run of `extract` brought out, by the moment that it was scheduled for. */
  extract: z.string().optional(),
  tables: z.array(name).min(1).max(1000).optional(),
  where: z.string().min(1).max(10_000).optional(),
  first: z.int().min(0).max(1000).default(5),
  values: z.boolean().default(false),
  patch: z
    .strictObject({ mends: z.array(z.enum(DIFFERENCE_KINDS)).min(1), withoutTriggers: z.boolean() })
    .optional(),
  rows: z.boolean().default(false),
  requestedBy: z.string(),
});
export type CompareAsked = z.input<typeof compareRequest>;

export type CompareDeps = RowsDeps & {
  /** Where the files lie until a person fetches them, and its name. */
  files: Pick<Vault, 'read' | 'stream'>;
  bucket: string;
  secrets: Secrets;
};

export type ComparisonReport = ComparisonResult & {
  target: string;
  point: string;
  /** The moment of the copy's rows, and that of the living ones. */
  snapshotAt: string;
  comparedAt: string;
  /** The schema that the file of rows creates. */
  schema?: string;
  /** Where the files lie for a day. */
  bucket: string;
  files: Partial<Record<SqlFileName, StoredObject>>;
};

/**
 * Restores the rows of a dump or an extract and compares them with the living database; on request writes the files that mend it.
 * It changes nothing: a person applies the files.
 */
export async function compareWithPoint(
  asked: z.output<typeof compareRequest>,
  deps: CompareDeps,
): Promise<ComparisonReport> {
  if ([asked.point, asked.at, asked.extract].filter((each) => each !== undefined).length > 1)
    throw new InputError('point, at and extract exclude each other', [], 'leave one of them out');
  const comparedAt = utc(deps.clock.now());
  return withRows(asked, deps, async (at) => {
    const { target, stored, notes } = at;
    const files: ComparisonReport['files'] = {};
    const schema = `understudy_restored_${compactUtc(comparedAt).toLowerCase()}`;
    const compared = await withCredentials(deps.secrets, target, (credentials) =>
      at.rows.compare(credentials, {
        tables: asked.tables,
        where: asked.where,
        first: asked.first,
        values: asked.values,
        signal: at.signal,
        onTable: (table, done, of) => deps.log.info(`comparison: ${table}`, { done, of }),
        ...filesOf(asked, schema, headOf(stored, comparedAt, asked)),
        deliver: async (file, content) => {
          files[file] = await deps.files.stream(content, {
            key: `${target.id}/${compactUtc(comparedAt)}-${file}.sql`,
            contentType: 'application/sql',
            tags: { 'understudy:target': target.id },
          });
          deps.log.info('a file with rows was written', { target: target.id, file, by: asked.requestedBy });
        },
      }),
    );
    return {
      ...compared,
      notes: [...notes, ...compared.notes],
      unjudged: [...compared.unjudged, ...(asked.tables ? [] : at.lacks)],
      target: target.id,
      point: stored.id,
      snapshotAt: stored.snapshotAt,
      comparedAt,
      bucket: deps.bucket,
      files,
      ...(asked.rows ? { schema } : {}),
    };
  });
}

/** The files that were asked for, each with its head. */
function filesOf(
  { patch, rows }: z.output<typeof compareRequest>,
  schema: string,
  comment: readonly string[],
): Pick<CompareRequest, 'patch' | 'rows'> {
  return {
    patch: patch && { ...patch, comment },
    rows: rows ? { schema, comment } : undefined,
  };
}

function headOf(
  { id, target, snapshotAt }: RowsAtHand['stored'],
  comparedAt: string,
  { requestedBy }: z.output<typeof compareRequest>,
): string[] {
  return [
    `Understudy: ${target} as of ${shortMoment(snapshotAt)} UTC (${id}), compared ${comparedAt} for ${requestedBy}.`,
    'It contains rows: keep it as safe as the database.',
    'Apply it with ./understudy patch apply FILE, or with psql.',
  ];
}
