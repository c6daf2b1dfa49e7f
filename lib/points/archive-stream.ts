import { UnderstudyError } from '../domain/errors.ts';
import type { Archive, TableOfContents } from '../ports/database.ts';

/** The archive's stream, which ends only after every check has passed. */
export async function* endingWith(
  archive: Archive,
  condition: () => Promise<unknown>,
): AsyncGenerator<Buffer> {
  yield* archive.stream;
  await condition();
}

/** The archive must contain exactly the tables whose rows were counted. */
export function refuseOtherTables(counted: readonly string[], toc: TableOfContents): void {
  const archived = toc.entries.filter((entry) => entry.type === 'TABLE DATA').map((entry) => entry.what);
  const odd = [
    ...counted.filter((line) => !archived.includes(line)),
    ...archived.filter((line) => !counted.includes(line)),
  ];
  if (odd.length === 0 && counted.length === archived.length) return;
  throw new UnderstudyError(
    'toc-mismatch',
    `the archive and the counted tables disagree about ${odd.slice(0, 5).join(', ')}`,
    {
      hint: 'a table may have changed its kind while it was dumped; run the dump again',
    },
  );
}
