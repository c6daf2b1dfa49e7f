import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { digestOf, packaged, planJson, ROOT, serverless } from './packaged.ts';
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

const nameOf = (id: string) => template.text(id, 'FunctionName').split('-').at(-1)!;

test('cfn-lint finds nothing, with no rule ignored', () => {
  const lint = process.env['CFN_LINT'] || 'cfn-lint';
  execFileSync(
    lint,
    ['--regions', 'eu-central-1', '--template', join(directory, 'cloudformation-template-update-stack.json')],
    { encoding: 'utf8' },
  );
});

test('functions are found by stage and name', () => {
  for (const id of functions)
    expect(template.text(id, 'FunctionName')).toBe(
      `understudy-dev-${id.replace('LambdaFunction', '').toLowerCase()}`,
    );
});

describe.each(zipped)('the package of %s', (id) => {
  const files = unzip(join(directory, `${nameOf(id)}.zip`));

  test('holds its handler, the plan, and nothing of the other functions', () => {
    expect([...files.keys()].sort()).toEqual([`handlers/${nameOf(id)}.cjs`, 'plan.json']);
    expect(template.text(id, 'Handler')).toBe(`handlers/${nameOf(id)}.handler`);
    expect(files.get('plan.json')).toBe(planJson());
  });

  test('calls our errors by their names, by which they are told apart', () => {
    const classes = [
      ...files.get(`handlers/${nameOf(id)}.cjs`)!.matchAll(/(\w+)=class(?: \w+)? extends UnderstudyError\b/g),
    ];
    const ours = readFileSync(join(ROOT, 'lib/domain/errors.ts'), 'utf8');
    expect(classes.length).toBeGreaterThan(0);
    for (const [, name] of classes) expect(ours).toContain(`class ${name} extends UnderstudyError`);
  });

  test('needs nothing beside it to export that handler', () => {
    const place = join(room, id);
    for (const [name, text] of files) {
      mkdirSync(dirname(join(place, name)), { recursive: true });
      writeFileSync(join(place, name), text);
    }
    expect(exportsOf(place, nameOf(id))).toBe('function');
  });
});

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

  test.each(fromImage)('is started by %s with its own handler, and has it', (id) => {
    expect(template.list(id, 'ImageConfig', 'Command')).toEqual([`handlers/${nameOf(id)}.handler`]);
    expect(exportsOf(made, nameOf(id))).toBe('function');
  });

  test('carries the same plan, and .dockerignore lets it in', () => {
    expect(readFileSync(join(service, '.understudy/plan.json'), 'utf8')).toBe(planJson());
    expect(readFileSync(join(ROOT, 'scripts/image/Dockerfile'), 'utf8')).toContain(
      'COPY .understudy/plan.json /var/task/',
    );
    expect(readFileSync(join(ROOT, '.dockerignore'), 'utf8')).toContain('!.understudy/plan.json');
  });
});

test('every function is told the digest of the plan that was deployed, and the name its metrics go by', () => {
  for (const id of functions) {
    expect(template.value(id, 'Environment', 'Variables')).toMatchObject({
      UNDERSTUDY_STAGE: 'dev',
      UNDERSTUDY_PLAN_DIGEST: digestOf(planJson()),
      POWERTOOLS_SERVICE_NAME: 'understudy-dev',
    });
  }
});

test('every log is kept for a month and then forgotten', () => {
  expect(
    template
      .ids('Logs::LogGroup')
      .map((id) => template.text(id, 'LogGroupName'))
      .sort(),
  ).toEqual(functions.map((id) => `/aws/lambda/${template.text(id, 'FunctionName')}`).sort());
  for (const id of template.ids('Logs::LogGroup')) expect(template.value(id, 'RetentionInDays')).toBe(30);
});

test('a mistake in understudy.yml ends the packaging, and every mistake is listed once', () => {
  const file = join(room, 'wrong.yml');
  const text = readFileSync(join(ROOT, 'understudy.yml'), 'utf8');
  writeFileSync(file, text.replace('rto: 1h', 'rto: 1hour').replace('policy: staging', 'policy: stagign'));
  let said = '';
  try {
    serverless(ROOT, ['package', '--param=image=prebuilt'], { UNDERSTUDY_CONFIG: file });
  } catch (error) {
    said = String(error);
  }
  expect(said).toContain('2 mistakes');
  expect(said.split('expected a duration such as')).toHaveLength(2);
  expect(said.split('there is no policy "stagign"')).toHaveLength(2);
});
