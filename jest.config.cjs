/** Everything runs as CommonJS: the layout of the deployed bundles. */
module.exports = {
  ...(process.env.TEST_SERVER ? { displayName: process.env.TEST_SERVER } : {}),
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  transform: {
    '^.+\\.m?[jt]s$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // middy publishes only ES modules; they are transformed like our own files.
  transformIgnorePatterns: ['/node_modules/(?!(@middy)/)'],
  moduleNameMapper: {
    '^@middy/core$': '<rootDir>/node_modules/@middy/core/index.js',
    '^@middy/util$': '<rootDir>/node_modules/@middy/util/index.js',
  },
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  testTimeout: 1_200_000, // no test is about time: a slow machine is no failure
  testSequencer: '<rootDir>/test/support/longest-first.cjs',
  maxWorkers: 2,
};
