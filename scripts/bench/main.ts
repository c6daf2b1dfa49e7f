import { machine, print, ROUNDS, say } from './kit.ts';

/**
 * Measures what docs/benchmarks.md reports, all of it or what is named:
 *
 *   node scripts/bench/main.ts [dump] [memory] [verify] [fingerprints] [dispatch] [import] [command]
 *
 * Figures are medians with the least and the most, as Markdown on stdout. BENCH_ROUNDS (5) says how often each is
 * measured, BENCH_MEGABYTES (1000) how large the database of dump, verify and fingerprints is. Linux only: CPU time and
 * memory come from /proc.
 */
const BENCHES = {
  dump: () => import('./dump.ts'),
  memory: () => import('./memory.ts'),
  verify: () => import('./verify.ts'),
  fingerprints: () => import('./fingerprints.ts'),
  dispatch: () => import('./dispatch.ts'),
  import: () => import('./import.ts'),
  command: () => import('./command.ts'),
};
type Name = keyof typeof BENCHES;

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  say(`there is no ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}

print(`${machine()}; ${ROUNDS} rounds.\n`);
for (const name of (asked.length > 0 ? asked : Object.keys(BENCHES)) as Name[]) {
  say(name);
  print(`## ${name}\n`);
  await (await BENCHES[name]()).run();
}
process.exit(0);
