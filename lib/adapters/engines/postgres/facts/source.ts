import type { Client } from 'pg';
import type { ExtensionFacts, SourceFacts } from '../../../../domain/proof/manifest.ts';
import { rows } from '../connection.ts';

/** Such as 15. */
export async function serverMajor(client: Client): Promise<number> {
  const [server] = await rows<{ number: string }>(
    client,
    `select pg_catalog.current_setting('server_version_num') as number`,
  );
  return majorOf(server!.number);
}

const majorOf = (number: string) => Math.floor(Number(number) / 10_000);

/** The server and the database as a whole. `bytes` is its size on disk. */
export async function sourceFacts(client: Client, snapshotAt: string): Promise<SourceFacts> {
  const [row] = await rows<
    Omit<SourceFacts, 'serverMajor' | 'bytes' | 'snapshotAt'> & { number: string; bytes: string }
  >(
    client,
    `
    select pg_catalog.current_setting('server_version') as "serverVersion", pg_catalog.current_setting('server_version_num') as number,
      d.datname as database, pg_catalog.pg_get_userbyid(d.datdba) as owner, pg_catalog.pg_encoding_to_char(d.encoding) as encoding,
      d.datcollate as collate, d.datctype as ctype,
      coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') as "localeProvider", coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale') as locale, pg_catalog.to_jsonb(d) ->> 'daticurules' as "icuRules", (select reset_val from pg_catalog.pg_settings where name = 'lc_monetary') as monetary, pg_catalog.pg_database_size(d.oid)::text as bytes,
      pg_catalog.pg_is_in_recovery() as standby,
      case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn() else pg_catalog.pg_current_wal_lsn() end::text as position
    from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()`,
  );
  const { number, bytes, locale, icuRules, ...rest } = row!;
  return {
    ...rest,
    ...(locale ? { locale } : {}),
    ...(icuRules ? { icuRules } : {}),
    serverMajor: majorOf(number),
    bytes: Number(bytes),
    snapshotAt,
  };
}

/** Without plpgsql, which every database has. */
export async function extensionFacts(client: Client): Promise<ExtensionFacts[]> {
  return rows<ExtensionFacts>(
    client,
    `
    select e.extname as name, e.extversion as version, n.nspname as schema
    from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname <> 'plpgsql' order by 1`,
  );
}

/** Settings that functions set for themselves: a restore needs the right to set them. */
export async function parameterFacts(client: Client): Promise<string[]> {
  const found = await rows<{ name: string }>(
    client,
    `select distinct pg_catalog.split_part(setting, '=', 1) as name from pg_catalog.pg_proc p, pg_catalog.unnest(p.proconfig) setting where p.oid >= 16384 order by 1`,
  );
  return found.map(({ name }) => name);
}
