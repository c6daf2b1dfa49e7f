import pc from 'picocolors';
import type { Evidence } from '../../lib/domain/proof/evidence.ts';
import type { Downtime, HeartbeatProof } from '../../lib/domain/proof/heartbeat-proof.ts';
import { formatDifference } from '../../lib/domain/proof/proof.ts';
import { humanSeconds } from '../../lib/domain/time.ts';
import { many } from '../../lib/domain/words.ts';

function formatOutcome(evidence: Evidence): string {
  const { strength, outcome, differenceCount, error, bounded, findings, exceptions } = evidence;
  if (error) return error.kind === 'bad' ? 'did not restore' : 'did not run (the backup was not tested)';
  if (strength === 'none')
    return `restored, and ${differenceCount === 1 ? 'one thing differs' : `${differenceCount} things differ`} from its source`;
  const equal = {
    exact: `restored and equal to its source, row by row${exceptions ? ', but for what was left out' : ''}`,
    bounded: 'restored, and within what its source wrote since the last dump',
    restored: bounded
      ? 'restored; the server started; data not compared'
      : 'restored; row counts agree, and row contents were not compared',
  }[strength];
  return outcome === 'passed' ? equal : `${equal}; but ${many(findings.length, 'finding')} below`;
}

/** One rehearsal: its result, how long each phase took, and objectives achieved against promised. */
export function formatEvidenceLines(evidence: Evidence): string[] {
  const { rto, rpo, compared } = evidence;
  const mark = evidence.outcome === 'passed' ? pc.green('✔') : pc.red('✖');
  const said = formatOutcome(evidence);
  return [
    `${mark} rehearsal of ${evidence.target} ${evidence.outcome}: ${evidence.point} ${said}`,
    ...(compared
      ? [
          `  compared    ${many(compared.tables, 'table')}, ${many(compared.rows, 'row')}, ${many(compared.objects, 'object')}, ${many(compared.sequences, 'sequence')}, ${many(compared.largeObjects, 'large object')}`,
        ]
      : []),
    ...(evidence.bounded ? [formatBounded(evidence.bounded)] : []),
    ...(evidence.heartbeat ? [formatHeartbeat(evidence.heartbeat)] : []),
    `  phases      ${evidence.phases.map((phase) => `${phase.name} ${humanSeconds(phase.seconds)}`).join(', ')}`,
    ...(rto
      ? [`  RTO         ${humanSeconds(rto.achieved)} achieved, ${humanSeconds(rto.promised)} promised`]
      : []),
    ...(rpo
      ? [`  RPO         ${humanSeconds(rpo.achieved)} achieved, ${humanSeconds(rpo.promised)} promised`]
      : []),
    ...evidence.assertions.map(
      (answer) =>
        `  ${answer.smoke ? 'smoke step ' : 'assertion  '} ${answer.passed ? pc.green('✔') : pc.red('✖')} ${answer.name}: ${answer.detail}`,
    ),
    ...evidence.differences
      .slice(0, 20)
      .map((difference) => `  ${pc.red('different')}   ${formatDifference(difference)}`),
    ...leftOutOf(evidence).map((name) => `  left out    ${name}`),
    ...evidence.notes.map((note) => `  note        ${note}`),
    ...evidence.findings.flatMap((found) => [
      `  ${pc.red(found.code)}  ${found.message}`,
      `  ${pc.dim(`next: ${found.next}`)}`,
    ]),
    // An error about the point itself is a finding above.
    ...(evidence.error?.kind === 'unjudged'
      ? [
          `  ${pc.red(evidence.error.code)}  ${evidence.error.message}`,
          ...(evidence.error.hint ? [`  ${pc.dim(`next: ${evidence.error.hint}`)}`] : []),
        ]
      : []),
  ];
}

function leftOutOf({ leftOut, exceptions = [] }: Evidence): string[] {
  return [...new Set([...leftOut.map((name) => `extension ${name}`), ...exceptions])];
}

function formatBounded(compared: NonNullable<Evidence['bounded']>): string {
  const { objects, exact, bounded, unbounded, unlogged, rows, checked } = compared;
  const unknown =
    (unbounded > 0 ? `, ${unbounded} not judged` : '') +
    (unlogged > 0 ? `, ${unlogged} unlogged emptied by a restore` : '');
  return `  compared    ${many(objects, 'object')}; ${many(exact, 'table')} equal to the last dump, ${bounded} within what was written since${unknown}; ${many(rows, 'row')}; ${checked} indexes and tables read whole`;
}

function formatHeartbeat({
  verdict,
  compared,
  newestAt,
  missingCount,
  extraCount,
  downtimes,
}: HeartbeatProof): string {
  const wrong = verdict === 'differs' ? `, ${missingCount} missing, ${extraCount} that came later` : '';
  return `  heartbeat   ${verdict}: ${many(compared, 'row')} compared${wrong}; ${newestAt ? `the newest was written at ${newestAt}` : 'the copy has none'}${downtimes.slice(0, 3).map(formatDowntime).join('')}`;
}

/** A failover, or another time in which the source took no writes. */
function formatDowntime({ from, to, seconds }: Downtime): string {
  return `; no writes from ${from.slice(0, 19)}Z to ${to.slice(0, 19)}Z, ${humanSeconds(seconds)} at most`;
}
