/** Packages of extensions whose names are not `postgresql-MAJOR-NAME` with `-` for `_`. `%` is the server's major. */
const PACKAGES: Record<string, string> = {
  plperl: 'postgresql-plperl-%',
  plperlu: 'postgresql-plperl-%',
  plpython3u: 'postgresql-plpython3-%',
  pltcl: 'postgresql-pltcl-%',
  pltclu: 'postgresql-pltcl-%',
  vector: 'pgvector',
  pg_cron: 'cron',
  pg_partman: 'partman',
  pg_repack: 'repack',
  pg_similarity: 'similarity',
  pg_hint_plan: 'pg-hint-plan',
  pglogical: 'pglogical',
  orafce: 'orafce',
  timescaledb: 'timescaledb',
};
const POSTGIS = /^(?:postgis(?:_\w+)?|address_standardizer(?:_data_us)?)$/;
const TRANSFORM = /_(plperlu?|plpython3u|pltclu?)$/;

/** The packages of an extension: Debian's, and the entry for `pgExtensions` of serverless.yml. */
export function packageOf(extension: string, major: number): { debian: string; image: string } {
  const transform = TRANSFORM.exec(extension)?.[1];
  const image =
    PACKAGES[transform ?? extension] ??
    (POSTGIS.test(extension)
      ? 'postgis-3'
      : extension.replace(/^pg_/, '').replaceAll('_', '-').toLowerCase());
  const debian = image.includes('%') ? image.replace('%', String(major)) : `postgresql-${major}-${image}`;
  return { debian, image };
}
