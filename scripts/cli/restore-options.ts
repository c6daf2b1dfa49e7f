import { existsSync, statSync } from 'node:fs';
import { InputError } from '../../lib/domain/errors.ts';
import { parsePointId } from '../../lib/domain/names.ts';
import { DIFFERENCE_KINDS, type DifferenceKind } from '../../lib/ports/comparison.ts';
import type { FromOptions } from './commands/diff-command.ts';

export type RestoreOptions = FromOptions & {
  patch?: boolean;
  mend?: string;
  withoutTriggers?: boolean;
  output?: string;
  to?: string;
  file?: string;
  list?: boolean;
  onlySchema?: boolean;
  owners?: boolean;
  into?: string;
  jobs?: string;
  go?: boolean;
  beside?: boolean;
  way?: string;
  reason?: string;
  confirm?: string;
  follow?: boolean;
  restore?: string;
};

/** Is a whole dump restored, or listed, instead of rows into files? */
export const isOnto = ({ to, file, list }: RestoreOptions): boolean =>
  to !== undefined || file !== undefined || list === true;

/** Are only the ways back asked for? */
export const isPlan = (options: RestoreOptions): boolean =>
  !isOnto(options) &&
  Object.entries(options).every(([name, value]) => OF_PLAN.includes(name) || value === undefined);

/** Is a new database to be made and given to the application? */
export const isGo = ({ go }: RestoreOptions): boolean => go === true;

const OF_PLAN = ['at', 'before', 'point', 'latest', 'beside'];
const OF_GO = ['at', 'before', 'point', 'latest', 'beside', 'go', 'way', 'reason', 'confirm'] as const;

/** What `--go` makes a new instance of. */
const WAYS: readonly string[] = ['moment', 'snapshot', 'dump'];

const FLAGS: Partial<Record<keyof RestoreOptions, string>> = {
  onlySchema: '--only-schema',
  withoutTriggers: '--without-triggers',
};
const flag = (option: keyof RestoreOptions) => FLAGS[option] ?? `--${option}`;

/** What goes with files of rows, and with a restore into a database. */
const OF_FILES = [
  'patch',
  'mend',
  'withoutTriggers',
  'output',
  'where',
  'moment',
  'from',
  'yes',
  'again',
] as const;
const OF_ONTO = ['onlySchema', 'owners', 'into', 'jobs'] as const;

/** Refuses what does not fit together, every mistake at once; returns the kinds of rows that a patch takes back. */
export function refuseRestoreMisfits(target: string | undefined, options: RestoreOptions): DifferenceKind[] {
  const given = (names: readonly (keyof RestoreOptions)[]) =>
    names.filter((name) => options[name] !== undefined);
  if (isGo(options)) {
    const others = Object.keys(options).filter(
      (name) => options[name as keyof RestoreOptions] !== undefined && !OF_GO.some((each) => each === name),
    ) as (keyof RestoreOptions)[];
    const mistakes = [
      ...(target === undefined ? ['name a target'] : []),
      ...others.map((name) => `${flag(name)} does not go with --go`),
      ...(options.way !== undefined && !WAYS.includes(options.way)
        ? [`--way: there is no "${options.way}"; there are ${WAYS.join(' and ')}`]
        : []),
      ...besideMistakes(options),
    ];
    if (mistakes.length > 0)
      throw new InputError('invalid options:', mistakes, './understudy restore --help');
    return [];
  }
  const kinds = (options.mend ?? 'missing').split(',').map((kind) => kind.trim());
  if (isPlan(options)) {
    if (target === undefined) throw new InputError('name a target', [], './understudy targets lists them');
    const mistakes = besideMistakes(options);
    if (mistakes.length > 0)
      throw new InputError('invalid options:', mistakes, './understudy restore --help');
    return [];
  }
  const mistakes = isOnto(options)
    ? ontoMistakes(target, options, given)
    : fileMistakes(target, options, kinds, given);
  if (mistakes.length > 0) throw new InputError('invalid options:', mistakes, './understudy restore --help');
  return kinds as DifferenceKind[];
}

/** A moment and a snapshot are whole instances. */
function besideMistakes({ beside, way = 'dump', point = '' }: RestoreOptions): string[] {
  const kind = parsePointId(point)?.kind ?? 'dump';
  if (!beside || (way === 'dump' && kind === 'dump')) return [];
  const what = way === 'dump' ? `${point} is a snapshot` : `a ${way} is none`;
  return [`--beside: only a dump goes beside the living database, and ${what}`];
}

type GivenOptions = (names: readonly (keyof RestoreOptions)[]) => (keyof RestoreOptions)[];

function ontoMistakes(target: string | undefined, options: RestoreOptions, given: GivenOptions): string[] {
  const { file, list, to } = options;
  const wanted = given(['point', 'at', 'before', 'latest']);
  return [
    ...given([...OF_FILES, 'beside']).map(
      (name) => `${flag(name)} does not go with ${list ? '--list' : '--to'}`,
    ),
    ...(list ? given(OF_ONTO).map((name) => `${flag(name)} does not go with --list`) : []),
    ...(list && to !== undefined ? ['--to does not go with --list'] : []),
    ...(file === undefined && target === undefined ? ['name a target, or a file with --file'] : []),
    ...(file !== undefined && target !== undefined ? ['a target does not go with --file'] : []),
    ...(file !== undefined ? wanted.map((name) => `${flag(name)} does not go with --file`) : []),
    ...(file !== undefined && !list && to === undefined
      ? ['say where to restore it: --to postgres://user@host/database']
      : []),
  ];
}

function fileMistakes(
  target: string | undefined,
  options: RestoreOptions,
  kinds: readonly string[],
  given: GivenOptions,
): string[] {
  const { table, patch, mend, withoutTriggers, output = '.' } = options;
  const unknown = kinds.filter((kind) => !(DIFFERENCE_KINDS as readonly string[]).includes(kind));
  return [
    ...(target === undefined ? ['name a target'] : []),
    ...given(['way', 'reason', 'confirm']).map((name) => `${flag(name)} goes with --go`),
    ...given(['restore']).map((name) => `${flag(name)} goes with: restore rollback ${target ?? 'T'}`),
    ...given(['beside']).map((name) => `${flag(name)} takes a whole dump, and no tables or files`),
    ...(table === undefined
      ? ['name at least one table: --table public.leads; or a database: --to postgres://user@host/database']
      : []),
    ...unknown.map((kind) => `--mend: there is no "${kind}"; there are ${DIFFERENCE_KINDS.join(', ')}`),
    ...(!patch && withoutTriggers ? ['--without-triggers goes with --patch'] : []),
    ...(!patch && mend !== undefined ? ['--mend goes with --patch'] : []),
    ...given(OF_ONTO).map((name) => `${flag(name)} goes with --to`),
    ...(!existsSync(output) || !statSync(output).isDirectory()
      ? [`--output: ${output} is no directory`]
      : []),
  ];
}
