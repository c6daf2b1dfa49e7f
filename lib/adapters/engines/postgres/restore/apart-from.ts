import type { ArchiveEntry } from './archive-toc.ts';
import type { Outcome } from './pg-restore.ts';

/** A result without the errors that are excused: without any other it is a success. */
export function withoutErrors(
  { ending, errors }: Outcome,
  isExcused: (error: Outcome['errors'][number]) => boolean,
): Outcome {
  const left = errors.filter((error) => !isExcused(error));
  return left.length === 0 && errors.length > 0
    ? { ending: { ...ending, code: 0 }, errors: [] }
    : { ending, errors: left };
}

/** A result without the errors of these entries. */
export function apartFrom(outcome: Outcome, entries: readonly ArchiveEntry[]): Outcome {
  return withoutErrors(outcome, ({ entry }) => entry !== undefined && entries.includes(entry));
}

/** Privileges on members of an extension fail where the extension is left out, or has another version. */
export function withoutMembers(outcome: Outcome, all: readonly ArchiveEntry[], notes: string[]): Outcome {
  const ids = new Set(all.map(({ id }) => id));
  const members = outcome.errors.flatMap(({ entry, message }) =>
    entry && /does not exist/.test(message) && !entry.needs.some((id) => ids.has(id)) ? [entry] : [],
  );
  if (members.length > 0)
    notes.push(
      `left out, because their extension is not here: privileges on ${members.map(({ name }) => name).join(', ')}`,
    );
  return apartFrom(outcome, members);
}
