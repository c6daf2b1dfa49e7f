import pc from 'picocolors';
import { formatProof, STRENGTH } from '../../../lib/domain/points/recommend.ts';
import {
  counts,
  type DumpPoint,
  isDump,
  type RecoveryPoint,
  type StoredObject,
} from '../../../lib/domain/points/recovery-point.ts';
import { humanSeconds } from '../../../lib/domain/time.ts';
import { many } from '../../../lib/domain/words.ts';
import type { PointReport } from '../../../lib/workflows/operator/show-point.ts';
import { DONE, FOUND_WRONG } from '../exit-codes.ts';
import { firstLine } from '../fit-lines.ts';
import { formatPointState, pointBytes } from '../format-point.ts';
import { type Cell, formatBlock } from '../format-table.ts';
import { type CommandResult, humanBytes, shortUtc } from '../print-result.ts';
import type { Session } from '../session.ts';

/** One point in full: what it contains, its proof, where its bytes lie and how to get them. */
export async function pointsShowCommand(
  session: Session,
  target: string,
  id: string,
): Promise<CommandResult> {
  const report = await session.invoke<PointReport>('operator', { ask: 'point', target, point: id });
  const { point } = report;
  return {
    document: report,
    exit: counts(point) ? DONE : FOUND_WRONG,
    lines: [
      `${pc.bold(point.id)} of ${target}  ${formatPointState(point)}`,
      ...formatBlock(formatAll(report)),
      ...(isDump(point) ? formatFetch(point, report.bucket, session.isLocal) : formatSnapshot(target)),
    ],
  };
}

function formatAll({ point, evidence, bucket }: PointReport): (readonly [string, Cell])[] {
  const { rto } = evidence ?? {};
  return [
    ['kind', point.kind],
    ['data as of', moment(point.snapshotAt)],
    ['holds', formatHolds(point, evidence)],
    ['size', humanBytes(pointBytes(point))],
    ['verified', point.verifiedAt ? moment(point.verifiedAt) : pc.red('no')],
    ['last rehearsal', point.rehearsal ? formatProof(point) : 'never'],
    ['proof', evidence ? STRENGTH[evidence.strength] : 'none yet'],
    ['restore took', rto ? `${humanSeconds(rto.achieved)} (promised ${humanSeconds(rto.promised)})` : ''],
    ['why', point.why ? pc.red(firstLine(point.why, 500)) : ''],
    ['locked until', point.legalHold ? 'legal hold' : point.lockedUntil ? moment(point.lockedUntil) : ''],
    ...(isDump(point)
      ? [
          ['bucket', bucket ?? 'of the replica: parameter replicaBucket'] as const,
          ...(['dump', 'roles', 'manifest'] as const).flatMap((part) => formatObject(part, point[part])),
        ]
      : ([
          ['place', point.place],
          ['snapshot', point.snapshot.arn],
          ['label', point.label ?? ''],
          ['encrypted', point.snapshot.encrypted ? (point.snapshot.kmsKey ?? 'yes') : pc.red('no')],
        ] as const)),
  ];
}

const moment = (at: string | undefined) => (at ? `${shortUtc(at)} UTC` : '–');

/** The counts of an older point are known only from its rehearsal. */
function formatHolds(point: RecoveryPoint, evidence: PointReport['evidence']): string {
  if (!isDump(point)) return '';
  const {
    tables = evidence?.compared?.tables,
    rows = evidence?.compared?.rows,
    database,
    sourceBytes,
  } = point;
  const counted =
    tables === undefined || rows === undefined
      ? 'its manifest counts tables and rows'
      : `${many(tables, 'table')}, ${many(rows, 'row')}`;
  return database ? `${counted}; database ${database} of ${humanBytes(sourceBytes)}` : counted;
}

function formatObject(part: string, stored: StoredObject | undefined): (readonly [string, Cell])[] {
  if (!stored) return [];
  return [
    [part, stored.key],
    ['', `version ${stored.versionId}`],
  ];
}

const uri = ({ key }: StoredObject, bucket: string | undefined) => `s3://${bucket ?? '$VAULT'}/${key}`;

/** Commands that need only standard programs. */
function formatFetch({ dump, roles }: DumpPoint, bucket: string | undefined, isLocal: boolean): string[] {
  if (!dump) return ['', pc.red('it was never finished: there is nothing to restore')];
  const where = bucket === undefined ? ['  VAULT=BUCKET   # of the replica: parameter replicaBucket'] : [];
  return [
    '',
    'Get it, and restore it into a new database:',
    ...(isLocal ? ['  eval "$(./understudy local env)"'] : []),
    ...where,
    `  aws s3 cp ${uri(dump, bucket)} point.dump`,
    ...(roles ? [`  aws s3 cp ${uri(roles, bucket)} roles.sql`] : []),
    `  echo '${dump.sha256}  point.dump' | sha256sum --check`,
    '  createdb --template=template0 restored',
    '  pg_restore --exit-on-error --dbname=restored point.dump',
    pc.dim('docs/restore.md: the roles, the exact versions, a restore as no superuser, some tables or rows'),
  ];
}

function formatSnapshot(target: string): string[] {
  return [
    '',
    'docs/restore.md, "From a snapshot or to a moment", restores it; to try it first:',
    `  ./understudy rehearse ${target} --from snapshot`,
  ];
}
