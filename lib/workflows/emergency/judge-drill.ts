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
  proven: Restored | undefined;
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
  const { target, declared } = restoring;
  const { record, endedAt, proven, settled, failure } = drilled;
  const { chosen } = declared;
  const bad = failure !== undefined && isBadPoint(failure);
  // A person ended it, which says nothing about the point.
  const isUnjudged = failure?.code === ABORTED;
  const { proof } = record;
  // A proof that could not be finished is among the notes, for a person to weigh.
  const { failure: _, ...measured } = proven ?? NOTHING;
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
    findings: [...(proven?.findings ?? []), ...(isUnjudged ? [] : drillFailed(restoring, drilled))],
    ...(failure && (bad || isUnjudged) ? { failure: { ...failure, kind: bad ? 'bad' : 'unjudged' } } : {}),
  };
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
  const why = [
    ...(failure ? [`it ended in its phase ${record.phase} (${failure.code}): ${failure.message}`] : []),
    ...(settled?.problems ?? []),
    ...(notBack ? [`the way back: ${notBack}`] : []),
  ];
  if (why.length === 0) return [];
  const message = `the drill of ${target.id} with the data of ${of.id} failed: ${why.join('; ')}`;
  return [finding('drill-failed', { target: of, subject: target.id, message })];
}
