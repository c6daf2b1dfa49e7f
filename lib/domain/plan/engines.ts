/** What may run behind a target. */
export type EngineName = 'postgres' | 'mysql' | 'mariadb' | 'cache';

/** What Understudy does with an engine beyond its platform's snapshots. */
type Part = 'dump' | 'heartbeat' | 'proof of instances' | 'switching';

const PARTS: Record<EngineName, readonly Part[]> = {
  postgres: ['dump', 'heartbeat', 'proof of instances', 'switching'],
  mysql: [],
  mariadb: [],
  cache: [],
};

/** Does Understudy do this with the engine? */
export function does(engine: EngineName, part: Part): boolean {
  return PARTS[engine].includes(part);
}
