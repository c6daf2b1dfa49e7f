import type { Client } from 'pg';
import type { Destination, GiveOnto } from '../../../../ports/destination.ts';
import { connectInto, identifier, rows } from '../connection.ts';
import { streamArchiveToc } from './archive-toc.ts';
import { givenTo, statementsOfDatabase, whyNotRun } from './of-database.ts';

/**
 * Gives a database beside the living one its comment, privileges and owner, in one transaction, which a trial takes back.
 * Resolves with what was not possible, and with what the living database has otherwise.
 */
export async function giveBeside(
  into: Destination,
  { manifest, dump, living, isTrial }: GiveOnto,
): Promise<string[]> {
  const { database, owner } = manifest.source;
  const { rest } = statementsOfDatabase(await streamArchiveToc(await dump()), database, into.database);
  const name = identifier(into.database);
  const client = await connectInto(into);
  try {
    await client.query('begin');
    const notes: string[] = [];
    // The mark of the restore goes. Whatever its owner before was granted becomes the next one's, so that is given first.
    const mark = `comment on database ${name} is null`;
    // Privileges of a dump are what differs from those that every database has.
    const usual = `grant connect on database ${name} to public`;
    for (const statement of [mark, givenTo(into.database, owner), usual, ...rest]) {
      await client.query('savepoint each');
      const why = await whyNotRun(client, statement);
      if (why) notes.push(why);
      await client.query(why ? 'rollback to savepoint each' : 'release savepoint each');
    }
    const differences = differencesOf(await asWhole(client, living), await asWhole(client, into.database));
    await client.query(isTrial ? 'rollback' : 'commit');
    return [...notes, ...differences];
  } finally {
    await client.end();
  }
}

type Whole = { owner: string; most: number; comment: string; privileges: string[]; settings: string[] };

async function asWhole(client: Client, database: string): Promise<Whole | undefined> {
  const [found] = await rows<Whole>(
    client,
    `select pg_catalog.pg_get_userbyid(d.datdba) as owner, d.datconnlimit as most,
      coalesce(pg_catalog.shobj_description(d.oid, 'pg_database'), '') as comment,
      coalesce((select pg_catalog.json_agg(pg_catalog.format('%s for %s', a.privilege_type,
          case when a.grantee = 0 then 'PUBLIC' else pg_catalog.pg_get_userbyid(a.grantee) end))
        from pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a), '[]'::json) as privileges,
      coalesce((select pg_catalog.json_agg(
          case when s.setrole = 0 then '' else pg_catalog.pg_get_userbyid(s.setrole)::text || ': ' end || each)
        from pg_catalog.pg_db_role_setting s cross join pg_catalog.unnest(s.setconfig) each
        where s.setdatabase = d.oid), '[]'::json) as settings
    from pg_catalog.pg_database d where d.datname = ${client.escapeLiteral(database)}`,
  );
  return found;
}

/** Each difference by its name: a value may be anything that somebody has set. */
function differencesOf(living: Whole | undefined, restored: Whole | undefined): string[] {
  if (!living || !restored) return [];
  return [
    ...(living.owner === restored.owner
      ? []
      : [`owner of the database: ${restored.owner}, and of the living one ${living.owner}`]),
    ...(living.most === restored.most
      ? []
      : [`connection limit of the database: ${restored.most}, and of the living one ${living.most}`]),
    ...(living.comment === restored.comment
      ? []
      : ['comment on the database: another than the living one has']),
    ...listed('privilege on the database', living.privileges, restored.privileges),
    ...listed(
      'setting of the database',
      living.settings.filter(notFrozen),
      restored.settings.filter(notFrozen),
    ),
  ];
}

/** A restore may have frozen the living one. */
const notFrozen = (setting: string) => !setting.startsWith('default_transaction_read_only=');

function listed(what: string, living: readonly string[], restored: readonly string[]): string[] {
  const namesOf = (some: readonly string[], others: readonly string[]) =>
    new Set(some.filter((each) => !others.includes(each)).map((each) => each.replace(/=.*$/s, '')));
  const [missing, more] = [namesOf(living, restored), namesOf(restored, living)];
  return [
    ...[...missing].map((name) =>
      more.has(name)
        ? `${what}: ${name} has another value than in the living one`
        : `${what}: only the living one has ${name}`,
    ),
    ...[...more]
      .filter((name) => !missing.has(name))
      .map((name) => `${what}: the living one does not have ${name}`),
  ];
}
