import type { Target } from '../../domain/plan/policy.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Credentials } from '../../ports/credentials.ts';
import type { Databases } from '../../ports/databases.ts';

type ForgetDeps = {
  catalog: Pick<Catalog, 'standingRestores' | 'putRestore'>;
  engine: { databases: Pick<Databases, 'find'> };
};

/**
 * Databases that restores have left on the server of this target, and that somebody has dropped since: nobody is reminded
 * of them any more. The watch cannot look, and would keep a server awake that sleeps.
 */
export async function forgetDropped(
  target: Target,
  credentials: Credentials,
  { catalog, engine }: ForgetDeps,
): Promise<void> {
  for (const record of await catalog.standingRestores()) {
    const { old, state } = record;
    const isHere = old?.host === credentials.host && old.port === credentials.port;
    if (record.target !== target.id || record.kind !== 'database' || state === 'running' || !isHere) continue;
    const kept: NonNullable<typeof record.kept> = [];
    for (const each of record.kept ?? []) {
      const found = await engine.databases.find(credentials, { id: each.resourceId });
      if (found) kept.push(each);
    }
    if (kept.length < (record.kept?.length ?? 0)) await catalog.putRestore({ ...record, kept });
  }
}
