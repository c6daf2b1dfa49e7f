import { isJsonPath, valueAtPath } from './json-path.ts';
import { fill, type Values } from './references.ts';
import type { HttpStep } from './smoke-step.ts';

/** What came back. Headers have small letters. */
export type SmokeAnswer = {
  status: number;
  headers: Record<string, string>;
  /** Each cookie apart: one header would run them together. */
  cookies: string[];
  body: string;
};

/** Values of answers by name. */
export type Captured = Record<string, string | number | boolean>;

/** What is wrong with an answer: what was expected, and where; never what came, except for its status. */
export function judgeAnswer({ expect }: HttpStep, answer: SmokeAnswer, values: Values): string[] {
  const document = Object.keys(expect.json).length > 0 ? parsed(answer.body) : { value: undefined };
  return [
    ...judgeStatus(expect.status, answer.status),
    ...Object.entries(expect.headers).flatMap(([name, part]) =>
      judgeHeader(name, part, answer.headers[name.toLowerCase()], values),
    ),
    ...('broken' in document
      ? [document.broken]
      : Object.entries(expect.json).flatMap(([path, expected]) =>
          judgeValue(path, expected, document.value, values),
        )),
    ...(expect.text !== undefined && !answer.body.includes(fill(expect.text, values))
      ? [`the answer does not contain ${JSON.stringify(expect.text)}`]
      : []),
  ];
}

function judgeStatus(expected: readonly number[], status: number): string[] {
  const isRight = expected.length === 0 ? status >= 200 && status <= 299 : expected.includes(status);
  return isRight
    ? []
    : [`answered ${status}, expected ${expected.length === 0 ? '200 to 299' : expected.join(' or ')}`];
}

function judgeHeader(name: string, part: string, value: string | undefined, values: Values): string[] {
  if (value === undefined) return [`the header ${name} is missing`];
  return value.includes(fill(part, values))
    ? []
    : [`the header ${name} does not contain ${JSON.stringify(part)}`];
}

function judgeValue(
  path: string,
  expected: string | number | boolean | null,
  document: unknown,
  values: Values,
): string[] {
  const value = valueAtPath(document, path);
  if (value === undefined) return [`there is nothing at ${path}`];
  const filled = typeof expected === 'string' ? fill(expected, values) : expected;
  // A captured value is a text, whatever it was in its answer.
  const isRight = value === filled || (filled !== expected && isScalar(value) && String(value) === filled);
  return isRight ? [] : [`${path} is not ${JSON.stringify(expected)}`];
}

/** The values that an answer has for later steps, and what it lacks. */
export function captureFrom(
  { capture }: HttpStep,
  answer: SmokeAnswer,
): { values: Captured; missing: string[] } {
  const values: Captured = {};
  const missing: string[] = [];
  const wantsJson = Object.values(capture).some(isJsonPath);
  const document = wantsJson ? parsed(answer.body) : { value: undefined };
  if ('broken' in document) missing.push(document.broken);
  for (const [name, from] of Object.entries(capture)) {
    if ('broken' in document && isJsonPath(from)) continue;
    const value = isJsonPath(from)
      ? valueAtPath((document as { value: unknown }).value, from)
      : headerValue(from.toLowerCase(), answer);
    // An empty token is none.
    if (isScalar(value) && value !== '') values[name] = value;
    else missing.push(`there is no ${name} at ${from}`);
  }
  return { values, missing };
}

/** Cookies as a client sends them back: names and values. */
function headerValue(name: string, { headers, cookies }: SmokeAnswer): string | undefined {
  if (name !== 'set-cookie') return headers[name];
  return cookies.length > 0 ? cookies.map((cookie) => cookie.split(';')[0]!.trim()).join('; ') : undefined;
}

function parsed(body: string): { value: unknown } | { broken: string } {
  try {
    return { value: JSON.parse(body) as unknown };
  } catch {
    return { broken: 'the answer is not JSON' };
  }
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
