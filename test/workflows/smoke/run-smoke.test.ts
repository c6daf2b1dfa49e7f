import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchRequests } from '../../../lib/adapters/http/fetch-requests.ts';
import { Refusal } from '../../../lib/domain/errors.ts';
import type { SmokeResult } from '../../../lib/domain/smoke/smoke-step.ts';
import { runSmoke, type SmokeAsked } from '../../../lib/workflows/smoke/run-smoke.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { planWith } from '../../support/plan.ts';
import { listening, SECRETS_OF_IT, smokeApplication, stopped } from '../../support/smoke-application.ts';

const WHOLE = `
smoke:
  url: https://app.example.com
  steps:
    - name: log in
      http: { method: POST, url: /login, json: { user: smoke, password: "\${secret:crm/smoke#app.password}" } }
      expect: { status: 200, headers: { content-type: application/json } }
      capture: { token: $.user.token, cookie: set-cookie }
    - name: load the workspace
      http: { url: /workspace, headers: { Authorization: "Bearer \${token}", Cookie: "\${cookie}" } }
      expect: { json: { $.name: crm, "$.members[0].name": anna }, text: anna }
    - name: create a record
      http: { method: POST, url: /records, headers: { Authorization: "Bearer \${token}" }, json: { title: one } }
      expect: { status: [200, 201] }
      capture: { id: $.id, place: location }
    - name: read it
      http: { url: "\${place}", headers: { Authorization: "Bearer \${token}" } }
      expect: { json: { $.id: "\${id}", $.title: one } }
    - name: update it
      http: { method: PUT, url: "/records/\${id}", headers: { Authorization: "Bearer \${token}" }, json: { title: two, of: "\${id}" } }
      expect: { json: { $.title: two, $.of: 41 } }
    - name: trigger the workflow
      priority: P1
      http: { method: POST, url: /workflows/7/runs, headers: { Authorization: "Bearer \${token}" } }
      expect: { status: 202 }
    - name: delete it
      cleanup: true
      http: { method: DELETE, url: "/records/\${id}", headers: { Authorization: "Bearer \${token}" } }
      expect: { status: 204 }
    - name: leads are there
      sql: select count(*) from public.leads
      expect: { minimum: 10 }
`;

type Application = Awaited<ReturnType<typeof smokeApplication>>;
let application: Application;
/** Another host. */
let other: Application;
/** Everything that anybody could read. */
let shown: string[];

beforeEach(async () => {
  [application, other] = [await smokeApplication(), await smokeApplication()];
  shown = [];
});
afterEach(async () => {
  await Promise.all([application.stop(), other.stop()]);
  for (const value of Object.values(SECRETS_OF_IT)) expect(shown.join('\n')).not.toContain(value);
});

/** Runs smoke steps against the application, as the function does. */
async function smoke(
  yaml: string,
  { url = application.url, ...asked }: Partial<SmokeAsked> = {},
  given: { secret?: string | Error; rows?: string; checksCertificates?: boolean } = {},
) {
  const {
    checksCertificates = true,
    secret = JSON.stringify({ app: { password: SECRETS_OF_IT.password } }),
    rows = '12',
  } = given;
  const pauses: number[] = [];
  const said: SmokeResult[] = [];
  const report = await runSmoke(
    { target: 'crm', url, ...asked },
    {
      plan: planWith({ target: yaml }),
      requests: fetchRequests({ checksCertificates }),
      secrets: {
        async text() {
          if (secret instanceof Error) throw secret;
          return secret;
        },
      },
      ask: () => async () => rows,
      pause: async (seconds) => void pauses.push(seconds),
      clock: manualClock('2026-11-20T12:00:00Z'),
      onStep: (result) => void said.push(result),
    },
  );
  shown.push(JSON.stringify(report), JSON.stringify(said));
  return { report, pauses, said, failed: report.results.filter(({ ok }) => !ok) };
}

const one = (step: string) =>
  `smoke:\n  url: https://app.example.com\n  steps:\n    - name: it\n      ${step}\n`;
const why = async (step: string) => (await smoke(one(step))).report.results[0]?.why;

