import type { Evidence } from '../../../lib/domain/proof/evidence.ts';
import { DONE, FOUND_WRONG } from '../exit-codes.ts';
import { formatEvidenceLines } from '../format-evidence-lines.ts';
import { knownTarget } from '../known-target.ts';
import type { CommandResult } from '../print-result.ts';
import type { Session } from '../session.ts';

/** Which rehearsal to suggest: of a dump, of a snapshot, or none for a cache. */
function formatHow(session: Session, id: string): string {
  const { connection, platform } = knownTarget(session, id) ?? {};
  if (!connection && platform?.kind === 'elasticache') return ': it is a cache, which is not';
  const from = !connection && platform ? ' --from snapshot' : '';
  return `; ./understudy rehearse ${id}${from} does it now`;
}

/** Test-restore records: the newest rehearsals with every measurement. */
export async function evidenceCommand(
  session: Session,
  target: string,
  last: number,
): Promise<CommandResult> {
  const found = await session.invoke<Evidence[]>('operator', { ask: 'evidence', target, limit: last });
  const lines = found.flatMap((each) => [
    `${each.at}  asked for by ${each.operator}, from the ${each.source}, onto ${each.where}`,
    ...formatEvidenceLines(each),
    '',
  ]);
  return {
    document: found,
    lines: found.length === 0 ? [`${target} was never rehearsed${formatHow(session, target)}`] : lines,
    exit: found[0]?.outcome === 'passed' ? DONE : FOUND_WRONG,
  };
}
