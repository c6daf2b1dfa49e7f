import type { Log, Metrics } from '../../lib/ports/messages.ts';
import { embeddedMetrics, lambdaLog } from '../../lib/runtime/observe.ts';
import { recordingLog } from '../support/doubles/log.ts';
import { recordingMetrics } from '../support/doubles/metrics.ts';

type Counted = {
  name: string;
  value: number;
  dimensions: Record<string, string>;
  properties: Record<string, string>;
};
type Line = { level: string; message: string; fields: Record<string, unknown> };
type Embedded = Record<string, unknown> & {
  _aws: { CloudWatchMetrics: [{ Dimensions: [string[]]; Metrics: [{ Name: string; Unit: string }] }] };
};

/** What Lambda's log would have got. */
const printed: Record<string, unknown>[] = [];
const print = (...args: unknown[]) => {
  for (const text of args) printed.push(JSON.parse(String(text)));
};

beforeAll(() => {
  // In development mode Powertools prints with the console that a test can listen to.
  Object.assign(process.env, {
    POWERTOOLS_DEV: 'true',
    POWERTOOLS_METRICS_DISABLED: 'false',
    POWERTOOLS_LOG_LEVEL: 'DEBUG',
    POWERTOOLS_SERVICE_NAME: 'u',
  });
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
    jest.spyOn(console, method).mockImplementation(print);
});
beforeEach(() => {
  printed.length = 0;
});
afterAll(() => jest.restoreAllMocks());

function countedIn(line: Embedded): Counted {
  const [{ Dimensions, Metrics: metrics }] = line._aws.CloudWatchMetrics;
  const name = metrics[0].Name;
  const pick = (keys: string[]) => Object.fromEntries(keys.map((key) => [key, String(line[key])]));
  const dimensions = Dimensions[0].filter((key) => key !== 'service');
  const others = ['_aws', 'service', name, ...dimensions];
  const properties = Object.keys(line).filter((key) => !others.includes(key));
  return { name, value: Number(line[name]), dimensions: pick(dimensions), properties: pick(properties) };
}

describe.each<[string, () => { metrics: Metrics; counted: () => Counted[] }]>([
  [
    'recorded',
    () => {
      const metrics = recordingMetrics();
      return { metrics, counted: () => metrics.counted };
    },
  ],
  [
    'embedded in the log',
    () => ({ metrics: embeddedMetrics(), counted: () => printed.map((line) => countedIn(line as Embedded)) }),
  ],
])('metrics %s', (_name, make) => {
  it('have policy and job as dimensions, and the target as a property only', () => {
    const { metrics, counted } = make();
    metrics.count('JobFailed', 1, { policy: 'production', job: 'dump' }, { target: 'crm' });
    const dimensions = { policy: 'production', job: 'dump' };
    const properties = { target: 'crm' };
    expect(counted()).toEqual([{ name: 'JobFailed', value: 1, dimensions, properties }]);
  });

  it('need no dimensions, and leave those without a value out', () => {
    const { metrics, counted } = make();
    metrics.count('WatchCompleted', 1);
    metrics.count('JobFailed', 0, { job: 'verify', policy: undefined as never });
    expect(counted()).toEqual([
      { name: 'WatchCompleted', value: 1, dimensions: {}, properties: {} },
      { name: 'JobFailed', value: 0, dimensions: { job: 'verify' }, properties: {} },
    ]);
  });

  it('keep two counts of one name apart, each with its own dimensions', () => {
    const { metrics, counted } = make();
    metrics.count('JobsDispatched', 3, { job: 'dump' });
    metrics.count('JobsDispatched', 4, { job: 'verify' });
    expect(counted().map((each) => [each.value, each.dimensions])).toEqual([
      [3, { job: 'dump' }],
      [4, { job: 'verify' }],
    ]);
  });
});

it('metrics embedded in the log name the unit of each figure', () => {
  const metrics = embeddedMetrics();
  metrics.count('OldestNewestVerifiedSeconds', 90);
  metrics.count('OpenFindings', 2);
  const units = printed.map((line) => (line as Embedded)._aws.CloudWatchMetrics[0].Metrics[0].Unit);
  expect(units).toEqual(['Seconds', 'Count']);
});

describe.each<[string, () => { log: Log; lines: () => Line[] }]>([
  [
    'recorded',
    () => {
      const log = recordingLog();
      return { log, lines: () => log.lines };
    },
  ],
  [
    'of Lambda',
    () => ({
      log: lambdaLog(),
      lines: () =>
        printed.map(
          ({ level, message, timestamp: _at, service: _service, sampling_rate: _rate, ...fields }) => ({
            level: String(level).toLowerCase(),
            message: String(message),
            fields: Object.fromEntries(Object.entries(fields).filter(([key]) => !key.startsWith('xray'))),
          }),
        ),
    }),
  ],
])('the log %s', (_name, make) => {
  it.each(['info', 'warn', 'error'] as const)('has a line of level %s with its fields', (level) => {
    const { log, lines } = make();
    const fields = { run: 'dump/crm', attempt: 2, error: { code: 'x', message: 'y' } };
    log[level]('dump failed', fields);
    expect(lines()).toEqual([{ level, message: 'dump failed', fields }]);
  });

  it('has no field of one line in the next', () => {
    const { log, lines } = make();
    log.info('one', { target: 'crm' });
    log.info('two');
    expect(lines().map((line) => line.fields)).toEqual([{ target: 'crm' }, {}]);
  });

  it('keeps a line as it was written when its fields change later', () => {
    const { log, lines } = make();
    const fields = { points: ['a'] };
    log.info('points', fields);
    fields.points.push('b');
    expect(lines()[0]!.fields).toEqual({ points: ['a'] });
  });
});
