/** Who may import whom. Each rule says why, so that breaking it is a decision and not an accident. */
const layer = (name, comment, from, to) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: to },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'A cycle has no top to read from.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    layer(
      'domain-is-pure',
      'The rules are tested without anything outside.',
      '^lib/domain',
      '^(lib/(?!domain)|handlers|scripts|test)',
    ),
    layer(
      'ports-know-only-domain',
      'An interface must not know who implements it.',
      '^lib/ports',
      '^(lib/(?!domain|ports)|handlers|scripts)',
    ),
    layer(
      'config-knows-only-domain',
      'Configuration is judged before anything else exists.',
      '^lib/config',
      '^(lib/(?!domain|config)|handlers|scripts)',
    ),
    layer(
      'stories-know-only-ports',
      'A workflow reads the same on AWS and in a test.',
      '^lib/(workflows|checks)',
      '^(lib/(adapters|runtime|config)|handlers|scripts)',
    ),
    layer(
      'adapters-stand-alone',
      'Adapters meet only in the composition root.',
      '^lib/adapters',
      '^(lib/(?!adapters|ports|domain)|handlers|scripts)',
    ),
    layer(
      'aws-adapter-apart',
      'AWS knows nothing of PostgreSQL.',
      '^lib/adapters/aws',
      '^lib/adapters/postgres',
    ),
    layer(
      'postgres-adapter-apart',
      'PostgreSQL knows nothing of AWS.',
      '^lib/adapters/postgres',
      '^lib/adapters/aws',
    ),
    layer(
      'runtime-below-handlers',
      'The composition root is imported, it imports no handler.',
      '^lib/runtime',
      '^(handlers|scripts)',
    ),
    {
      name: 'aws-sdk-has-one-home',
      comment: 'Only lib/adapters/aws speaks to AWS.',
      severity: 'error',
      from: { path: '^(lib|handlers)', pathNot: '^lib/adapters/aws' },
      to: { path: 'node_modules/@aws-sdk' },
    },
    {
      name: 'pg-has-one-home',
      comment: 'Only lib/adapters/postgres speaks to PostgreSQL.',
      severity: 'error',
      from: { path: '^(lib|handlers)', pathNot: '^lib/adapters/postgres' },
      to: { path: 'node_modules/pg/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },

    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
