/**
 * How a manifest keeps an object's definition: as digests, because definitions may contain secrets.
 *
 * Without expressions it is one digest. With expressions, which PostgreSQL may write differently after a restore, it
 * is `exact:loose:plain:written`: of everything; of everything with the expressions loosened; of everything but the
 * expressions; and of each expression as it was written, `length.digest` joined by commas.
 *
 * HIDDEN replaces a definition that the dump role may not see, so that only its presence can be compared.
 */
export const HIDDEN = 'hidden';

/** Do two definitions mean the same, as far as their digests show? */
export function agree(a: string, b: string): boolean {
  if (a === b || a === HIDDEN || b === HIDDEN) return true;
  const [one, other] = [a.split(':'), b.split(':')];
  return one[1] !== undefined && one[1] === other[1];
}

/** Do they differ only in the text of an expression? */
export function differInWriting(a: string, b: string): boolean {
  const [one, other] = [a.split(':'), b.split(':')];
  return one[2] !== undefined && one[2] === other[2] && countOf(one[3]) === countOf(other[3]);
}

/** The expressions as they were written: their length in UTF-16 units, and their digest. */
export function writtenIn(definition: string): { length: number; digest: string }[] {
  const written = definition.split(':')[3];
  if (!written) return [];
  return written.split(',').map((each) => {
    const [length, digest] = each.split('.');
    return { length: Number(length), digest: digest! };
  });
}

const countOf = (written: string | undefined) => written?.split(',').length;
