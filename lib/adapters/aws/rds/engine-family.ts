import type { EngineName } from '../../../domain/plan/engines.ts';
import type { EngineFamily, PlatformEngine } from '../../../ports/platform.ts';

const ENGINES: Record<string, EngineName> = {
  postgres: 'postgres',
  'aurora-postgresql': 'postgres',
  mysql: 'mysql',
  'aurora-mysql': 'mysql',
  mariadb: 'mariadb',
};

/**
 * What RDS calls the groups of an engine's version: `default.postgres15` and `default:postgres-15`, `default.mysql8.0`,
 * `default.aurora-postgresql16`. PostgreSQL's families are their major version, MySQL's and MariaDB's have the minor in it.
 */
export function engineFamily({ engine, engineVersion }: PlatformEngine): EngineFamily {
  const [major, minor] = engineVersion.split('.');
  const known = ENGINES[engine];
  const version = known === 'postgres' ? major : `${major}.${minor ?? 0}`;
  return {
    engine: known,
    isAurora: engine.startsWith('aurora'),
    parameterGroup: `default.${engine}${version}`,
    optionGroup: `default:${engine}-${version?.replace('.', '-')}`,
  };
}
