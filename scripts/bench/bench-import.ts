import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { packageDeployment } from '../local/package-deployment.ts';
import { ROOT } from '../local/tools.ts';
import { formatSpread, inTurn, printTable } from './kit.ts';

const ROUNDS = 15;

/** How long a fresh process takes to load each packaged handler: the part of a cold start that is not the runtime's. */
export async function benchImport(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'us-bench-import-'));
  try {
    const files = [...(await unpackedZips(directory)), ...imageBundles(directory)];
    const found = await inTurn(
      Object.fromEntries(files.map((file) => [file, () => Promise.resolve(load(file))])),
      ROUNDS,
    );
    printTable(
      ['handler', 'ms', 'CPU, ms', 'bundle, kB'],
      files.map((file) => [
        file.includes(`${directory}/image/`) ? `${basename(file, '.cjs')} (image)` : basename(file, '.cjs'),
        formatSpread(found[file]!, (each) => each.wall, 0),
        formatSpread(found[file]!, (each) => each.cpu, 0),
        Math.round(statSync(file).size / 1000).toString(),
      ]),
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Lambda's own variables, without which some modules refuse to load. */
const ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '',
  AWS_REGION: 'eu-central-1',
  POWERTOOLS_SERVICE_NAME: 'bench',
};

function load(file: string): { wall: number; cpu: number } {
  const script = `const before = process.cpuUsage(), began = performance.now();
    require(${JSON.stringify(file)});
    const wall = performance.now() - began, { user, system } = process.cpuUsage(before);
    process.stdout.write(JSON.stringify({ wall, cpu: (user + system) / 1000 }), () => process.exit(0));`;
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { env: ENVIRONMENT, encoding: 'utf8' }));
}

async function unpackedZips(directory: string): Promise<string[]> {
  const packages = dirname(await packageDeployment());
  return readdirSync(packages)
    .filter((name) => name.endsWith('.zip'))
    .flatMap((name) => unpack(join(packages, name), join(directory, basename(name, '.zip'))));
}

function imageBundles(directory: string): string[] {
  const image = join(directory, 'image');
  execFileSync(process.execPath, [join(ROOT, 'scripts', 'image', 'bundle.mjs'), image]);
  return readdirSync(join(image, 'handlers')).map((name) => join(image, 'handlers', name));
}

/** Unpacks the handlers of a zip, by its central directory; returns their paths. */
function unpack(zip: string, directory: string): string[] {
  const bytes = readFileSync(zip);
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const files: string[] = [];
  for (let entry = bytes.readUInt32LE(end + 16), left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const [compressed, name, extra, comment] = [
      bytes.readUInt32LE(entry + 20),
      bytes.readUInt16LE(entry + 28),
      bytes.readUInt16LE(entry + 30),
      bytes.readUInt16LE(entry + 32),
    ];
    const path = bytes.toString('utf8', entry + 46, entry + 46 + name);
    if (/^handlers\/[a-z-]+\.cjs$/.test(path)) {
      const local = bytes.readUInt32LE(entry + 42);
      const data = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
      const stored = bytes.subarray(data, data + compressed);
      const file = join(directory, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes.readUInt16LE(entry + 10) === 0 ? stored : inflateRawSync(stored));
      files.push(file);
    }
    entry += 46 + name + extra + comment;
  }
  return files;
}
