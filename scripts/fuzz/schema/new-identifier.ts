import type { Random } from '../random.ts';

/** Names that a program may misread: words of SQL, of listings and of JavaScript, and special characters. */
const ODD = [
  ...`select|DATA|TABLE DATA|__proto__|constructor|toString|a.b|a"b|a'b|with blank| |-|1|a,b|(x)|a::b|$$|$1`.split(
    '|',
  ),
  ...'back\\slash|zwei\nZeilen|größe|ÄÖÜ|名前|null|user|public|Mixed|a:b|%I|--|/* x */|x;|pgx'.split('|'),
  ...['x'.repeat(63), 'MATERIALIZED VIEW DATA', 'ACL'],
];

/** A quoted name that is not in `taken` yet; `odd` is the likelihood of a strange one. */
export function newIdentifier(random: Random, prefix: string, taken: Set<string>, odd = 0.12): string {
  if (random.chance(odd)) {
    const name = random.pick(ODD);
    if (!taken.has(name)) {
      taken.add(name);
      return quoteIdentifier(name);
    }
  }
  const name = `${prefix}${taken.size + 1}`;
  taken.add(name);
  return name;
}

const quoteIdentifier = (name: string) => `"${name.replaceAll('"', '""')}"`;

export const quoteText = (value: string) => `'${value.replaceAll("'", "''")}'`;
