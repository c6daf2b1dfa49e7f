import pc from 'picocolors';
import {
  isStalled,
  phasesOf,
  type RestoreRecord,
  type RestoreState,
} from '../../lib/domain/incidents/restore-record.ts';
import { humanSeconds, secondsBetween, shortMoment } from '../../lib/domain/time.ts';
import { formatTable } from './format-table.ts';

const STATES: Record<RestoreState, string> = {
  running: 'under way',
  done: 'done',
  'not-done': 'not done',
  'rolled-back': 'rolled back',
};

/** Everything of a restore on one screen: what it is, how far it is, and what a person must know to decide. */
export function formatRestore(record: RestoreRecord, now: Date): string[] {
  const { target, id, by, reason, drill, way, startedAt, endedAt, made } = record;
  const took = humanSeconds(secondsBetween(startedAt, endedAt ?? now));
  return [
    `${pc.bold(target)}: restore ${id} is ${stateOf(record, now)}, ${took} since ${by} began it${reason ? ` (${reason})` : ''}`,
    ...(drill ? ['  a drill: the policy approves it, and everything goes back by itself'] : []),
    `back to ${shortMoment(way.asOf)} UTC by ${way.kind}${way.point ? ` ${way.point}` : ''}${made ? `, onto ${made.name}` : ''}`,
    '',
    ...formatPhases(record, now),
    ...formatFacts(record),
    ...formatNext(record, now),
  ];
}

function stateOf(record: RestoreRecord, now: Date): string {
  const { state, error } = record;
  if (isStalled(record, now)) return pc.red('stopped: its execution has died');
  const text = STATES[state];
  if (state === 'running') return pc.yellow(text);
  return state === 'done' && !error ? pc.green(text) : pc.red(text);
}

function formatPhases(record: RestoreRecord, now: Date): string[] {
  const { state, phase, phases, phaseBeganAt, expected } = record;
  const rows = phases.map(({ name, seconds }) => [`${pc.green('✔')} ${name}`, humanSeconds(seconds), '']);
  if (state === 'running') {
    const elapsed = humanSeconds(Math.max(0, secondsBetween(phaseBeganAt, now)));
    const usual =
      phase === 'restore' && expected !== undefined ? `usually ${humanSeconds(expected)} in all` : '';
    rows.push([`${pc.yellow('…')} ${phase}`, elapsed, usual]);
    const all = phasesOf(record);
    const left = all.slice(all.indexOf(phase) + 1);
    return [
      ...formatTable(['PHASE', 'TOOK', ''], rows),
      ...(left.length > 0 ? [pc.dim(`then ${left.join(', ')}`)] : []),
    ];
  }
  rows.push([`${state === 'done' ? pc.green('✔') : pc.red('✖')} ${phase}`, '', '']);
  return formatTable(['PHASE', 'TOOK', ''], rows);
}

function formatFacts(record: RestoreRecord): string[] {
  const { state, proof, incomplete, notes, answer, frozenAt, lastWriteBefore, error } = record;
  return [
    '',
    ...(proof ? [`proof: ${proof.strength === 'none' ? pc.red('it differs') : proof.strength}`] : []),
    ...(proof?.differences ?? []).map((what) => pc.red(`  ${what}`)),
    ...(proof?.unchecked ?? []).map((what) => pc.yellow(`  not looked at: ${what}`)),
    ...formatSmoke(record),
    ...(frozenAt && state === 'running'
      ? [`the application has not been able to write since ${frozenAt}`]
      : []),
    ...(lastWriteBefore && state === 'running'
      ? [`lost, if it is done: everything written from ${record.way.asOf} to ${lastWriteBefore}`]
      : []),
    ...incomplete.map((what) => pc.yellow(`missing: ${what}`)),
    ...notes.map((what) => `note: ${what}`),
    ...(answer
      ? [
          `${answer.by} answered ${answer.answer} at ${shortMoment(answer.at)} UTC${answer.reason ? `: ${answer.reason}` : ''}`,
        ]
      : []),
    ...(error
      ? [pc.red(`${error.code}: ${error.message}`), ...(error.hint ? [`  next: ${error.hint}`] : [])]
      : []),
    ...record.undone.map((what) => `undone: ${what}`),
    ...record.notPutBack.map((what) => pc.red(`NOT put back: ${what}`)),
    ...(record.next ?? []),
  ];
}

function formatSmoke({ smoke = [] }: RestoreRecord): string[] {
  return (['copy', 'production'] as const).flatMap((at) => {
    const ran = smoke.filter((result) => result.at === at);
    const failed = ran.filter(({ ok }) => !ok);
    if (ran.length === 0) return [];
    const of = at === 'copy' ? 'the new database' : 'production';
    return [
      `smoke steps of ${of}: ${ran.length - failed.length} of ${ran.length} passed`,
      ...failed.map(({ step, priority, why }) => pc.red(`  ${step} (${priority}): ${why}`)),
    ];
  });
}

function formatNext(record: RestoreRecord, now: Date): string[] {
  const { target, state, phase, decideBy, settings, made, old } = record;
  if (state !== 'running') return [];
  if (isStalled(record, now))
    return ['', pc.bold(`put production back: ./understudy restore rollback ${target}`)];
  if (phase !== 'approve' || decideBy === undefined)
    return ['', `stop it: ./understudy restore abort ${target}`];
  const does = {
    none: 'nothing is switched: you send the application there yourself',
    secret: `sessions of ${old?.name} end, and the application’s secrets name ${made?.name}${settings.services.length > 0 ? '; its services start anew' : ''}`,
    rename: `sessions of ${old?.name} end, and ${made?.name} takes its name`,
  }[settings.cutover];
  return [
    '',
    pc.bold(
      `Does the application get ${made?.name}? Decide by ${shortMoment(decideBy)} UTC; no answer is no.`,
    ),
    `  yes: ./understudy approve ${target}`,
    `       ${does}`,
    `  no:  ./understudy reject ${target}`,
    '       production stays as it was, and the new database stays beside it',
  ];
}
