import type { HttpStep } from './smoke-step.ts';

/** `${token}` is a value that an earlier step captured, `${secret:NAME#field.field}` a secret or a part of it. */
export type Reference = { capture: string } | SecretPart;
export type SecretPart = { secret: string; field?: string };

/** The value of a reference. A captured one keeps its type. */
export type Values = (reference: Reference) => string | number | boolean;

const REFERENCE = /\$\{([^}]*)\}/g;
export const CAPTURE_NAME = /^[A-Za-z][\w-]*$/;
const SECRET = /^secret:([^#\s]+)(?:#([^\s]+))?$/;

/** The references of a text; one that cannot be read is returned as it is written. */
export function referencesIn(text: string): (Reference | { unreadable: string })[] {
  return [...text.matchAll(REFERENCE)].map(([whole, inner]) => parse(inner!) ?? { unreadable: whole });
}

function parse(inner: string): Reference | undefined {
  const [, secret, field] = SECRET.exec(inner) ?? [];
  if (secret !== undefined) return { secret, ...(field === undefined ? {} : { field }) };
  return CAPTURE_NAME.test(inner) ? { capture: inner } : undefined;
}

/** Puts values in the places of references; `as` writes one, knowing where in the text it stands. */
export function fill(
  text: string,
  values: Values,
  as: (value: string, at: number) => string = (value) => value,
): string {
  return text.replace(REFERENCE, (whole, inner: string, at: number) => {
    const reference = parse(inner);
    return reference ? as(String(values(reference)), at) : whole;
  });
}

/** The texts of a request that may contain references, each with its path in the step. */
export function requestTexts({ http }: Pick<HttpStep, 'http'>): { path: string[]; text: string }[] {
  return [
    { path: ['http', 'url'], text: http.url },
    ...Object.entries(http.headers).map(([name, text]) => ({ path: ['http', 'headers', name], text })),
    ...(http.body === undefined ? [] : [{ path: ['http', 'body'], text: http.body }]),
    ...textsIn(http.json, ['http', 'json']),
  ];
}

/** Those of what is expected. */
export function expectedTexts({ expect }: Pick<HttpStep, 'expect'>): { path: string[]; text: string }[] {
  return [
    ...Object.entries(expect.headers).map(([name, text]) => ({ path: ['expect', 'headers', name], text })),
    ...textsIn(expect.json, ['expect', 'json']),
    ...(expect.text === undefined ? [] : [{ path: ['expect', 'text'], text: expect.text }]),
  ];
}

function textsIn(value: unknown, path: string[]): { path: string[]; text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, [...path, key]));
}

/** JSON with every text in it filled, at any depth. A text that is a reference and no more becomes the value itself. */
export function fillJson(json: unknown, values: Values): unknown {
  if (typeof json === 'string') {
    const [only] = referencesIn(json);
    const isWhole = only !== undefined && !('unreadable' in only) && /^\$\{[^}]*\}$/.test(json);
    return isWhole ? values(only) : fill(json, values);
  }
  if (Array.isArray(json)) return json.map((each) => fillJson(each, values));
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([key, each]) => [key, fillJson(each, values)]));
}

/** Every part of a secret that requests refer to. */
export function secretsOfSteps(steps: readonly HttpStep[]): SecretPart[] {
  return steps.flatMap((step) =>
    requestTexts(step).flatMap(({ text }) =>
      referencesIn(text).flatMap((each) => ('secret' in each ? [each] : [])),
    ),
  );
}
