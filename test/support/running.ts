import type { Cluster } from '../../scripts/local/cluster.ts';
import type { Moto } from '../../scripts/local/moto.ts';

export type Running = { moto: Moto; cluster: Cluster };

const KEY = '__understudy_running__';

/** What the whole test run shares, from its setup to its teardown. */
export function running(set?: Running): Running | undefined {
  const holder = globalThis as unknown as Record<string, Running | undefined>;
  if (set) holder[KEY] = set;
  return holder[KEY];
}
