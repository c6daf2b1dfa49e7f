import type { Manifest } from '../../../../domain/proof/manifest.ts';
import type { LoadProgress } from '../../../../ports/destination.ts';
import type { ArchiveEntry } from './archive-toc.ts';
import { clearUnfinished, inPortions, ofSection, type Paced } from './portions.ts';
import type { RestoreServer } from './restorer.ts';

/** How long privileges and everything after them may take, so that they are begun, in seconds. */
const ENDING_TAKES = 240;

type Sections = {
  /** Restores entries of a section. */
  restore: (section: 'data' | 'post-data', portion: readonly ArchiveEntry[]) => Promise<void>;
  /** Where a load stands with so many entries of each section. */
  progress: (data: number | 'all', postData: number) => LoadProgress;
  /** Was nothing but the ending left to this call? */
  isOnlyEnding: boolean;
};

/**
 * Restores the rows, then keys, indexes and triggers, as far as the time of this call goes. Resolves with where another one
 * goes on; undefined where privileges and everything after them may begin.
 */
export async function inSections(
  server: RestoreServer,
  of: { entries: readonly ArchiveEntry[]; manifest: Manifest },
  paced: Paced,
  { restore, progress, isOnlyEnding }: Sections,
): Promise<LoadProgress | undefined> {
  const { from } = paced;
  const data = from?.data ?? 0;
  if (from) await clearUnfinished(server, data === 'all' ? [] : of.entries, data === 'all' ? 0 : data);
  const portions = (section: 'data' | 'post-data', done: number) =>
    inPortions({ ...of, section, done, run: (portion) => restore(section, portion) }, paced);
  if (data !== 'all') {
    const stopped = await portions('data', data);
    if (stopped) return { ...progress(stopped.done, 0), ...(stopped.smaller ? { smaller: true } : {}) };
    // Were this call repeated, keys and triggers of the next section must not be there yet.
    if (from) return progress('all', 0);
  }
  const stopped = await portions('post-data', from?.postData ?? 0);
  if (stopped) return { ...progress('all', stopped.done), ...(stopped.smaller ? { smaller: true } : {}) };
  if (isOnlyEnding || paced.secondsLeft() > ENDING_TAKES) return undefined;
  return progress('all', ofSection(of.entries, 'post-data').length);
}
