import { load, mistakesOf, RIGHT } from './text.ts';

const SMOKE = `    smoke:
      url: https://app.example.com
      steps:
        - name: log in
          http: { method: POST, url: /login, json: { password: "\${secret:crm/smoke#p}" } }
          capture: { token: $.token }
        - name: read
          priority: P1
          timeout: 30s
          retries: 2
          http: { url: /records, headers: { x-token: "\${token}" }, follow: true }
          expect: { status: [200, 204], headers: { content-type: json }, json: { "$.list[0].id": 7 }, text: one }
        - name: log out
          cleanup: true
          http: { method: DELETE, url: "/sessions/\${token}" }
        - name: leads are there
          sql: select count(*) from public.leads
          expect: { minimum: 10 }
`;
/** The line of the first smoke step, to make mistakes easy to place. */
const FIRST = RIGHT.split('\n').length + 3;
const at = (line: number) => FIRST + line - 1;
const changed = (...changes: [string, string][]) =>
  RIGHT +
  changes.reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replace(from, () => to);
  }, SMOKE);

test('smoke steps are read with their defaults', () => {
  expect(load(RIGHT + SMOKE).targets[0]!.smoke).toEqual({
    url: 'https://app.example.com',
    steps: [
      {
        ...{ name: 'log in', priority: 'P0', timeout: 10, retries: 0, retryAfter: 2, cleanup: false },
        http: {
          method: 'POST',
          url: '/login',
          headers: {},
          follow: false,
          json: { password: '${secret:crm/smoke#p}' },
        },
        expect: { status: [], headers: {}, json: {} },
        capture: { token: '$.token' },
      },
      {
        ...{ name: 'read', priority: 'P1', timeout: 30, retries: 2, retryAfter: 2, cleanup: false },
        http: { method: 'GET', url: '/records', headers: { 'x-token': '${token}' }, follow: true },
        expect: {
          status: [200, 204],
          headers: { 'content-type': 'json' },
          json: { '$.list[0].id': 7 },
          text: 'one',
        },
        capture: {},
      },
      {
        // What is left behind ends no restore.
        ...{ name: 'log out', priority: 'P2', timeout: 10, retries: 0, retryAfter: 2, cleanup: true },
        http: { method: 'DELETE', url: '/sessions/${token}', headers: {}, follow: false },
        expect: { status: [], headers: {}, json: {} },
        capture: {},
      },
      {
        ...{ name: 'leads are there', priority: 'P0', timeout: 10, retries: 0, retryAfter: 2 },
        ...{ sql: 'select count(*) from public.leads', expect: { minimum: 10 } },
      },
    ],
  });
  expect(load(RIGHT).targets[0]!.smoke).toEqual({ steps: [] });
});

const STEPS = 'targets.crm.smoke.steps';

