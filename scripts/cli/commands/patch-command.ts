import { existsSync } from 'node:fs';
import { InputError } from '../../../lib/domain/errors.ts';
import { destinationOf } from '../destination-of.ts';
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
  if (what !== 'apply') throw unknownWord('patch', what, ['apply'], file);
  if (!existsSync(file)) throw new InputError(`there is no file ${file}`);
  const into = destinationOf(to);
  const { applySqlFile } = await import('../../../lib/adapters/engines/postgres/compare/apply-file.ts');
  await showProgress(`applying ${file}`, () => applySqlFile(file, into), undefined, {
    left: 'nothing was changed, unless the file had just ended; ./understudy diff shows it',
  });
  const reverse = file.replace(/\.sql$/, '-reverse.sql');
  return {
    document: { applied: file, host: into.host, database: into.database, user: into.user },
    lines: [
      `applied to ${into.database} at ${into.host}, as ${into.user}`,
      ...(reverse !== file && existsSync(reverse)
        ? [`take it back: ./understudy patch apply ${reverse}`]
        : []),
    ],
    exit: DONE,
  };
}
