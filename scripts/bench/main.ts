import { describeMachine, print, ROUNDS, say } from './kit.ts';

/**
 * Measures what docs/benchmarks.md reports, all of it or the named parts:
 *
 *   node scripts/bench/main.ts [dump] [memory] [verify] [restore] [diff] [fingerprints] [dispatch] [import] [command]
 *
 * Figures are medians with the least and the most, as Markdown on stdout. BENCH_ROUNDS (5) is how often each is
 * measured, BENCH_MEGABYTES (1000) the size of the database of dump, verify and fingerprints, BENCH_ROWS (10,000,000) the rows of diff. Linux only: CPU time
 * and memory come from /proc.
 */
const BENCHES = {
  dump: async () => (await import('./bench-dump.ts')).benchDump(),
  memory: async () => (await import('./bench-memory.ts')).benchMemory(),
  verify: async () => (await import('./bench-verify.ts')).benchVerify(),
  restore: async () => (await import('./bench-restore.ts')).benchRestore(),
  diff: async () => (await import('./bench-diff.ts')).benchDiff(),
  fingerprints: async () => (await import('./bench-fingerprints.ts')).benchFingerprints(),
  dispatch: async () => (await import('./bench-dispatch.ts')).benchDispatch(),
  import: async () => (await import('./bench-import.ts')).benchImport(),
  command: async () => (await import('./bench-command.ts')).benchCommand(),
};
type Name = keyof typeof BENCHES;

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  say(`there is no ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}

print(`${describeMachine()}; ${ROUNDS} rounds.\n`);
for (const name of (asked.length > 0 ? asked : Object.keys(BENCHES)) as Name[]) {
  say(name);
  print(`## ${name}\n`);
  await BENCHES[name]();
}
process.exit(0);
