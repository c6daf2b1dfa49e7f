import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '../..');
const CONFIG = '.dependency-cruiser.cjs';
const { forbidden } = require(join(ROOT, CONFIG)) as { forbidden: { name: string }[] };

/** For each rule an import that it forbids: who imports what. */
const PLANTED: Record<string, [string, string]> = {
  'no-circular': ['lib/domain/plan/circle.ts', 'lib/domain/plan/other.ts'],
  'domain-knows-what-stands-before-it': ['lib/domain/points/a.ts', 'lib/ports/catalog.ts'],
  'ports-knows-what-stands-before-it': ['lib/ports/a.ts', 'lib/alerting/alerts.ts'],
  'alerting-knows-what-stands-before-it': ['lib/alerting/a.ts', 'lib/execution/claim.ts'],
  'execution-knows-what-stands-before-it': ['lib/execution/a.ts', 'lib/points/places.ts'],
  'points-knows-what-stands-before-it': ['lib/points/a.ts', 'lib/restore/restored.ts'],
  'restore-knows-what-stands-before-it': ['lib/restore/prove/a.ts', 'lib/workflows/dump/dump.ts'],
  'a-story-knows-no-other': ['lib/workflows/copy/a.ts', 'lib/workflows/dump/dump.ts'],
  'stories-know-only-ports': ['lib/workflows/watch/a.ts', 'lib/adapters/aws/clients.ts'],
  'config-knows-only-domain': ['lib/config/a.ts', 'lib/ports/catalog.ts'],
  'adapters-stand-alone': ['lib/adapters/aws/a.ts', 'lib/execution/claim.ts'],
  'aws-adapter-apart': ['lib/adapters/aws/b.ts', 'lib/adapters/engines/postgres/dump.ts'],
  'engine-adapters-apart': ['lib/adapters/engines/postgres/a.ts', 'lib/adapters/aws/clients.ts'],
  'runtime-below-handlers': ['lib/runtime/a.ts', 'handlers/dump.ts'],
  'aws-sdk-has-one-home': ['lib/points/b.ts', 'node_modules/@aws-sdk/client-s3/index.js'],
  'pg-has-one-home': ['handlers/a.ts', 'node_modules/pg/index.js'],
};

test('every import rule has an import here that breaks it', () => {
  expect(Object.keys(PLANTED).sort()).toEqual(forbidden.map(({ name }) => name).sort());
});

test('each import rule refuses the import that breaks it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'imports-'));
  try {
    const put = async (file: string, text: string) => {
      await mkdir(dirname(join(directory, file)), { recursive: true });
      await writeFile(join(directory, file), text);
    };
    await copyFile(join(ROOT, CONFIG), join(directory, CONFIG));
    for (const [, to] of Object.values(PLANTED)) await put(to, 'export const value = 1;\n');
    for (const [from, to] of Object.values(PLANTED)) await put(from, importOf(from, to));
    await put('lib/domain/plan/other.ts', importOf('lib/domain/plan/other.ts', 'lib/domain/plan/circle.ts'));

    const { violations } = await cruise(directory);
    const refused = violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
    for (const [name, [from, to]] of Object.entries(PLANTED))
      expect(refused).toContain(`${name}: ${from} -> ${to}`);
  } finally {
    await rm(directory, { recursive: true });
  }
});

const importOf = (from: string, to: string) => {
  const path = relative(dirname(from), to);
  return `export { value } from '${path.startsWith('.') ? path : `./${path}`}';\n`;
};

type Violation = { rule: { name: string }; from: string; to: string };

function cruise(directory: string): Promise<{ violations: Violation[] }> {
  const program = join(ROOT, 'node_modules/.bin/depcruise');
  const args = ['--config', CONFIG, '--output-type', 'json', 'lib', 'handlers'];
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: directory, maxBuffer: 50_000_000 }, (error, stdout) => {
      if (!stdout) return reject(error);
      resolve((JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary);
    });
  });
}
