import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const ROOT = join(__dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const onEveryMajor = read('test/every-major.txt')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'));

/** What only a test has that makes databases or runs PostgreSQL's programs. */
const USES_POSTGRES =
  /createDatabase\(|startLocalRds\(|startCluster\(|\['PG_BIN'\]|tool\('PG_BIN'\)|scripts\/demo\//;

test('every test that uses PostgreSQL runs on every major', () => {
  const tests = filesUnder('test').filter((path) => path.endsWith('.test.ts') && path !== own());
  const using = tests.filter((path) => reached(path).some((each) => USES_POSTGRES.test(read(each))));
  expect(using.length).toBeGreaterThan(20);
  expect(using.filter((path) => !onEveryMajor.some((start) => path.startsWith(start)))).toEqual([]);
});

test('what is not tried on the majors between is tried on the others, and no adapter’s test is among it', () => {
  const ends = read('test/oldest-and-newest.txt')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));
  expect(
    ends.filter((path) => !onEveryMajor.some((start) => path.startsWith(start) || start.startsWith(path))),
  ).toEqual([]);
  const between = filesUnder('test').filter(
    (path) =>
      path.endsWith('.test.ts') &&
      onEveryMajor.some((start) => path.startsWith(start)) &&
      !ends.some((start) => path.startsWith(start)),
  );
  for (const kept of [
    'corpus',
    'innocent',
    'proof',
    'restore',
    'rights',
    'switching',
    'compare/patch',
    'doctor',
  ])
    expect(between).toContain(`test/integration/${kept}.test.ts`);
});

test('every path in test/every-major.txt has a test', () => {
  const tests = filesUnder('test').filter((path) => path.endsWith('.test.ts'));
  expect(onEveryMajor.filter((start) => !tests.some((path) => path.startsWith(start)))).toEqual([]);
});

test('scripts/prepare, serverless.yml and the image have the same majors', () => {
  const prepared = /^supported_majors='(.*)'$/m.exec(read('scripts/prepare/majors.sh'))?.[1];
  expect(prepared).toMatch(/^\d+( \d+)+$/);
  expect(/^ +pgMajors: ([\d ]+?) *#/m.exec(read('serverless.yml'))?.[1]).toBe(prepared);
  expect(/^ARG PG_MAJORS="(.*)"$/m.exec(read('scripts/image/Dockerfile'))?.[1]).toBe(prepared);
});

test('docs/postgresql-versions.md says which minor of every major was tried', () => {
  const [, majors, rows] = /^\| tried on \|(.+)\|\n\|[-|]+\|\n((?:\|.+\|\n)+)/m.exec(
    read('docs/postgresql-versions.md'),
  )!;
  const supported = /^supported_majors='(.*)'$/m.exec(read('scripts/prepare/majors.sh'))![1]!.split(' ');
  expect(majors!.split('|').map((cell) => cell.trim())).toEqual(supported);
  const [date, ...minors] = rows!
    .split('\n')[0]!
    .split('|')
    .map((cell) => cell.trim())
    .filter(Boolean);
  expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
  expect(minors.map((minor) => /^(\d+)\.\d+$/.exec(minor)?.[1])).toEqual(supported);
});

test.each([
  ['2026-11-29T23:59:59Z', '2026-11-23'],
  ['2026-11-30T00:00:00Z', '2026-11-30'],
])('the image installs the newest minors again once a week: at %s it is that of %s', (now, monday) => {
  jest.useFakeTimers({ now: new Date(now) });
  const week = jest.requireActual<() => string>('../../scripts/serverless/week.cjs');
  expect(week()).toBe(monday);
  jest.useRealTimers();
  expect(read('serverless.yml')).toContain('PG_WEEK: ${file(scripts/serverless/week.cjs)}');
  expect(read('scripts/image/Dockerfile')).toMatch(
    /ARG PG_WEEK[\s\S]*RUN echo .*PG_WEEK.*\\\n && apt-get update/,
  );
});

const own = () => 'test/unit/every-major.test.ts';

function filesUnder(directory: string): string[] {
  return readdirSync(join(ROOT, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));
}

/** The test and what it imports of test/ and scripts/, but for the setting-up that every test shares. */
function reached(path: string, found = new Set<string>()): string[] {
  found.add(path);
  for (const [, target] of read(path).matchAll(/from\s+'(\.[^']+\.ts)'/g)) {
    const next = resolve(ROOT, dirname(path), target!).slice(ROOT.length + 1);
    if (/^(test|scripts)\//.test(next) && !found.has(next)) reached(next, found);
  }
  return [...found];
}
