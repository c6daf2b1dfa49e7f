import type { ErrorInfo } from '../../domain/errors.ts';
import { type Finding, finding } from '../../domain/findings/finding.ts';
import { RESTORE_PHASES, type RestoreRecord } from '../../domain/incidents/restore-record.ts';
import type { Evidence } from '../../domain/proof/evidence.ts';
import { secondsBetween } from '../../domain/time.ts';
import { type Judged, judge } from '../../restore/conclude/judge.ts';
import { isBadPoint } from '../../restore/prove/restored-instance.ts';
import type { Restored } from '../../restore/restored.ts';
import type { Settled } from './close.ts';
import { ABORTED } from './restore-log.ts';
import type { Restoring } from './restoring.ts';

/** How a drill went: until `endedAt` into service, then back. */
export type Drilled = {
  record: RestoreRecord;
  endedAt: string;
  settled: Settled | undefined;
  failure: ErrorInfo | undefined;
  /** Why the target does not have everything as it was. */
  notBack: string | undefined;
};

/** Evidence of whose data it restored, as of any rehearsal: with all that a restore takes until its application works. */
export function judgeDrill(run: Judged, restoring: Restoring, drilled: Drilled): Evidence {
  const { of, declared } = restoring;
  return judge(run, of, declared.chosen, restoredBy(restoring, drilled));
}

function restoredBy(restoring: Restoring, drilled: Drilled): Restored {
  const { target, declared, proven } = restoring;
  const { record, endedAt, settled, failure } = drilled;
  const { chosen } = declared;
  const { proof } = record;
  const { failure: _, ...measured } = proven ?? NOTHING;
  const kind = kindOf(drilled);
  return {
    ...measured,
    source: proven?.source ?? `${chosen.sort} ${chosen.point}`,
    where: `an instance like the one of ${target.id}, in the service of its application`,
    phases: [
      ...record.phases,
      { name: record.phase, seconds: Math.max(0, secondsBetween(record.phaseBeganAt, endedAt)) },
    ],
    waitedFor: RESTORE_PHASES,
    began: record.startedAt,
    plannedAt: chosen.plannedAt,
    cameUp: settled !== undefined && failure === undefined,
    strength: proof?.strength ?? 'none',
    notes: [...chosen.notes, ...(proof?.unchecked ?? []), ...record.notes].slice(0, 100),
    findings: [...(proven?.findings ?? []), ...drillFailed(restoring, drilled)],
    ...(failure && kind ? { failure: { ...failure, kind } } : {}),
  };
}

/**
 * What a failure says of what was restored: that it is bad; nothing, because it was not proven to the end; or that is another
 * matter (undefined).
 */
function kindOf({ record, failure }: Drilled): 'bad' | 'unjudged' | undefined {
  if (!failure) return undefined;
  if (isBadPoint(failure)) return 'bad';
  const { proof } = record;
  return failure.code === ABORTED || !proof || proof.unfinished !== undefined ? 'unjudged' : undefined;
}

type Measured = Pick<Restored, 'differences' | 'differenceCount' | 'assertions' | 'leftOut' | 'failure'>;
const NOTHING: Measured & Partial<Restored> = {
  differences: [],
  differenceCount: 0,
  assertions: [],
  leftOut: [],
};

function drillFailed({ target, of }: Restoring, drilled: Drilled): Finding[] {
  const { record, settled, failure, notBack } = drilled;
  // A person ended it.
  if (failure?.code === ABORTED && !notBack) return [];
  const why = [
    ...(failure ? [`it ended in its phase ${record.phase} (${failure.code}): ${failure.message}`] : []),
    ...(settled?.problems ?? []),
    ...(notBack ? [`the way back: ${notBack}`] : []),
  ];
  if (why.length === 0) return [];
  const message = `the drill of ${target.id} with the data of ${of.id} failed: ${why.join('; ')}`;
  return [finding('drill-failed', { target: of, subject: target.id, message })];
}
