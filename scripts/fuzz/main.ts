import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { examineDatabase, type Fault } from './oracle/examine-database.ts';
import { type ExaminedSeed, examineSeeds } from './oracle/examine-seeds.ts';
import { startLab } from './oracle/lab.ts';
import { reduce } from './oracle/reduce.ts';
import { planDatabase } from './schema/generate-statements.ts';

/**
 * `node scripts/fuzz/main.ts --seeds 1-500`: random databases, dumped, restored and proven. Prints one line for every
 * seed whose verdict plain pg_dump and pg_restore contradict, and with `--reduce` the shortest statements that show
 * each new kind of fault. `PG_BIN` chooses the PostgreSQL. Exit code 1 if there was any fault.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1-100' },
    jobs: { type: 'string', default: '2' },
    damages: { type: 'string', default: '4' },
    reduce: { type: 'boolean', default: false },
    /** A file for every fault in full, one seed a line, as JSON. */
    out: { type: 'string' },
  },
});
const [first = 1, last = first] = values.seeds.split('-').map(Number);
const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index);
const lab = await startLab();
const known = new Map<string, number>();
const verdicts = new Map<string, number>();
const reasons = new Map<string, number[]>();
let [damaged, faulty] = [0, 0];

async function found(examined: ExaminedSeed): Promise<void> {
  verdicts.set(examined.verdict, (verdicts.get(examined.verdict) ?? 0) + 1);
  const { reason } = examined;
  if (reason) reasons.set(reason, [...(reasons.get(reason) ?? []), examined.seed]);
  damaged += examined.damaged;
  if (examined.faults.length === 0) return;
  faulty++;
  if (values.out) appendFileSync(values.out, `${JSON.stringify(examined)}\n`);
  const signatures = [...new Set(examined.faults.map(({ signature }) => signature))];
  console.log(
    `seed ${examined.seed} (${examined.accepted.length} statements, ${examined.verdict}): ${signatures.join('; ')}`,
  );
  for (const signature of signatures) {
    const times = known.get(signature) ?? 0;
    known.set(signature, times + 1);
    const fault = examined.faults.find((each) => each.signature === signature)!;
    if (times === 0) await explain(examined, fault);
  }
}

async function explain({ seed, accepted }: ExaminedSeed, fault: Fault): Promise<void> {
  console.log(indent(fault.detail));
  if (!values.reduce || fault.signature.startsWith('missed')) return;
  const { shape } = planDatabase(seed, lab.major);
  const text = fault.signature.startsWith('text');
  const shows = async (statements: string[]) => {
    const again = await examineDatabase(lab, { shape, statements }, { seed, damages: 0, text }).catch(
      () => undefined,
    );
    return again?.faults.some(({ signature }) => signature === fault.signature) ?? false;
  };
  const fewest = await reduce(accepted, shows);
  const settings = shape.settings.map((setting) => `\n-- alter database x set ${setting}`).join('');
  console.log(indent(`-- create database x ${shape.options}${settings}\n${fewest.join(';\n')};`));
}

const indent = (text: string) => text.replace(/^/gm, '      ');

await examineSeeds(lab, seeds, { damages: Number(values.damages), jobs: Number(values.jobs) }, found);
const counted = [...verdicts].sort(([, a], [, b]) => b - a).map(([verdict, count]) => `${count} ${verdict}`);
console.log(
  `${seeds.length} seeds on PostgreSQL ${lab.version}: ${counted.join(', ')}; ${damaged} damages; ${faulty} seeds with faults`,
);
for (const [signature, count] of [...known].sort((a, b) => b[1] - a[1]))
  console.log(`  ${count} ${signature}`);
console.log('refused, and confirmed unless it stands above:');
for (const [reason, of] of [...reasons].sort((a, b) => b[1].length - a[1].length))
  console.log(`  ${of.length} ${reason}: seeds ${of.slice(0, 5).join(', ')}${of.length > 5 ? ', …' : ''}`);
await lab.cluster.stop();
process.exitCode = faulty > 0 ? 1 : 0;
