import * as z from 'zod';
import { InputError, refusalOf } from '../../domain/errors.ts';
import { connectionOf, type Plan, requireTarget } from '../../domain/plan/policy.ts';
import type { StoredObject } from '../../domain/points/recovery-point.ts';
import { compactUtc, shortMoment, utc } from '../../domain/time.ts';
import { withCredentials } from '../../execution/credentials.ts';
import { deadline } from '../../execution/deadline.ts';
import { checkManifest } from '../../points/artifact.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import { type ComparisonResult, DIFFERENCE_KINDS, type SqlFileName } from '../../ports/comparison.ts';
import type { Scratch, Secrets } from '../../ports/database.ts';
import type { Log } from '../../ports/messages.ts';
import type { Vault } from '../../ports/vault.ts';
import { chooseDump } from './choose-dump.ts';

const name = z.string().min(1).max(200);

/** What a person asks: the differences, and the files that mend them. */
export const compareRequest = z.strictObject({
  target: z.string(),
  point: z.string().optional(),
  at: z.iso
    .datetime({ offset: true, error: 'expected a moment in UTC such as 2026-11-20T01:00:00Z' })
    .transform((at) => utc(new Date(at)))
    .optional(),
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

export type CompareDeps = {
  plan: Plan;
  catalog: Pick<Catalog, 'points'>;
  vault: Pick<Vault, 'head' | 'read'>;
  /** Where the files lie until a person fetches them. */
  files: Pick<Vault, 'stream'>;
  scratch: Pick<Scratch, 'refusal' | 'withRows'>;
  secrets: Secrets;
  /** The bucket of the files. */
  bucket: string;
  clock: Clock;
  log: Log;
  secondsLeft: () => number;
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

const RESERVE_SECONDS = 30;

/**
 * Restores the rows of a dump and compares them with the living database; on request writes the files that mend it.
 * It changes nothing: a person applies the files.
 */
export async function compareWithPoint(
  asked: z.output<typeof compareRequest>,
  deps: CompareDeps,
): Promise<ComparisonReport> {
  const { clock, log } = deps;
  const target = requireTarget(deps.plan, asked.target);
  connectionOf(target);
  if (asked.point !== undefined && asked.at !== undefined)
    throw new InputError('--point and --at exclude each other', [], 'leave one of them out');
  const now = clock.now();
  const { stored, notes } = await chooseDump(target, asked, now, deps.catalog);
  const { manifest, findings } = await checkManifest({ target, point: stored, vault: deps.vault as Vault });
  if (!manifest)
    throw refusalOf({ code: findings[0]!.code, message: findings[0]!.message, hint: findings[0]!.next });
  const refusal = await deps.scratch.refusal(manifest);
  if (refusal) throw refusalOf(refusal);

  const schema = `understudy_restored_${compactUtc(utc(now)).toLowerCase()}`;
  const comment = [
    `Understudy: ${target.id} as of ${shortMoment(stored.snapshotAt!)} UTC (${stored.id}), compared ${utc(now)} for ${asked.requestedBy}.`,
    'It contains rows: keep it as safe as the database.',
    'Apply it with `./understudy patch apply FILE`, or with psql.',
  ];
  const files: ComparisonReport['files'] = {};
  const limit = deadline(deps, {
    what: 'the comparison',
    hint: 'choose fewer tables with --table',
    reserve: RESERVE_SECONDS,
  });
  const { signal } = limit;
  try {
    const compared = await deps.scratch.withRows(
      {
        manifest,
        tables: asked.tables,
        dump: () => deps.vault.read(manifest.dump, signal),
        roles: () => deps.vault.read(manifest.roles, signal),
        phase: (phase) => log.info(`comparison: ${phase}`, { target: target.id, point: stored.id }),
        signal,
      },
      (rows) =>
        withCredentials(deps.secrets, target, async (credentials) => {
          const found = await rows.compare(credentials, {
            tables: asked.tables,
            where: asked.where,
            first: asked.first,
            values: asked.values,
            signal,
            onTable: (table, done, of) => log.info(`comparison: ${table}`, { done, of }),
            ...(asked.patch ? { patch: { ...asked.patch, comment } } : {}),
            ...(asked.rows ? { rows: { schema, comment } } : {}),
            deliver: async (file, content) => {
              files[file] = await deps.files.stream(content, {
                key: `${target.id}/${compactUtc(utc(now))}-${file}.sql`,
                contentType: 'application/sql',
                tags: { 'understudy:target': target.id },
              });
            },
          });
          return { ...found, notes: [...notes, ...rows.notes, ...found.notes] };
        }),
    );
    if (Object.keys(files).length > 0)
      log.info('files with rows were written', {
        target: target.id,
        point: stored.id,
        files: Object.keys(files),
        by: asked.requestedBy,
      });
    return {
      ...compared,
      target: target.id,
      point: stored.id,
      snapshotAt: stored.snapshotAt!,
      comparedAt: utc(now),
      bucket: deps.bucket,
      files,
      ...(asked.rows ? { schema } : {}),
    };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    limit.end();
  }
}