test.each<[string, [string, string][], string]>([
  [
    'neither http nor sql',
    [
      [
        '          sql: select count(*) from public.leads\n          expect: { minimum: 10 }',
        '          timeout: 1s',
      ],
    ],
    `${at(13)} ${STEPS}.3: expected exactly one of http and sql; found none`,
  ],
  [
    'both',
    [['sql: select', 'http: { url: / }\n          sql: select']],
    `${at(13)} ${STEPS}.3: expected exactly one of http and sql; found both`,
  ],
  [
    'an unknown key',
    [['timeout: 30s', 'timout: 30s']],
    `${at(6)} ${STEPS}.1.timout: unknown key; did you mean timeout?`,
  ],
  [
    'a priority that is none',
    [['priority: P1', 'priority: P7']],
    `${at(5)} ${STEPS}.1.priority: expected one of P0, P1, P2, got P7`,
  ],
  [
    'body and json',
    [['json: { password', 'body: x, json: { password']],
    `${at(2)} ${STEPS}.0.http.json: a request has only one of body and json`,
  ],
  [
    'a body of GET',
    [['{ method: POST, url: /login', '{ url: /login']],
    `${at(2)} ${STEPS}.0.http.method: GET sends no json; say method: POST`,
  ],
  [
    'a JSON path that is none',
    [['"$.list[0].id"', '"list.id"']],
    `${at(9)} ${STEPS}.1.expect.json.list.id: expected a JSON path such as $.records[0].id`,
  ],
  [
    'a status for sql',
    [['minimum: 10', 'minimum: 10, status: 200']],
    `${at(15)} ${STEPS}.3.expect.status: status is of an answer to http`,
  ],
  [
    'a minimum for http',
    [['text: one', 'minimum: 1']],
    `${at(9)} ${STEPS}.1.expect.minimum: minimum is of an answer to sql`,
  ],
  [
    'sql without an expectation',
    [['          expect: { minimum: 10 }\n', '']],
    `${at(13)} ${STEPS}.3.expect: expected exactly one of equals, minimum, fresherThan; found none`,
  ],
  [
    'sql that writes',
    [['select count(*) from public', 'delete from public']],
    `${at(14)} ${STEPS}.3.sql: a smoke step must begin with select, with, values, table, show or explain`,
  ],
  [
    'sql with a captured value',
    [['from public.leads', "from public.leads where id = '${token}'"]],
    `${at(14)} ${STEPS}.3.sql: sql takes no \${…}`,
  ],
  [
    'a cleanup that captures',
    [['cleanup: true', 'cleanup: true\n          capture: { a: $.a }']],
    `${at(12)} ${STEPS}.2.capture: a cleanup step captures nothing`,
  ],
  [
    'a user in an address',
    [['url: /records', 'url: "https://me:pass@h.example.com/"']],
    `${at(8)} ${STEPS}.1.http.url: expected /path, an address such as https://login.example.com/token without a user in it, or \${captured}`,
  ],
  [
    'a captured value that nobody captures',
    [['x-token: "${token}"', 'x-token: "${tokn}"']],
    `${at(8)} ${STEPS}.1.http.headers.x-token: no step captures \${tokn}`,
  ],
  [
    'one that a later step captures',
    [
      ['url: /login,', 'url: "/login/${list}",'],
      ['text: one }', 'text: one }\n          capture: { list: $.id }'],
    ],
    `${at(2)} ${STEPS}.0.http.url: \${list} is captured later, by "read"`,
  ],
  [
    'one that the step captures itself',
    [['url: /login,', 'url: "/login/${token}",']],
    `${at(2)} ${STEPS}.0.http.url: \${token} is captured later, by "log in"`,
  ],
  [
    'one that is captured twice',
    [['text: one }', 'text: one }\n          capture: { token: $.id }']],
    `${at(10)} ${STEPS}.1.capture.token: "log in" captures token already`,
  ],
  [
    'a reference that is none',
    [['/login,', '"/login/${to/ken}",']],
    `${at(2)} ${STEPS}.0.http.url: \${to/ken} is none of \${captured} and \${secret:NAME#field}`,
  ],
  [
    'a secret that is expected',
    [['text: one', 'text: "${secret:crm/smoke#p}"']],
    `${at(9)} ${STEPS}.1.expect.text: a secret cannot be expected: write it into the request only`,
  ],
  [
    'a name twice',
    [['name: read', 'name: log in']],
    `${at(4)} ${STEPS}.1.name: another step is called "log in"; a name is used once`,
  ],
  [
    'a path without an application',
    [['      url: https://app.example.com\n', '']],
    `${at(1)} ${STEPS}.0.http.url: it has no host; add smoke.url, the address of the application`,
  ],
  [
    'the host of the application again',
    [['url: /records', 'url: "https://app.example.com/records"']],
    `${at(8)} ${STEPS}.1.http.url: it has the host of smoke.url; write only the path, so that --url and a restore apply`,
  ],
  [
    'a host from a captured value',
    [['url: /records', 'url: "https://${token}/records"']],
    `${at(8)} ${STEPS}.1.http.url: a host is written out: it decides where secrets are sent`,
  ],
  [
    'more time than a function has',
    [['timeout: 30s', 'timeout: 5m']],
    `${at(0)} ${STEPS}: the steps may take 16 min in all; at most 10 min: lower timeout or retries`,
  ],
])('%s is a mistake', (_, changes, mistake) => {
  expect(mistakesOf(changed(...changes))[0]).toBe(mistake);
});

test('all mistakes are told at once', () => {
  const both = changed(
    ['x-token: "${token}"', 'x-token: "${tokn}"'],
    ['/sessions/${token}', '/sessions/${tokem}'],
  );
  expect(mistakesOf(both)).toHaveLength(2);
});

test('sql needs a connection', () => {
  const without = `version: 1
policies:
  p:
    objectives: { rpo: { snapshot: 26h }, rto: 1h }
    schedules: { snapshot: "0 1 * * *", preflight: "0 6 * * *", expire: "0 5 * * *" }
    retention: { daily: 35d }
targets:
  crm:
    policy: p
    rds: crm-db
    smoke: { steps: [{ name: a, sql: select 1, expect: { equals: 1 } }] }
`;
  expect(mistakesOf(without)).toEqual([
    '11 targets.crm.smoke: its steps have sql; add connection: { secret: … }',
  ]);
});