test('logs in, loads the workspace, makes, reads, changes and deletes a record, and triggers a workflow', async () => {
  const { report, said } = await smoke(WHOLE);
  expect(report.results.map(({ step, ok }) => [step, ok])).toEqual([
    ['log in', true],
    ['load the workspace', true],
    ['create a record', true],
    ['read it', true],
    ['update it', true],
    ['trigger the workflow', true],
    ['leads are there', true],
    ['delete it', true],
  ]);
  expect(said).toEqual(report.results);
  expect(application.records.size).toBe(0);
  expect(application.triggered()).toBe(1);
});

test('cleans up after a step that failed, the newest first, and asks nothing that depends on what is missing', async () => {
  const { failed, report } = await smoke(
    WHOLE.replace('status: [200, 201]', 'status: 200').replace('/workspace,', '/records/7,'),
  );
  expect(failed).toEqual([
    {
      step: 'load the workspace',
      priority: 'P0',
      ok: false,
      why: 'answered 404, expected 200 to 299; there is nothing at $.name; there is nothing at $.members[0].name; the answer does not contain "anna"',
    },
    { step: 'create a record', priority: 'P0', ok: false, why: 'answered 201, expected 200' },
  ]);
  expect(application.asked.at(-1)).toBe('DELETE /records/41');
  expect(application.records.size).toBe(0);
  expect(report.results.at(-1)).toMatchObject({ step: 'delete it', priority: 'P2', ok: true });
});

test('does not run what needs a value that was not captured, and has nothing to clean up then', async () => {
  const { report } = await smoke(
    WHOLE.replace('app.password', 'app.other'),
    {},
    {
      secret: '{"app":{"other":"wrong"}}',
    },
  );
  expect(application.asked).toEqual(['POST /login']);
  expect(report.results.map(({ ok, why }) => [ok, why])).toEqual([
    [
      false,
      'answered 401, expected 200; there is no token at $.user.token; there is no cookie at set-cookie',
    ],
    ...Array(5).fill([
      false,
      expect.stringMatching(/^it did not run: "(log in|create a record)" captured no /),
    ]),
    [true, undefined],
    [true, 'nothing to clean up: "create a record" captured no id'],
  ]);
});

test('runs what cleans up in the reverse order of the file', async () => {
  const steps = ['one', 'two', 'three'].map(
    (name) => `    - { name: ${name}, cleanup: ${name !== 'two'}, http: { url: /${name} } }\n`,
  );
  await smoke(`smoke:\n  url: https://app.example.com\n  steps:\n${steps.join('')}`);
  expect(application.asked).toEqual(['GET /two', 'GET /three', 'GET /one']);
});

test('tries a step again after the distance that it names', async () => {
  application.wrong.login = 2;
  const again = WHOLE.replace('- name: log in', '- name: log in\n      retries: 2\n      retryAfter: 5s');
  const { failed, pauses } = await smoke(again);
  expect([failed, pauses]).toEqual([[], [5, 5]]);
  application.wrong.login = 3;
  expect((await smoke(again)).failed[0]).toMatchObject({
    step: 'log in',
    why: expect.stringContaining('answered 503'),
  });
});

test('sends only the requests where another asks the database', async () => {
  const { report } = await smoke(WHOLE, { only: 'http' });
  expect(report.results.map(({ step }) => step)).not.toContain('leads are there');
});

test.each([
  ['an answer that never comes', 'http: { url: /hang }\n      timeout: 1s', 'no whole answer within 1 s'],
  ['one that drips', 'http: { url: /drip }\n      timeout: 1s', 'no whole answer within 1 s'],
  ['5 MB', 'http: { url: /large }', 'its answer is larger than 1 MB, and no more is read'],
  [
    'JSON that is cut off',
    'http: { url: /broken }\n      expect: { json: { $.almost: x } }',
    'the answer is not JSON',
  ],
  [
    'a connection that is cut',
    'http: { url: /cut }',
    /^no whole answer from 127\.0\.0\.1:\d+: the answer ended too early/,
  ],
  ['another status', 'http: { url: /login, method: POST, body: "{}" }', 'answered 401, expected 200 to 299'],
  [
    'a header that is missing',
    'http: { url: /broken }\n      expect: { headers: { x-version: "2" } }',
    'the header x-version is missing',
  ],
  ['a redirect', 'http: { url: /to?/login }', 'answered 302, expected 200 to 299'],
  ['redirects without an end', 'http: { url: /loop, follow: true }', 'it redirects more than 5 times'],
])('a step with %s is told with what was expected', async (_, step, expected) => {
  const found = await why(step);
  if (typeof expected === 'string') expect(found).toBe(expected);
  else expect(found).toMatch(expected);
});

