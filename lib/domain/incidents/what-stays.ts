import type { RestoreRecord, RestoreSide } from './restore-record.ts';

/** What is left of a restore, and what it costs. */
export function whatStays({ kind, old }: Pick<RestoreRecord, 'kind' | 'old'>, name: string): string {
  if (kind !== 'database') return `${name} stays and costs`;
  return `${name} stays and takes disk; when nobody needs it: ${howToDrop(old!, name)}`;
}

/** The command of PostgreSQL’s own programs, as a shell reads it. */
export function howToDrop({ host, port }: RestoreSide, name: string): string {
  const quoted = /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
  return `dropdb --host ${host} --port ${port} ${quoted}`;
}
