import type { Exception } from '../../../../domain/proof/exceptions.ts';
import { type ArchiveEntry, formatEntry } from './archive-toc.ts';

/** Kinds of facts whose name differs in archives. */
const KINDS: Record<string, string> = {
  'fk constraint': 'constraint',
  'check constraint': 'constraint',
  procedure: 'function',
  aggregate: 'function',
  domain: 'type',
  server: 'foreign server',
  'foreign table': 'table',
};

/** Describes or fills another entry, so that entry is the exception. */
const OF_ANOTHER = [
  'COMMENT',
  'SECURITY LABEL',
  'ACL',
  'SEQUENCE SET',
  'SEQUENCE OWNED BY',
  'ROW SECURITY',
  'STATISTICS DATA',
];

/** Facts that a copy cannot have when these entries were not restored. */
export function exceptionsOf(left: readonly ArchiveEntry[]): Exception[] {
  return left
    .filter(({ type }) => !OF_ANOTHER.includes(type))
    .flatMap((entry) => {
      const type = entry.type.toLowerCase();
      const kind = KINDS[type] ?? type;
      const whole = entry.schema === undefined ? entry.name : `${entry.schema}.${entry.name}`;
      const said = formatEntry(entry);
      const missing = (each: string, name = whole): Exception => ({
        kind: each,
        name,
        what: 'missing',
        said,
      });
      // Tags are "table column" and "table constraint"; a key also creates an index of its name.
      if (kind === 'default')
        return [{ ...missing('column', whole.replace(/ (\S+)$/, '.$1')), what: 'changed' as const }];
      if (kind === 'cast') return [missing(kind, /^CAST \((.*)\)$/.exec(entry.name)?.[1] ?? whole)];
      if (kind === 'constraint')
        return [missing(kind), missing('index', `${entry.schema}.${entry.name.split(' ').at(-1)}`)];
      if (kind === 'table') return [missing(kind), missing('foreign table')];
      return [missing(kind)];
    });
}

/** Does `rehearsal.leaveOut` name this entry? A function may be named without its arguments. */
export function isNamed(entry: ArchiveEntry, names: readonly string[]): boolean {
  const said = formatEntry(entry);
  return names.some((name) => said === name || (said.startsWith(`${name}(`) && !name.includes('(')));
}