test('a redirect is followed on the same host, and no other host gets the secrets of the step', async () => {
  const step = (to: string) =>
    one(
      `http: { method: POST, url: "/to?${encodeURIComponent(to)}", follow: true, json: { password: "\${secret:crm/smoke#app.password}" } }`,
    );
  expect((await smoke(step('/login'))).failed).toEqual([]);
  const { failed } = await smoke(step(`${other.url}/login`));
  expect(failed).toMatchObject([{ why: 'it redirects to another host, which gets no request' }]);
  expect(other.asked).toEqual([]);
});

test('a captured address leads to no other host', async () => {
  const { failed } = await smoke(
    `smoke:\n  url: https://app.example.com\n  steps:\n    - { name: a, http: { url: "/to?${encodeURIComponent(other.url)}" }, expect: { status: 302 }, capture: { place: location } }\n    - { name: b, http: { url: "\${place}" } }\n`,
  );
  expect(failed).toMatchObject([
    { step: 'b', why: 'a captured value leads to another host, which gets no request' },
  ]);
  expect(other.asked).toEqual([]);
});

test('a captured value in a path stays a part of it', async () => {
  await smoke(
    `smoke:\n  url: https://app.example.com\n  steps:\n    - { name: a, http: { url: "/to?../admin?x=1" }, expect: { status: 302 }, capture: { id: location } }\n    - { name: b, http: { url: "/records/\${id}" } }\n`,
  );
  expect(application.asked[1]).toBe('GET /records/..%2Fadmin%3Fx%3D1');
});

test('an application that is not there is told, and one whose certificate nobody vouches for gets no request', async () => {
  await application.stop();
  expect(await why('http: { url: /login }')).toMatch(
    /^no whole answer from 127\.0\.0\.1:\d+: nothing listens there \(ECONNREFUSED\)$/,
  );
  const directory = mkdtempSync(join(tmpdir(), 'us-smoke-'));
  const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate],
      ...['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'],
    ],
    { stdio: 'ignore' },
  );
  let requests = 0;
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (_, response) => {
    requests++;
    response.end();
  });
  const url = (await listening(server)).replace('http:', 'https:');
  const { failed } = await smoke(one('http: { url: /login }'), { url });
  expect(failed).toMatchObject([
    {
      why: expect.stringMatching(/^the certificate or TLS of 127\.0\.0\.1:\d+ is not accepted \(DEPTH_ZERO/),
    },
  ]);
  expect(requests).toBe(0);
  await stopped(server);
});

test('nothing is sent where certificates are not checked', async () => {
  const { failed } = await smoke(WHOLE, { only: 'http' }, { checksCertificates: false });
  expect(failed[0]!.why).toContain('NODE_TLS_REJECT_UNAUTHORIZED=0');
  expect(application.asked).toEqual([]);
});

test('nothing is sent when a secret cannot be read or lacks the field', async () => {
  const refused = new Refusal('secret-unreadable', 'no');
  await expect(smoke(WHOLE, {}, { secret: refused })).rejects.toThrow(refused);
  await expect(smoke(WHOLE, {}, { secret: '{"app":{}}' })).rejects.toThrow(
    'the secret crm/smoke has no field app.password',
  );
  await expect(smoke(WHOLE, {}, { secret: 'no json' })).rejects.toThrow('has no field app.password');
  expect(application.asked).toEqual([]);
});

test('a secret with a line break in a header is told without its text', async () => {
  const step = one('http: { url: /login, headers: { x-key: "${secret:crm/smoke}" } }');
  const { failed } = await smoke(step, {}, { secret: `${SECRETS_OF_IT.password}\nmore` });
  expect(failed).toMatchObject([{ why: 'the request cannot be sent with the values that are put into it' }]);
});

test('an answer of the database that is not as expected is told without it', async () => {
  const { failed } = await smoke(WHOLE, {}, { rows: '7' });
  expect(failed).toEqual([
    {
      step: 'leads are there',
      priority: 'P0',
      ok: false,
      why: 'the answer is not as expected: expected at least 10',
    },
  ]);
});

test('a target without smoke steps is a mistake', async () => {
  await expect(smoke('')).rejects.toThrow('crm has no smoke steps');
});
