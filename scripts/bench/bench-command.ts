import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localClientConfig, startMoto } from '../local/moto.ts';
import { packageDeployment } from '../local/package-deployment.ts';
import { readTemplate } from '../local/read-template.ts';
import { createStack } from '../local/stack.ts';
import { storeSecret } from '../local/store-secret.ts';
import { ROOT } from '../local/tools.ts';
import { formatSpread, inTurn, printTable, withStage } from './kit.ts';

/** BENCH_COMMAND measures another command, such as that of an earlier commit. */
const UNDERSTUDY = process.env['BENCH_COMMAND'] || join(ROOT, 'understudy');

const CONFIG = `version: 1
policies:
  tiny:
    objectives: { rpo: { dump: 26h }, rto: 1h }
    schedules: { dump: "0 1 * * *", verify: "30 1 * * *", rehearse: "0 2 * * SUN", expire: "0 5 * * *" }
    retention: { all: 7d }
targets:
  tiny: { policy: tiny, connection: { secret: tiny } }
`;

/** What a person waits for: the command itself, and a whole dump of a tiny database. */
export async function benchCommand(): Promise<void> {
  const template = readTemplate(await packageDeployment(), 'bench');
  await withStage(async (cluster, directory) => {
    await cluster.sql('postgres', 'create table t as select generate_series(1, 1000) as id');
    const config = join(directory, 'understudy.yml');
    writeFileSync(config, CONFIG);
    const moto = await startMoto();
    try {
      const { environment } = await createStack(moto.endpoint, template, 'bench');
      await storeSecret(
        'tiny',
        `${cluster.url('postgres')}?sslmode=disable`,
        localClientConfig(moto.endpoint),
      );
      const of =
        (...args: string[]) =>
        async () =>
          once([...args, '--config', config], environment);
      const cold = mkdtempSync(join(tmpdir(), 'us-bench-cold-'));
      const found = await inTurn({
        '--help': of('--help'),
        '--help, nothing kept': async () => {
          rmSync(cold, { recursive: true, force: true });
          return once(['--help'], { ...environment, NODE_COMPILE_CACHE: cold });
        },
        '--local status': of('--local', 'status'),
        '--local run dump, and its verification': of('--local', 'run', 'dump', 'tiny'),
      });
      rmSync(cold, { recursive: true, force: true });
      printTable(
        ['', 's', 'CPU, s'],
        Object.entries(found).map(([name, runs]) => [
          name,
          formatSpread(runs, ({ seconds }) => seconds),
          formatSpread(runs, ({ cpu }) => cpu),
        ]),
      );
    } finally {
      await moto.stop();
    }
  });
}

/** CPU time of the command and of the programs that it waited for. */
function once(args: string[], environment: Record<string, string>): { seconds: number; cpu: number } {
  const timed = `s=$(date +%s%N); "$0" "$@" >/dev/null 2>&1; c=$?; e=$(date +%s%N); times; echo "$((e - s)) $c"`;
  const ran = spawnSync('bash', ['-c', timed, UNDERSTUDY, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...environment, NO_COLOR: '1' },
  });
  const [, times = '', outcome = ''] = ran.stdout.trim().split('\n');
  const [nanoseconds = 0, code] = outcome.split(' ').map(Number);
  if (code !== 0 && code !== 3) throw new Error(`${args.join(' ')} ended with ${code}: ${ran.stderr}`);
  const cpu = [...times.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
  return { seconds: nanoseconds / 1e9, cpu };
}
