import { UnderstudyError } from '../../../../lib/domain/errors.ts';
import type { Assertion } from '../../../../lib/domain/plan/policy.ts';
import type { SqlExpectation } from '../../../../lib/domain/smoke/smoke-step.ts';
import type { ScratchCopy } from '../../../../lib/ports/database.ts';
import { askAssertions, assertionFindings } from '../../../../lib/restore/prove/assertions.ts';
import { answerOf, askSmokeStep } from '../../../../lib/restore/prove/smoke-questions.ts';
import { manifest, policy, target } from '../../../support/builders.ts';

const SOURCE = manifest({
  tables: [
    { schema: 'public', name: 'invoices', rows: '200' },
    { schema: 'public', name: 'empty', rows: '0' },
  ],
});

/** A copy that answers each query with what stands beside it. */
function copyOf(answers: Record<string, string | undefined | Error>): ScratchCopy {
  const unasked = () => Promise.reject(new Error('not asked for'));
  const value = async (sql: string) => {
    const answer = answers[sql];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { value, content: unasked, confirmed: unasked, leftOut: [], notes: [] };
}

type Expectation = { [Key in 'equals' | 'minimum' | 'rowsOf' | 'tolerance' | 'fresherThan']?: unknown };
const asserting = (name: string, sql: string, expectation: Expectation) =>
  ({ name, sql, when: 'always', ...expectation }) as Assertion;

async function ask(expectation: Expectation, answer: string | undefined) {
  const [first] = await askAssertions(copyOf({ q: answer }), [asserting('a', 'q', expectation)], SOURCE);
  return first!;
}

const rowsOf = (table: string, tolerance: number) => ({ rowsOf: `public.${table}`, tolerance });

test.each<[Expectation, string, boolean]>([
  [{ equals: 0 }, '0', true],
  [{ equals: 0 }, '1', false],
  [{ equals: 0 }, '', false],
  [{ equals: 10 }, '10.00', true],
  [{ equals: 'crm' }, 'crm', true],
  [{ equals: 'crm' }, 'CRM', false],
  [{ equals: '10' }, '10.0', false],
  [{ equals: true }, 't', true],
  [{ equals: true }, 'f', false],
  [{ equals: false }, 'f', true],
  [{ minimum: 1000 }, '1000', true],
  [{ minimum: 1000 }, '999', false],
  [{ minimum: 1000 }, '999.99', false],
  [{ minimum: 0 }, 'many', false],
  [{ minimum: 0 }, '', false],
  [rowsOf('invoices', 0), '200', true],
  [rowsOf('invoices', 0), '199', false],
  [rowsOf('invoices', 0.05), '190', true],
  [rowsOf('invoices', 0.05), '210', true],
  [rowsOf('invoices', 0.05), '189', false],
  [rowsOf('invoices', 0.05), '211', false],
  [rowsOf('empty', 0.5), '0', true],
  [rowsOf('empty', 0.5), '1', false],
  [rowsOf('empty', 0), '', false],
  [rowsOf('gone', 1), '0', false],
])('an assertion with %j and the answer "%s" passes: %s', async (expectation, answer, passed) => {
  expect(await ask(expectation, answer)).toMatchObject({ passed });
});

/** The snapshot was taken at 2026-11-20T01:00:00Z. */
test.each([
  ['2026-11-20 00:00:00+00', true],
  ['2026-11-20 00:00:00', true],
  ['2026-11-19 23:59:59+00', false],
  ['2026-11-20 02:00:00+02', true],
  ['2026-11-20 05:30:00.123456+05:30', true],
  ['2026-11-20 05:29:58+05:30', false],
  ['2026-11-20T00:30:00Z', true],
  ['infinity', false],
  ['yesterday', false],
])(
  'an assertion that allows an hour before the snapshot of 01:00 UTC passes with %s: %s',
  async (answer, passed) => {
    expect(await ask({ fresherThan: 3600 }, answer)).toMatchObject({ passed });
  },
);

test.each<[Expectation, string, string]>([
  [{ equals: 0 }, '3', 'is 3, expected 0'],
  [{ minimum: 1000 }, '3', 'is 3, expected at least 1000'],
  [rowsOf('invoices', 0.05), '3', 'is 3, public.invoices had 200 rows (tolerance 5%)'],
  [rowsOf('gone', 0), '3', 'the manifest has no table public.gone'],
  [
    { fresherThan: 3600 },
    '2026-11-19 22:00:00+00',
    'is 2026-11-19 22:00:00+00, 3 h before the snapshot; expected at most 60 min',
  ],
  [{ fresherThan: 86_400 }, '2026-11-19', 'is 2026-11-19, 25 h before the snapshot; expected at most 24 h'],
])('an assertion with %j and the answer %s fails with: %s', async (expectation, answer, detail) => {
  expect(await ask(expectation, answer)).toEqual({ name: 'a', passed: false, detail });
});

test.each<Expectation>([{ equals: 0 }, { minimum: 0 }, rowsOf('empty', 1), { fresherThan: 9e9 }])(
  'an assertion with %j fails when the answer is NULL',
  async (expectation) => {
    const failed = { passed: false, detail: 'the answer is NULL' };
    expect(await ask(expectation, undefined)).toMatchObject(failed);
  },
);

test('an assertion that fails to run is not a wrong answer, and the next one is asked all the same', async () => {
  const copy = copyOf({ broken: new Error('relation "leads" does not exist'), right: '1' });
  const assertions = [asserting('one', 'broken', { minimum: 0 }), asserting('two', 'right', { minimum: 1 })];
  expect(await askAssertions(copy, assertions, SOURCE)).toEqual([
    { name: 'one', passed: false, detail: 'relation "leads" does not exist', unasked: true },
    { name: 'two', passed: true, detail: 'is 1, expected at least 1' },
  ]);
});

test('an assertion that writes and one with a wrong answer have findings of their own', async () => {
  const message = 'it writes, but assertions may only read: cannot execute DELETE';
  const writes = new UnderstudyError('query-writes', message);
  const assertions = [asserting('one', 'writes', { minimum: 0 }), asserting('two', 'wrong', { minimum: 4 })];
  const answers = await askAssertions(copyOf({ writes, wrong: '3' }), assertions, SOURCE);
  const asOf = '2026-11-20T01:00:00Z';
  expect(assertionFindings(target(), answers, { what: 'point of crm', asOf, sort: 'moment' })).toMatchObject([
    {
      code: 'assertion-unanswered',
      subject: 'one, of a moment',
      severity: 'P2',
      asOf,
      message: `"one" failed to run on the restored point of crm: ${message}`,
    },
    { code: 'assertion-failed', subject: 'two, of a moment', severity: 'P1', asOf },
  ]);
});

const smokeStep = { name: 'leads', priority: 'P2', timeout: 7, retries: 1, retryAfter: 3 } as const;
const NOON = '2026-11-20T12:00:00Z';

test.each<[SqlExpectation, string | undefined, string | undefined]>([
  [{ equals: 7 }, '7', undefined],
  [{ equals: 7 }, '8', 'the answer is not as expected: expected 7'],
  [{ equals: 'a' }, undefined, 'the answer is NULL, expected "a"'],
  [{ minimum: 7 }, '7', undefined],
  [{ minimum: 7 }, 'many', 'the answer is not as expected: expected at least 7'],
  [{ fresherThan: 3600 }, '2026-11-20 11:00:00', undefined],
  [
    { fresherThan: 3600 },
    '2026-11-20 10:59:59',
    'the answer is not as expected: expected a moment at most 60 min ago',
  ],
  [{ fresherThan: 3600 }, 'never', 'the answer is not as expected: expected a moment at most 60 min ago'],
])('a smoke step that expects %j and gets %s: %s', async (expect_, value, why) => {
  const asked: unknown[] = [];
  const pauses: number[] = [];
  const result = await askSmokeStep(
    { ...smokeStep, sql: 'q', expect: expect_ },
    async (...given) => {
      asked.push(given);
      return value;
    },
    NOON,
    async (seconds) => void pauses.push(seconds),
  );
  expect(result).toEqual({ step: 'leads', priority: 'P2', ok: why === undefined, ...(why ? { why } : {}) });
  expect([asked, pauses]).toEqual(
    why
      ? [
          [
            ['q', 7],
            ['q', 7],
          ],
          [3],
        ]
      : [[['q', 7]], []],
  );
});

test('the question of a smoke step that the server refuses is told without its text, which may quote a row', async () => {
  const refused = Object.assign(new Error('invalid input syntax: "anna"'), { code: '22P02' });
  const ask = () => Promise.reject(refused);
  const step = { ...smokeStep, sql: 'q', expect: { equals: 1 } };
  const { why } = await askSmokeStep(step, ask, NOON, async () => undefined);
  expect(why).toBe('it was not answered: the server refuses it (22P02)');
});

test('a smoke step that fails in a rehearsal is a finding of its priority', () => {
  const answers = [
    answerOf({ step: 'leads', priority: 'P2', ok: false, why: 'expected 7' }),
    answerOf({ step: 'more', priority: 'P0', ok: false, why: 'expected 7' }),
    answerOf({ step: 'good', priority: 'P0', ok: true }),
  ];
  const about = { what: 'point of crm', asOf: NOON, sort: 'snapshot' } as const;
  expect(assertionFindings(target(), answers, about)).toMatchObject([
    {
      ...{ code: 'smoke-failed', subject: 'leads, of a snapshot', severity: 'P2', asOf: NOON },
      message: 'smoke step "leads" failed on the restored point of crm: expected 7',
    },
    { subject: 'more, of a snapshot', severity: 'P0' },
  ]);
  const strict = target({ policy: policy({ severities: { 'smoke-failed': 'P3' } }) });
  expect(assertionFindings(strict, answers, about)[0]).toMatchObject({ severity: 'P3' });
});
