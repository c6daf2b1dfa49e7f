import * as z from 'zod';
import { formatIssue } from '../../../../lib/domain/plan/issue.ts';

const schema = z.strictObject({
  text: z.string(),
  name: z.string().min(1),
  port: z.int().min(1).max(65_535),
  hours: z.number().positive(),
  on: z.boolean(),
  list: z.array(z.string()),
  depth: z.enum(['full', 'checksum']),
  version: z.literal(1),
});
const GOOD = { text: 'a', name: 'a', port: 1, hours: 1, on: true, list: [], depth: 'full', version: 1 };

function said(changes: object, options?: { values: boolean }): string[] {
  const raw = { ...GOOD, ...changes };
  return (schema.safeParse(raw).error?.issues ?? []).map((issue) => formatIssue(issue, raw, options));
}

test.each([
  [{ text: 5 }, 'expected a text, got 5'],
  [{ text: undefined }, 'is missing'],
  [{ text: null }, 'is empty'],
  [{ name: '' }, 'is empty'],
  [{ port: 70_000 }, 'expected 65535 or less, got 70000'],
  [{ hours: 0 }, 'expected more than 0, got 0'],
  [{ on: 'no' }, 'expected true or false, got no'],
  [{ list: 'x' }, 'expected a list, got x'],
  [{ depth: 'ful' }, 'expected one of full, checksum, got ful; did you mean full?'],
  [{ depth: ['full'] }, 'expected one of full, checksum, got a list'],
  [{ version: 2 }, 'expected 1, got 2'],
])('formatIssue says what is wrong with %j: %s', (changes, expected) => {
  expect(said(changes)).toEqual([expected]);
});

test('formatIssue repeats no value of a message where values are not wanted', () => {
  const issues = said({ text: 5, depth: 'secret' }, { values: false });
  expect(issues).toEqual(['expected a text', 'expected one of full, checksum']);
});
