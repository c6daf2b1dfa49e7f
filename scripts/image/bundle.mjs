/**
 * Bundles the handlers that run from the image, with the options of those that run from a zip.
 *
 *   node scripts/image/bundle.mjs DIRECTORY      writes DIRECTORY/handlers/<name>.cjs
 */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** What needs PostgreSQL's programs. serverless.yml gives each of them the image and its command. */
export const IN_IMAGE = ['dump', 'verify', 'scratch', 'doctor', 'compare', 'extract', 'load'];

const root = resolve(fileURLToPath(import.meta.url), '../../..');

export async function bundle(directory) {
  const { outputFileExtension, exclude, concurrency, zipConcurrency, ...options } = createRequire(
    import.meta.url,
  )('../serverless/esbuild.cjs');
  await build({
    ...options,
    absWorkingDir: root,
    entryPoints: IN_IMAGE.map((name) => `handlers/${name}.ts`),
    outdir: resolve(directory, 'handlers'),
    outExtension: { '.js': outputFileExtension },
    external: exclude,
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv[2]) throw new Error('usage: node scripts/image/bundle.mjs DIRECTORY');
  await bundle(process.argv[2]);
}
