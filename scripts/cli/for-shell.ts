import type { Session } from './session.ts';

/** The beginning of a command that asks the same deployment. */
export const understudyOf = (session: Pick<Session, 'isLocal' | 'options'>): string =>
  `./understudy ${deploymentOf(session)}`;

/** The option that says which deployment is meant. */
export const deploymentOf = ({ isLocal, options }: Pick<Session, 'isLocal' | 'options'>): string =>
  isLocal ? '--local' : `--stage ${options.stage}`;

/** ` --name 'its value'`, or nothing. */
export const optionFor = (name: string, value: string | undefined): string =>
  value ? ` --${name} ${forShell(value)}` : '';

/** A word of a command, as a shell takes it. */
export function forShell(word: string): string {
  return /^[\w.:/@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
