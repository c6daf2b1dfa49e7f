/**
 * Name of the default parameter group of an engine's version: `default.postgres15`, `default.mysql8.0`,
 * `default.aurora-postgresql16`. PostgreSQL's and Aurora PostgreSQL's families are their major version, MySQL's and
 * MariaDB's have the minor in it.
 */
export function defaultParameterGroup(engine: string, engineVersion: string): string {
  const [major, minor] = engineVersion.split('.');
  const version =
    engine.endsWith('postgres') || engine.endsWith('postgresql') ? major : `${major}.${minor ?? 0}`;
  return `default.${engine}${version}`;
}
