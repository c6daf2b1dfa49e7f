import type { Assertion } from '../../../../lib/domain/plan/policy.ts';
import type { ScratchCopy } from '../../../../lib/ports/database.ts';
import { askAssertions, assertionFindings } from '../../../../lib/restore/prove/assertions.ts';
import { manifest, target } from '../../../support/builders.ts';

const SOURCE = manifest({
  tables: [
    { schema: 'public', name: 'invoices', rows: '200' },
    { schema: 'public', name: 'empty', rows: '0' },
  ],
});

/** A copy that answers each question with what stands beside it. */
function copyOf(answers: Record<string, string | undefined | Error>): ScratchCopy {
  return {
    value: async (sql) => {
      const answer = answers[sql];
      if (answer instanceof Error) throw answer;
      return answer;
    },
    content: () => Promise.reject(new Error('not asked for')),
    confirmed: () => Promise.reject(new Error('not asked for')),
    leftOut: [],
    notes: [],
  };
}

type Expectation = { [Key in 'equals' | 'minimum' | 'rowsOf' | 'tolerance' | 'fresherThan']?: unknown };

async function ask(expectation: Expectation, answer: string | undefined | Error) {
  const assertion = { name: 'a', sql: 'q', when: 'always', ...expectation } as Assertion;
  const [first] = await askAssertions(copyOf({ q: answer }), [assertion], SOURCE);
  return first!;
}

test.each<[Expectation, string, boolean]>([
  [{ equals: 0 }, '0', true],
  [{ equals: 0 }, '1', false],
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
  [{ rowsOf: 'public.invoices', tolerance: 0 }, '200', true],
  [{ rowsOf: 'public.invoices', tolerance: 0 }, '199', false],
  [{ rowsOf: 'public.invoices', tolerance: 0.05 }, '190', true],
  [{ rowsOf: 'public.invoices', tolerance: 0.05 }, '210', true],
  [{ rowsOf: 'public.invoices', tolerance: 0.05 }, '189', false],
  [{ rowsOf: 'public.invoices', tolerance: 0.05 }, '211', false],
  [{ rowsOf: 'public.empty', tolerance: 0.5 }, '0', true],
  [{ rowsOf: 'public.empty', tolerance: 0.5 }, '1', false],
  [{ rowsOf: 'public.gone', tolerance: 1 }, '0', false],
])('%j: does the answer "%s" pass? %s', async (expectation, answer, passed) => {
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
])('an hour of freshness: does "%s" pass? %s', async (answer, passed) => {
  expect(await ask({ fresherThan: 3600 }, answer)).toMatchObject({ passed });
});

test.each<Expectation>([{ minimum: 0 }, { equals: 0 }, { rowsOf: 'public.empty', tolerance: 0 }])(
  'an empty answer is no number, and %j does not pass by it',
  async (expectation) => expect(await ask(expectation, '')).toMatchObject({ passed: false }),
);

test('a day without a time is a moment, too: its midnight', async () => {
  expect(await ask({ fresherThan: 86_400 }, '2026-11-19')).toMatchObject({
    passed: false,
    detail: 'is 2026-11-19, 25 h before the snapshot; expected at most 24 h',
  });
});

test.each<[Expectation, string, string]>([
  [{ equals: 0 }, '3', 'is 3, expected 0'],
  [{ minimum: 1000 }, '3', 'is 3, expected at least 1000'],
  [{ rowsOf: 'public.invoices', tolerance: 0.05 }, '3', 'is 3, public.invoices had 200 rows (tolerance 5%)'],
  [{ rowsOf: 'public.gone', tolerance: 0 }, '3', 'the manifest has no table public.gone'],
  [
    { fresherThan: 3600 },
    '2026-11-19 22:00:00+00',
    'is 2026-11-19 22:00:00+00, 3 h before the snapshot; expected at most 60 min',
  ],
])('%j says of %s what was expected and what came', async (expectation, answer, detail) => {
  expect(await ask(expectation, answer)).toEqual({ name: 'a', passed: false, detail });
});

test('NULL passes nothing', async () => {
  for (const expectation of [
    { equals: 0 },
    { minimum: 0 },
    { rowsOf: 'public.empty', tolerance: 1 },
    { fresherThan: 9e9 },
  ])
    expect(await ask(expectation, undefined)).toMatchObject({ passed: false, detail: 'the answer is NULL' });
});

test('a question without an answer is not one that was answered wrongly, and the next one is asked all the same', async () => {
  const copy = copyOf({ broken: new Error('relation "leads" does not exist'), right: '1' });
  const answers = await askAssertions(
    copy,
    [
      { name: 'first', sql: 'broken', when: 'always', minimum: 0 },
      { name: 'second', sql: 'right', when: 'always', minimum: 1 },
    ],
    SOURCE,
  );
  expect(answers).toEqual([
    { name: 'first', passed: false, detail: 'relation "leads" does not exist', unasked: true },
    { name: 'second', passed: true, detail: 'is 1, expected at least 1' },
  ]);
});

test('a question that writes is said to, and a wrong answer and none are findings of their own', async () => {
  const writes = Object.assign(new Error('cannot execute DELETE in a read-only transaction'), {
    code: '25006',
  });
  const answers = await askAssertions(
    copyOf({ writes, wrong: '3' }),
    [
      { name: 'first', sql: 'writes', when: 'always', minimum: 0 },
      { name: 'second', sql: 'wrong', when: 'always', minimum: 4 },
    ],
    SOURCE,
  );
  const asOf = '2026-11-20T01:00:00Z';
  expect(assertionFindings(target(), answers, { what: 'point of crm', asOf, sort: 'moment' })).toMatchObject([
    {
      code: 'assertion-unanswered',
      subject: 'first, of a moment',
      severity: 'P2',
      asOf,
      message:
        '"first" failed to run on the restored point of crm: it writes, but assertions may only read: cannot execute DELETE in a read-only transaction',
    },
    { code: 'assertion-failed', subject: 'second, of a moment', severity: 'P1', asOf },
  ]);
});
