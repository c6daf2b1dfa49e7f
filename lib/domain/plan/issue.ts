import type * as z from 'zod';
import { nearest } from '../nearest.ts';

const TYPES: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a block of keys',
  record: 'a block of keys',
};

/**
 * Describes what is wrong with a value, for people who do not know the schema library. `raw` is the whole input.
 * Shows values that a person typed, never those of a message from elsewhere.
 */
export function formatIssue(
  issue: z.core.$ZodIssue,
  raw: unknown,
  { values = true }: { values?: boolean } = {},
): string {
  const value = valueAt(raw, issue.path);
  const said = formatValueIssue(issue, value);
  return values ? said : said.replace(formatGot(value), '');
}

function formatValueIssue(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_type') {
    if (value === undefined) return 'is missing';
    if (value === null) return 'is empty';
    const isOwn = !issue.message.startsWith('Invalid input');
    return `${isOwn ? issue.message : `expected ${TYPES[issue.expected] ?? issue.expected}`}${formatGot(value)}`;
  }
  if (issue.code === 'invalid_value') return formatChoice(issue, value);
  if (issue.code === 'too_small')
    return formatBound(issue.message, value, issue.minimum, issue.inclusive, 'more');
  if (issue.code === 'too_big')
    return formatBound(issue.message, value, issue.maximum, issue.inclusive, 'less');
  return issue.message.replace(/^Invalid (?:input|option|string): /, '');
}

function formatChoice({ message, values }: z.core.$ZodIssueInvalidValue, value: unknown): string {
  if (value === undefined) return 'is missing';
  if (!message.startsWith('Invalid')) return message;
  const known = values.map(String);
  // P9 is as near to P0 as to P1.
  const meant = typeof value === 'string' && value.length > 2 ? nearest(value, known) : undefined;
  const expected = known.length === 1 ? known[0] : `one of ${known.join(', ')}`;
  return `expected ${expected}${formatGot(value)}${meant ? `; did you mean ${meant}?` : ''}`;
}

function formatBound(
  message: string,
  value: unknown,
  bound: number | bigint,
  inclusive: boolean | undefined,
  side: 'more' | 'less',
): string {
  if (!message.startsWith('Too')) return message;
  if (value === '') return 'is empty';
  const isSized = typeof value === 'string' || Array.isArray(value);
  const unit = typeof value === 'string' ? ' characters' : isSized ? ' entries' : '';
  const limit = inclusive ? `${bound}${unit} or ${side}` : `${side} than ${bound}${unit}`;
  return `expected ${limit}${isSized ? '' : formatGot(value)}`;
}

/** Formats a simple value; one of more than a word or two is not shown. */
function formatGot(value: unknown): string {
  if (Array.isArray(value)) return ', got a list';
  if (typeof value === 'object' && value !== null) return ', got a block of keys';
  const text = String(value);
  return text.length > 40 || value === undefined ? '' : `, got ${text}`;
}

/** Returns the value at a path of a document. */
export function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (node, part) => (node as Record<PropertyKey, unknown> | null | undefined)?.[part],
    raw,
  );
}
