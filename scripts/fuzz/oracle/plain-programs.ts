import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseShape } from '../schema/database-shape.ts';
import { type Lab, type ProgramOutcome, RESTORE_ROLE } from './lab.ts';

/** Does plain pg_dump, as the same role, dump this database? */
export async function plainDump(lab: Lab, database: string): Promise<ProgramOutcome> {
  const { user } = lab.credentials(database);
  return lab.run('pg_dump', ['--format=custom', '--file=/dev/null', database], { user });
}

/**
 * Does plain pg_restore, one entry after the other, restore it into a fresh database? As `superuser`, or as a `member` of
 * every owner but the superuser, as a managed service's master user is: without owners, so that it need not become one.
 */
export async function plainRestore(
  lab: Lab,
  database: string,
  shape: DatabaseShape,
  as: 'superuser' | 'member',
): Promise<ProgramOutcome> {
  const directory = await mkdtemp(join(tmpdir(), 'fuzz-'));
  const file = join(directory, 'plain.dump');
  const fresh = await lab.createDatabase(shape);
  const user = as === 'superuser' ? 'postgres' : RESTORE_ROLE;
  try {
    await lab.cluster.sql('postgres', `alter database ${fresh} owner to ${user}`);
    await lab.cluster.sql('postgres', `grant create on database ${fresh} to public`);
    await lab.cluster.sql(fresh, 'grant create on schema public to public');
    const dumped = await lab.run('pg_dump', ['--format=custom', `--file=${file}`, database], {
      user: 'postgres',
    });
    if (!dumped.ok) return dumped;
    const owners = as === 'superuser' ? [] : ['--no-owner'];
    return await lab.run(
      'pg_restore',
      ['--exit-on-error', '--jobs=1', ...owners, `--dbname=${fresh}`, file],
      { user },
    );
  } finally {
    await lab.drop(fresh);
    await rm(directory, { recursive: true, force: true });
  }
}

/** The definitions of a database as pg_dump writes them, by entry; a second opinion on differences. */
export async function plainText(
  lab: Lab,
  database: string,
  at: { user: string; host?: string; port?: number },
): Promise<Map<string, string> | undefined> {
  const dumped = await lab.run('pg_dump', ['--schema-only', database], at);
  if (!dumped.ok) return undefined;
  // A superuser's name, as owner or in grants.
  const entries = dumped.stdout
    .replace(/\bunderstudy_scratch\w*/g, 'postgres')
    .split(/^--\n-- (?=Name: )/m)
    .slice(1);
  const found = new Map<string, string>();
  for (const entry of entries) {
    const [, title = '', body = ''] = /^(Name: [\s\S]*?; Type: [\s\S]*?)\n--\n\n([\s\S]*)$/.exec(entry) ?? [];
    if (/Type: (EXTENSION|DATABASE|SUBSCRIPTION)|Name: (EXTENSION|FOREIGN DATA WRAPPER) /.test(title))
      continue;
    // What only a superuser restores has another superuser as owner in the copy.
    const superusers = /Type: (EVENT TRIGGER|PUBLICATION)|Name: (EVENT TRIGGER|PUBLICATION) /.test(title);
    const key = superusers ? title.replace(/; Owner: .*$/s, '') : title;
    const text = superusers ? normal(body).replace(/^ALTER .* OWNER TO .*$/gm, '') : normal(body);
    found.set(key, `${found.get(key) ?? ''}${text}`);
  }
  return found;
}

/** Removes what is not about the object: settings of the session, the end of the dump. */
function normal(body: string): string {
  return body
    .replace(/^(SET default_table|SET default_tables|SET default_with|\\(un)?restrict).*$/gm, '')
    .replace(/--\n-- PostgreSQL database dump complete\n--/, '')
    .replace(/\n+/g, '\n')
    .trim();
}

/** The titles of entries that are missing in one, or have another text. */
export function textDifferences(one: Map<string, string>, other: Map<string, string>): string[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter(
    (title) => loose(one.get(title)) !== loose(other.get(title)),
  );
}

/**
 * Removes what PostgreSQL writes differently after reading it back: parentheses, casts, blanks, names of literals,
 * DEFAULT NULL, generated names.
 */
const loose = (text: string | undefined) =>
  (text?.startsWith('CREATE TABLE') ? sorted(text) : text)
    // Roles of a policy come in the order of their OIDs.
    ?.replace(/^CREATE POLICY [\s\S]*? TO (.*?)(?= USING| WITH CHECK|;)/m, (line, roles: string) =>
      line.replace(roles, roles.split(', ').sort().join(', ')),
    )
    .replace(
      /::(character varying|bit varying|double precision|"?[\w.]+"?)( with(out)? time zone)?(\(\d+(,\d+)?\))?(\[\])?/g,
      '',
    )
    .replace(/ AS [\w"?]+| DEFAULT NULL| CONSTRAINT ("(?:[^"]|"")*|\w+)_not_null\d*"?(?= NOT NULL)/g, '')
    .replace(/NO MAXVALUE|MAXVALUE (32767|2147483647)/g, '')
    .replace(/[()\s]+|'(?=-?[\d.]+')|(?<='-?[\d.]+)'/g, '')
    .toLowerCase();

/** Columns of an inheriting table come in another order. */
const sorted = (text: string) =>
  text
    .split('\n')
    .map((line) => line.replace(/,$/, ''))
    .sort()
    .join('\n');
