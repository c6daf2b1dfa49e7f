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
  // Identifiers stay: errors are told apart by their names, a stack can be read without a source map (which every cold
  // start would pay for), and wrapping each function to give its name back (keepNames) costs more than longer names do.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  concurrency: 2,
  zipConcurrency: 2,
};
