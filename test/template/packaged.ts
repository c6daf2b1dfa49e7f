import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { loadPlan } from '../../lib/config/load.ts';
import type { Plan } from '../../lib/domain/plan/policy.ts';
import { isAlive } from '../../scripts/local/local-state.ts';
import { Template } from './template.ts';

export const ROOT = resolve(__dirname, '../..');
const INPUTS = [
  'serverless.yml',
  'understudy.yml',
  'package-lock.json',
  'handlers',
  'lib',
  'scripts/serverless',
  'test/template/everything.yml',
  'test/template/packaged.ts',
];
const TEMPLATE = 'cloudformation-template-update-stack.json';

/** `service` is the directory that was packaged; the template and the zips lie in its `.serverless`. */
export type Packaged = { service: string; directory: string; template: Template };

/** What is packaged: with which parameters, for which understudy.yml. */
type Variant = {
  name: string;
  config: string;
  params: Record<string, string>;
  /** Only the template: no bundles, which take longer than all the rest. */
  templateOnly: boolean;
};

const SAMPLE: Variant = { name: 'package', config: 'understudy.yml', params: {}, templateOnly: false };

/** Everything that can be given: a VPC, people, a replica, and a plan with every sort of target, job and copy. Some is in the file. */
const EVERYTHING: Variant = {
  name: 'package-everything',
  config: 'test/template/everything.yml',
  params: {
    vpcSubnets: 'subnet-0000000a, subnet-0000000b',
    vpcSecurityGroups: 'sg-0000000a',
    alertEmail: 'oncall@example.com',
    replicaBucket: 'vault-replica',
    replicaRegion: 'eu-west-1',
    replicaKey: 'arn:aws:kms:eu-west-1:123456789012:key/replica',
  },
  templateOnly: true,
};

/**
 * The deployment as `serverless package` makes it. What is there already is used when it is newer than everything it
 * is made from and was made for the same stage and plan; UNDERSTUDY_PACKAGE names a service to look at instead.
 */
export function packaged(): Packaged {
  const given = process.env['UNDERSTUDY_PACKAGE'];
  if (given) return read(resolve(ROOT, given));
  return usable(ROOT, SAMPLE) ?? made(SAMPLE);
}

/** The template of a deployment with everything; no packages lie beside it. */
export function everything(): Packaged {
  return made(EVERYTHING);
}

function made(variant: Variant): Packaged {
  const own = join(ROOT, '.understudy', variant.name);
  return usable(own, variant) ?? alone(`${own}.making`, () => usable(own, variant) ?? make(own, variant));
}

/** The plan of this repository's own understudy.yml, or of the one with everything. */
export function plan({ config } = SAMPLE): Plan {
  return loadPlan(readFileSync(join(ROOT, config), 'utf8'), config, new Date());
}
export const planOfEverything = () => plan(EVERYTHING);

/** plan.json as a package has to hold it. */
export const planJson = (variant = SAMPLE) => `${JSON.stringify(plan(variant), null, 2)}\n`;

export const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** Longest that a packaging may take, in milliseconds; seconds on a quiet machine. */
const PACKAGING_TAKES = 900_000;

/** Runs the framework in a directory, as npm would, on the project's own Node. Throws with what it printed. */
export function serverless(
  service: string,
  args: string[],
  environment: Record<string, string> = {},
): string {
  const bin = join(ROOT, 'node_modules/.bin');
  const { AWS_PROFILE: _, UNDERSTUDY_CONFIG: __, ...rest } = process.env;
  const env = { ...rest, PATH: `${bin}:${process.env['PATH']}`, AWS_REGION: 'eu-central-1', ...environment };
  const run = spawnSync(join(bin, 'serverless'), args, {
    cwd: service,
    env,
    encoding: 'utf8',
    timeout: PACKAGING_TAKES,
    killSignal: 'SIGKILL',
  });
  if (run.status !== 0) throw new Error(`serverless ${args.join(' ')} failed:\n${run.stdout}${run.stderr}`);
  return run.stdout;
}

/** What the framework says when a deployment with everything is packaged without some parameters, which must not work. */
export function packagingWithout(...left: string[]): string {
  const service = join(ROOT, '.understudy', `package-without-${left.join('-')}`);
  const params = Object.fromEntries(
    Object.entries(EVERYTHING.params).filter(([name]) => !left.includes(name)),
  );
  try {
    make(service, { ...EVERYTHING, params });
  } catch (error) {
    return String(error);
  } finally {
    rmSync(service, { recursive: true, force: true });
  }
  throw new Error(`a deployment without ${left.join(' and ')} was packaged`);
}

/** In a directory of its own that shares our files: the framework always writes beside its configuration. */
function make(service: string, { config, params, templateOnly }: Variant): Packaged {
  rmSync(service, { recursive: true, force: true });
  mkdirSync(service, { recursive: true });
  for (const name of ['handlers', 'lib', 'scripts', 'node_modules'])
    symlinkSync(join(ROOT, name), join(service, name));
  for (const name of ['serverless.yml', 'package.json', 'package-lock.json'])
    copyFileSync(join(ROOT, name), join(service, name));
  if (templateOnly) leaveBundlesOut(service);
  const given = Object.entries({ image: 'prebuilt', ...params }).map(
    ([name, value]) => `--param=${name}=${value}`,
  );
  serverless(service, ['package', ...given], { UNDERSTUDY_CONFIG: join(ROOT, config) });
  return read(service);
}

/** The same configuration, with one finished package for every function. */
function leaveBundlesOut(service: string): void {
  const file = join(service, 'serverless.yml');
  const text = readFileSync(file, 'utf8');
  const plain = text
    .replace('  - serverless-esbuild\n', '')
    .replace('package:\n  individually: true\n', 'package:\n  artifact: nothing.zip\n');
  if (plain === text || plain.includes('individually'))
    throw new Error('serverless.yml makes its bundles in another way now');
  writeFileSync(file, plain);
  writeFileSync(join(service, 'nothing.zip'), '');
}

function usable(service: string, variant: Variant): Packaged | undefined {
  const file = join(service, '.serverless', TEMPLATE);
  if (!existsSync(file) || statSync(file).mtimeMs < newest(INPUTS.map((input) => join(ROOT, input))))
    return undefined;
  const found = read(service);
  const environment = found.template.text('DispatchLambdaFunction', 'Environment', 'Variables');
  return environment.includes(digestOf(planJson(variant))) && environment.includes('"UNDERSTUDY_STAGE":"dev"')
    ? found
    : undefined;
}

function read(service: string): Packaged {
  const directory = join(service, '.serverless');
  return {
    service,
    directory,
    template: new Template(JSON.parse(readFileSync(join(directory, TEMPLATE), 'utf8'))),
  };
}

function newest(paths: string[]): number {
  return Math.max(
    ...paths.map((path) => {
      const { mtimeMs } = statSync(path);
      return statSync(path).isDirectory()
        ? Math.max(mtimeMs, newest(readdirSync(path).map((name) => join(path, name))))
        : mtimeMs;
    }),
  );
}

/** jest's workers take turns. The lock names its process: that of a dead one is taken away. */
function alone<T>(lock: string, work: () => T): T {
  mkdirSync(dirname(lock), { recursive: true });
  for (let held = false; !held; ) {
    try {
      symlinkSync(String(process.pid), lock);
      held = true;
    } catch {
      if (!isAlive(holder(lock))) rmSync(lock, { recursive: true, force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function holder(lock: string): number {
  try {
    return Number(readlinkSync(lock));
  } catch {
    return Number.NaN;
  }
}
