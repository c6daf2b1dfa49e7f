/** Who may import whom. Each rule says why, so that breaking it is a decision and not an accident. */
const layer = (name, comment, from, to) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: to },
});

/** Each of these may import those before it, and nothing behind. */
const ROOMS = ['domain', 'ports', 'alerting', 'execution', 'points', 'restore'];
const COMMENTS = {
  domain: 'The rules are tested without anything outside.',
  ports: 'An interface must not know who implements it.',
  alerting: 'Findings are raised and closed for every job.',
  execution: 'How work survives knows no job.',
  points: 'What every job does with recovery points knows none of them.',
  restore: 'The phases of a restore belong to rehearsals and emergencies alike.',
};
const upTo = (room) => ROOMS.slice(0, ROOMS.indexOf(room) + 1).join('|');

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'A cycle has no top to read from.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...ROOMS.map((room) =>
      layer(
        `${room}-knows-what-stands-before-it`,
        COMMENTS[room],
        `^lib/${room}/`,
        `^(lib/(?!(${upTo(room)})/)|handlers|scripts|test)`,
      ),
    ),
    {
      name: 'a-story-knows-no-other',
      comment: 'What two workflows share lives in a room before them.',
      severity: 'error',
      from: { path: '^lib/workflows/([^/]+)/' },
      to: { path: '^lib/workflows/', pathNot: '^lib/workflows/$1/' },
    },
    layer(
      'stories-know-only-ports',
      'A workflow reads the same on AWS and in a test.',
      '^lib/workflows/',
      `^(lib/(?!(${upTo('restore')}|workflows)/)|handlers|scripts|test)`,
    ),
    layer(
      'config-knows-only-domain',
      'Configuration is judged before anything else exists.',
      '^lib/config/',
      '^(lib/(?!(domain|config)/)|handlers|scripts|test)',
    ),
    layer(
      'adapters-stand-alone',
      'Adapters meet only in the composition root.',
      '^lib/adapters/',
      '^(lib/(?!(adapters|ports|domain)/)|handlers|scripts|test)',
    ),
    layer('aws-adapter-apart', 'AWS knows no engine.', '^lib/adapters/aws/', '^lib/adapters/engines/'),
    layer(
      'engine-adapters-apart',
      'An engine knows nothing of AWS.',
      '^lib/adapters/engines/',
      '^lib/adapters/aws/',
    ),
    layer(
      'runtime-below-handlers',
      'The composition root is imported, it imports no handler.',
      '^lib/runtime/',
      '^(handlers|scripts|test)',
    ),
    {
      name: 'aws-sdk-has-one-home',
      comment: 'Only lib/adapters/aws speaks to AWS.',
      severity: 'error',
      from: { path: '^(lib|handlers)/', pathNot: '^lib/adapters/aws/' },
      to: { path: 'node_modules/@aws-sdk' },
    },
    {
      name: 'pg-has-one-home',
      comment: 'Only lib/adapters/engines/postgres speaks to PostgreSQL.',
      severity: 'error',
      from: { path: '^(lib|handlers)/', pathNot: '^lib/adapters/engines/postgres/' },
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
