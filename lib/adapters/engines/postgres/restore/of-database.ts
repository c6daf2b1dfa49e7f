import type { Client } from 'pg';
import { identifier } from '../connection.ts';
import type { ArchiveEntry } from './archive-toc.ts';
import { splitStatements } from './role-statements.ts';

/**
 * The statements of an archive that are about the database itself, which pg_restore runs only for one that it creates:
 * its settings, and the rest, its privileges and comment. For a database of another name, too.
 */
export function statementsOfDatabase(
  entries: readonly ArchiveEntry[],
  from: string,
  to: string,
): { settings: string[]; rest: string[] } {
  const statements = (of: readonly ArchiveEntry[]) =>
    of.flatMap(({ definition }) => statementsOf(definition, from, to));
  return {
    settings: statements(entries.filter(({ type }) => type === 'DATABASE PROPERTIES')),
    rest: statements(
      entries.filter(({ type, name }) => /^(?:ACL|COMMENT)$/.test(type) && /^DATABASE /.test(name)),
    ),
  };
}

/** Gives a database an owner. */
export const givenTo = (database: string, owner: string) =>
  `alter database ${identifier(database)} owner to ${identifier(owner)}`;

/** Runs a statement about a database; resolves with what was not possible, if it was not. */
export function whyNotRun(client: Client, statement: string): Promise<string | undefined> {
  return client.query(statement).then(
    () => undefined,
    ({ code }: Error & { code?: string }) => {
      // Its values may be anything that somebody has set: only its first words are said.
      const what = statement.split(/\s+/, 3).join(' ').toLowerCase();
      return `of the database itself, not possible: ${what} … (${code ?? 'no answer'})`;
    },
  );
}

/** What pg_dump writes of a database. Nothing else is run here: it would be run as the master user of the new one. */
const OF_DATABASE =
  /^(?:alter database|alter role .*? in database|comment on database|(?:grant|revoke) .*? on database|security label .*? on database) /is;

/** Those of the dumped database and of no other: the server may have more. */
function statementsOf(definition: string, from: string, to: string): string[] {
  return splitStatements(definition).flatMap((statement) => {
    const [begin] = OF_DATABASE.exec(statement) ?? [];
    if (begin === undefined) return [];
    const rest = statement.slice(begin.length);
    const name = [from, identifier(from)].find((each) => rest.startsWith(`${each} `));
    return name === undefined ? [] : [`${begin}${identifier(to)}${rest.slice(name.length)}`];
  });
}
