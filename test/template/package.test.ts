import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { digestOf, everything, packaged, planJson, ROOT, serverless } from './packaged.ts';
import { unzip } from './zip.ts';

const { service, directory, template } = packaged();
const functions = template.ids('Lambda::Function');
const zipped = functions.filter((id) => template.text(id, 'PackageType') !== 'Image');
const fromImage = functions.filter((id) => !zipped.includes(id));
const room = mkdtempSync(join(tmpdir(), 'package-'));
afterAll(() => rmSync(room, { recursive: true, force: true }));

/** What a bundle exports as its handler when it is all there is. */
const exportsOf = (place: string, name: string) =>
  execFileSync(process.execPath, ['--print', `typeof require('./handlers/${name}.cjs').handler`], {
    cwd: place,
    env: { LAMBDA_TASK_ROOT: place, AWS_REGION: 'eu-central-1' },
    encoding: 'utf8',
  }).trim();

/**
 * What a bundle says to a message: Lambda's first invocation, of a durable function as the service makes it. Nothing of AWS
 * is there, so whatever is done with the message beyond reading it fails otherwise.
 */
function saysTo(place: string, name: string, message: unknown, durable: boolean): string {
  const script = `
    const { handler } = require('./handlers/${name}.cjs');
    const context = { functionName: '${name}', awsRequestId: '1', getRemainingTimeInMillis: () => 60000 };
    handler(${JSON.stringify(durable ? executionOf(message) : message)}, context)
      .then((answer) => console.log(JSON.stringify(answer)), (error) => console.log(error.name + ': ' + error.message));`;
  return execFileSync(process.execPath, ['-e', script], {
    cwd: place,
    env: { LAMBDA_TASK_ROOT: place, AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
    encoding: 'utf8',
    timeout: 600_000,
  });
}

const executionOf = (message: unknown) => ({
  DurableExecutionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:f:1/durable-execution/a/b',
  CheckpointToken: 'token',
  InitialExecutionState: {
    Operations: [
      {
        Id: '0',
        Type: 'EXECUTION',
        Status: 'STARTED',
        StartTimestamp: '2026-11-20T01:00:00Z',
        ExecutionDetails: { InputPayload: JSON.stringify(message) },
      },
    ],
    NextMarker: '',
  },
});

const nameOf = (id: string) => template.text(id, 'FunctionName').split('-').at(-1)!;
/** Its file, as files are called here: `rehearse-instance` of `rehearseInstance`. */
const fileOf = (id: string) => nameOf(id).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

test.each([
  ['the sample', directory],
  ['everything', everything().directory],
])('cfn-lint finds nothing in a deployment of %s, with no rule ignored', (_, made) => {
  const file = join(made, 'cloudformation-template-update-stack.json');
  const args = ['--regions', 'eu-central-1', '--template', file];
  execFileSync(process.env['CFN_LINT'] || 'cfn-lint', args, { encoding: 'utf8' });
});

test('functions are named after their stage and their part', () => {
  for (const id of functions) {
    const part = id.replace('LambdaFunction', '');
    const name = `${part[0]!.toLowerCase()}${part.slice(1)}`;
    expect(template.text(id, 'FunctionName')).toBe(`understudy-dev-${name}`);
  }
});

describe.each(zipped)('the package of %s', (id) => {
  const files = unzip(join(directory, `${nameOf(id)}.zip`));

  test('holds its handler and the plan, and nothing else', () => {
    expect([...files.keys()].sort()).toEqual([`handlers/${fileOf(id)}.cjs`, 'plan.json']);
    expect(template.text(id, 'Handler')).toBe(`handlers/${fileOf(id)}.handler`);
    expect(files.get('plan.json')).toBe(planJson());
  });

  test('keeps the names of error classes', () => {
    const classes = [
      ...files.get(`handlers/${fileOf(id)}.cjs`)!.matchAll(/(\w+)=class(?: \w+)? extends UnderstudyError\b/g),
    ];
    const ours = readFileSync(join(ROOT, 'lib/domain/errors.ts'), 'utf8');
    expect(classes.length).toBeGreaterThan(0);
    for (const [, name] of classes) expect(ours).toContain(`class ${name} extends UnderstudyError`);
  });

  test('exports its handler with nothing beside it', () => {
    const place = join(room, id);
    for (const [name, text] of files) {
      mkdirSync(dirname(join(place, name)), { recursive: true });
      writeFileSync(join(place, name), text);
    }
    expect(exportsOf(place, fileOf(id))).toBe('function');
  });
});

/** The watch is asked nothing; what nobody takes and what nobody knows is kept and told of, whatever it is. */
const REFUSES_NOTHING = ['watch', 'unclaimed', 'notice'];

test.each(zipped.filter((id) => !REFUSES_NOTHING.includes(nameOf(id))))(
  'the package of %s refuses a message of another job',
  (id) => {
    const durable = template.value(id, 'DurableConfig') !== undefined;
    const said = saysTo(join(room, id), fileOf(id), { job: 'nonsense' }, durable);
    expect(said).toContain('the message is not understood');
  },
);

describe('the image', () => {
  const made = join(room, 'image');
  beforeAll(() => {
    execFileSync(process.execPath, [join(ROOT, 'scripts/image/bundle.mjs'), made], { cwd: ROOT });
    writeFileSync(join(made, 'plan.json'), planJson());
  });

  test('holds a bundle for exactly the functions that run from it', () => {
    const bundles = readdirSync(join(made, 'handlers')).filter((name) => name.endsWith('.cjs'));
    expect(bundles.sort()).toEqual(fromImage.map((id) => `${nameOf(id)}.cjs`).sort());
  });

  test.each(fromImage)('holds the handler that %s starts it with', (id) => {
    expect(template.list(id, 'ImageConfig', 'Command')).toEqual([`handlers/${nameOf(id)}.handler`]);
    expect(exportsOf(made, nameOf(id))).toBe('function');
  });

  test('holds the authorities that libpq verifies servers by, in one file', () => {
    const file = join(room, 'rds.pem');
    execFileSync(process.execPath, [join(ROOT, 'scripts/image/rds-authorities.mjs'), file], { cwd: ROOT });
    expect(readFileSync(file, 'utf8').match(/BEGIN CERTIFICATE/g)!.length).toBeGreaterThan(90);
    expect(readFileSync(join(service, '.understudy/private-authorities.pem'), 'utf8')).toBe('');
    expect(readFileSync(join(ROOT, 'scripts/image/Dockerfile'), 'utf8')).toContain(
      '> /var/task/authorities.pem',
    );
    expect(readFileSync(join(ROOT, '.dockerignore'), 'utf8')).toContain(
      '!.understudy/private-authorities.pem',
    );
  });

  test('has a home, which nobody can write', () => {
    const dockerfile = readFileSync(join(ROOT, 'scripts/image/Dockerfile'), 'utf8');
    expect(dockerfile).toMatch(/^ENV .*\bHOME=\/var\/task$/m);
  });

  test('holds the plan, which .dockerignore lets in', () => {
    expect(readFileSync(join(service, '.understudy/plan.json'), 'utf8')).toBe(planJson());
    expect(readFileSync(join(ROOT, 'scripts/image/Dockerfile'), 'utf8')).toContain(
      'COPY .understudy/plan.json /var/task/',
    );
    expect(readFileSync(join(ROOT, '.dockerignore'), 'utf8')).toContain('!.understudy/plan.json');
  });
});

test('every function knows its stage, the digest of its plan, and the name of its metrics', () => {
  for (const id of functions)
    expect(template.variables(id)).toMatchObject({
      UNDERSTUDY_STAGE: 'dev',
      UNDERSTUDY_PLAN_DIGEST: digestOf(planJson()),
      POWERTOOLS_SERVICE_NAME: 'understudy-dev',
    });
});

test('every function has a log group, which keeps logs for a month', () => {
  const logs = template.ids('Logs::LogGroup');
  const expected = functions.map((id) => `/aws/lambda/${template.text(id, 'FunctionName')}`);
  expect(logs.map((id) => template.text(id, 'LogGroupName')).sort()).toEqual(expected.sort());
  for (const id of logs) expect(template.value(id, 'RetentionInDays')).toBe(30);
});

test('two mistakes in understudy.yml end the packaging, and each is listed once', () => {
  const file = join(room, 'wrong.yml');
  const text = readFileSync(join(ROOT, 'understudy.yml'), 'utf8');
  writeFileSync(file, text.replace('rto: 1h', 'rto: 1hour').replace('grace: 30m', 'grace: soon'));
  let said = '';
  try {
    serverless(ROOT, ['package', '--param=image=prebuilt'], { UNDERSTUDY_CONFIG: file });
  } catch (error) {
    said = String(error);
  }
  expect(said).toContain('2 mistakes');
  expect(said.split('policies.production.objectives.rto')).toHaveLength(2);
  expect(said.split('policies.production.grace')).toHaveLength(2);
});
