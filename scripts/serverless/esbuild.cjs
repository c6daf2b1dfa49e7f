/** How every bundle is made: the zips by serverless-esbuild, the image by scripts/image/bundle.mjs. */
module.exports = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  // The package is "type": "module", so a CommonJS bundle has to say so in its name.
  format: 'cjs',
  outputFileExtension: '.cjs',
  // ES modules first, because only they can be shaken; the SDK is bundled: the smallest and fastest of what was tried.
  mainFields: ['module', 'main'],
  exclude: [],
  minify: true,
  // Errors are told apart by their names.
  keepNames: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  concurrency: 2,
  zipConcurrency: 2,
};
