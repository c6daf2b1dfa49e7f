/** One statement of a roles file as it is run, with its lines, counted from 1. */
export type RoleStatement = { kind: 'role' | 'membership' | 'other'; first: number; last: number };

/** Comments, psql's commands, quoted text, names, blanks: quoted text may contain semicolons and words of SQL. */
const TOKEN =
  /--[^\n]*|\\[^\n]*|[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_\x80-\xff][\w$\x80-\xff]*|\s+|[\s\S]/g;
const SILENT = /^(?:--|\\|\s)/;

/**
 * Rewrites pg_dumpall's output for another server: from 16 on a membership names its grantor, who must be the
 * server's own first superuser or hold ADMIN. Grantors that hold ADMIN by an earlier statement stay; the superuser
 * who runs the file replaces all others, and so the source's first superuser. Works on bytes in any encoding: the
 * text is decoded as latin1.
 */
export function portableRoles(text: string): { text: string; statements: RoleStatement[] } {
  const admins = new Set<string>();
  const statements: RoleStatement[] = [];
  let written = '';
  let line = 1;
  let first = 1;
  let pending: { token: string; at: number }[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    if (SILENT.test(token)) written += token;
    else {
      if (pending.length === 0) first = line;
      if (token === ';') {
        const { kind, cut } = statement(
          pending.map((each) => each.token),
          admins,
        );
        if (cut !== undefined) {
          const kept = written.slice(0, pending[cut]!.at).trimEnd();
          line -= breaks(written.slice(kept.length));
          written = kept;
        }
        statements.push({ kind, first, last: line });
        pending = [];
      } else pending.push({ token, at: written.length });
      written += token;
    }
    line += breaks(token);
  }
  return { text: written, statements };
}

const breaks = (text: string) => text.split('\n').length - 1;

/** The kind of a statement, and the word from which on it is left out. Notes who may grant a role after it. */
function statement(words: string[], admins: Set<string>): { kind: RoleStatement['kind']; cut?: number } {
  const [verb, role, to, member] = words;
  if (verb === 'CREATE' && role === 'ROLE') return { kind: 'role' };
  if (verb !== 'GRANT' || to !== 'TO') return { kind: 'other' };
  const by = words.at(-3) === 'GRANTED' && words.at(-2) === 'BY' ? words.length - 3 : undefined;
  const holds = (name: string | undefined) => admins.has(JSON.stringify([role, name]));
  const kept = by === undefined || holds(words.at(-1));
  const options = words.slice(4, by);
  if (options.some((word, index) => word === 'ADMIN' && options[index + 1] !== 'FALSE'))
    admins.add(JSON.stringify([role, member]));
  return kept ? { kind: 'membership' } : { kind: 'membership', cut: by };
}

/** The roles that a roles file creates, and those that its memberships name. */
export function rolesIn(text: string): { created: Set<string>; granted: Set<string> } {
  const [created, granted] = [new Set<string>(), new Set<string>()];
  let words: string[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    if (SILENT.test(token)) continue;
    if (token !== ';') {
      words.push(token);
      continue;
    }
    const [verb, role, to, member] = words;
    if (verb === 'CREATE' && role === 'ROLE') created.add(unquoted(to));
    if (verb === 'GRANT' && to === 'TO') {
      granted.add(unquoted(role)).add(unquoted(member));
      if (words.at(-3) === 'GRANTED') granted.add(unquoted(words.at(-1)));
    }
    words = [];
  }
  return { created, granted };
}

const unquoted = (word = '') => (word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word);

/** The statements of a roles file that create the roles a server lacks, and their settings and memberships. */
export function missingRoles(text: string, there: ReadonlySet<string>): string {
  const portable = portableRoles(text);
  const lines = portable.text.split('\n');
  const kept = portable.statements.filter(({ first, last }) => {
    const words = wordsOf(lines.slice(first - 1, last).join('\n'));
    const [verb, what] = words;
    const role =
      verb === 'GRANT' ? words[3] : verb === 'COMMENT' ? words[3] : what === 'ROLE' ? words[2] : undefined;
    return role !== undefined && !there.has(unquoted(role));
  });
  // A line of psql's own could run a program.
  const ofSql = (line: string) => !/^\s*\\/.test(line);
  return kept
    .map(({ first, last }) =>
      lines
        .slice(first - 1, last)
        .filter(ofSql)
        .join('\n'),
    )
    .join('\n');
}

const wordsOf = (text: string) =>
  [...text.matchAll(TOKEN)].map(([token]) => token).filter((token) => !SILENT.test(token));

/** The statements of SQL that pg_dump wrote, without their semicolons; one in quotes ends none. */
export function splitStatements(text: string): string[] {
  const statements = [''];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === ';') statements.push('');
    else statements[statements.length - 1] += token;
  }
  return statements.map((each) => each.trim()).filter((each) => each !== '');
}
