import { existsSync } from 'node:fs';
import { InputError } from '../../../lib/domain/errors.ts';
import { DONE } from '../exit-codes.ts';
import type { CommandResult } from '../print-result.ts';
import { unknownWord } from '../refuse-misspelt.ts';
import type { Session } from '../session.ts';
import { showProgress } from '../show-progress.ts';

/** Runs a file of SQL that `restore` wrote, in its one transaction, as the person whose PG… variables are set. */
export async function patchCommand(
  _session: Session,
  what: string,
  file: string,
  { to }: { to?: string },
): Promise<CommandResult> {
  if (what !== 'apply') throw unknownWord('patch', what, ['apply']);
  if (!existsSync(file)) throw new InputError(`there is no file ${file}`);
  if (to !== undefined) refusePassword(to);
  const { applySqlFile } = await import('../../../lib/adapters/engines/postgres/compare/apply-file.ts');
  const where = await showProgress(`applying ${file}`, () => applySqlFile(file, to));
  const reverse = file.replace(/\.sql$/, '-reverse.sql');
  return {
    document: { applied: file, ...where },
    lines: [
      `applied to ${where.database} at ${where.host}, as ${where.user}`,
      ...(reverse !== file && existsSync(reverse)
        ? [`take it back: ./understudy patch apply ${reverse}`]
        : []),
    ],
    exit: DONE,
  };
}

/** Everybody on a machine can read the arguments of its processes. */
function refusePassword(to: string): void {
  let url: URL;
  try {
    url = new URL(to);
  } catch {
    throw new InputError('--to is no URL', [], 'write --to postgres://user@host:5432/database');
  }
  if (!/^postgres(ql)?:$/.test(url.protocol))
    throw new InputError('--to is no URL of PostgreSQL', [], 'write --to postgres://user@host:5432/database');
  if (url.password !== '')
    throw new InputError(
      '--to has a password, which everybody on this machine can read',
      [],
      'put it into PGPASSWORD or ~/.pgpass, and leave it out of the URL',
    );
}
