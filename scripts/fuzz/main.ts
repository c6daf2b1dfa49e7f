import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { examine, type Fault } from './oracle/examine.ts';
import { startLab } from './oracle/lab.ts';
import { reduce } from './oracle/reduce.ts';
import { plan } from './schema/generate.ts';

/**
 * `node scripts/fuzz/main.ts --seeds 1-500`: random databases, dumped, restored and proven. Prints one line for every
 * seed whose verdict plain pg_dump and pg_restore contradict, and the shortest statements that show each new kind of
 * fault. `PG_BIN` says which PostgreSQL. Ends 1 if there was any fault.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1-100' },
    jobs: { type: 'string', default: '2' },
    damages: { type: 'string', default: '4' },
    reduce: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const [first = 1, last = first] = values.seeds.split('-').map(Number);
const lab = await startLab();
const known = new Map<string, number>();
const verdicts = new Map<string, number>();
let [damaged, faulty, next] = [0, 0, first];

const say = (line: string) => {
  console.log(line);
};

async function work(): Promise<void> {
  for (let seed = next++; seed <= last; seed = next++) {
    const given = plan(seed, lab.major);
    const options = { seed, damages: Number(values.damages), text: true };
    const found = await examine(lab, given, options).catch((error: Error) => ({
      verdict: 'crashed',
      faults: [{ signature: `crash ${error.message.slice(0, 80)}`, detail: error.stack ?? '' }],
      accepted: [],
      damaged: 0,
    }));
    verdicts.set(found.verdict, (verdicts.get(found.verdict) ?? 0) + 1);
    damaged += found.damaged;
    if (process.env['FUZZ_REFUSED']) say(`seed ${seed}: ${found.verdict}`);
    if (found.faults.length === 0) continue;
    faulty++;
    if (values.out) appendFileSync(values.out, `${JSON.stringify({ seed, ...found })}\n`);
    const signatures = [...new Set(found.faults.map(({ signature }) => signature))];
    say(
      `seed ${seed} (${found.accepted.length} of ${given.world.statements.length} statements, ${found.verdict}): ${signatures.join('; ')}`,
    );
    for (const signature of signatures) {
      const times = known.get(signature) ?? 0;
      known.set(signature, times + 1);
      if (times === 0)
        await report(seed, found.faults.find((fault) => fault.signature === signature)!, found.accepted);
    }
  }
}

async function report(seed: number, fault: Fault, accepted: string[]): Promise<void> {
  say(indent(fault.detail));
  if (!values.reduce || fault.signature.startsWith('missed')) return;
  const { shape } = plan(seed, lab.major);
  const text = fault.signature.startsWith('text');
  const shows = async (statements: string[]) => {
    const found = await examine(lab, { shape, statements }, { seed, damages: 0, text }).catch(
      () => undefined,
    );
    return found?.faults.some(({ signature }) => signature === fault.signature) ?? false;
  };
  const fewest = await reduce(accepted, shows);
  say(indent(`-- create database x ${shape.options}; ${shape.settings.join('; ')}\n${fewest.join(';\n')};`));
}

const indent = (text: string) => text.replace(/^/gm, '      ');

await Promise.all(Array.from({ length: Number(values.jobs) }, work));
say(
  `${last - first + 1} seeds on PostgreSQL ${lab.major}: ${[...verdicts].map(([verdict, count]) => `${count} ${verdict}`).join(', ')}; ${damaged} damages; ${faulty} seeds with faults`,
);
for (const [signature, count] of [...known].sort((a, b) => b[1] - a[1])) say(`  ${count} ${signature}`);
await lab.cluster.stop();
process.exitCode = faulty > 0 ? 1 : 0;
