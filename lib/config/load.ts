import { type Document, isMap, isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type * as z from 'zod';
import { InputError } from '../domain/errors.ts';
import { didYouMean } from '../domain/nearest.ts';
import { formatIssue, valueAt } from '../domain/plan/issue.ts';
import type { Plan } from '../domain/plan/policy.ts';
import { type Config, configSchema, jsonSchema } from './config-schema.ts';
import { contradictions } from './contradictions.ts';
import { deployment } from './deployment-schema.ts';
import { resolvePlan } from './resolve.ts';

/** One mistake in understudy.yml: where, what was expected, what came. Lines count from 1. */
export type Mistake = { path: (string | number)[]; line: number; message: string };

/**
 * Reads understudy.yml into a validated plan, or throws one InputError with every mistake in it.
 * `now` is needed because a schedule that will never fire again is a mistake.
 */
export function loadPlan(text: string, file: string, now: Date): Plan {
  return resolvePlan(loadConfig(text, file, now));
}

/** The same, as it is written: `deployment:` is of the deployment, and no part of the plan. */
export function loadConfig(text: string, file: string, now: Date): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (path: readonly PropertyKey[]) => lineOf(document, lines, path);

  const broken = document.errors.map((error) => {
    const twice = duplicateKey(error.message);
    const path = twice ? pathAt(document, error.pos[0]) : [];
    return { path, line: error.linePos?.[0].line ?? 1, message: twice ?? error.message.split('\n')[0]! };
  });
  if (broken.length > 0) throw mistakesIn(file, broken);

  const parsed = configSchema.safeParse(document.toJS() ?? {});
  if (!parsed.success) {
    const raw = document.toJS() as unknown;
    throw mistakesIn(
      file,
      issuesIn(raw, parsed.error).flatMap((issue) => mistakesOf(issue, at, raw)),
    );
  }
  const contrary = contradictions(parsed.data, now).map((found) => ({ ...found, line: at(found.path) }));
  if (contrary.length > 0) throw mistakesIn(file, contrary);
  return parsed.data;
}

function mistakesIn(file: string, mistakes: Mistake[]): InputError {
  const sorted = [...mistakes].sort((a, b) => a.line - b.line);
  const count = sorted.length === 1 ? 'one mistake' : `${sorted.length} mistakes`;
  return new InputError(
    `${file}: ${count}`,
    sorted.map(
      ({ path, line, message }) =>
        `${file}:${line} ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`,
    ),
    'docs/reference/configuration.md describes every option.',
  );
}

function mistakesOf(
  issue: z.core.$ZodIssue,
  at: (path: readonly PropertyKey[]) => number,
  raw: unknown,
): Mistake[] {
  const path = issue.path as (string | number)[];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      line: at([...path, key]),
      message: ['unknown key', didYouMean(key, keysAt(path))].filter(Boolean).join('; '),
    }));
  }
  if (issue.code === 'invalid_union') {
    // The alternative that matched furthest explains the mistake best; for text in place of an object none does.
    const inner = issue.errors.find((issues) =>
      issues.every((nested) => nested.code !== 'invalid_type' || nested.path.length > 0),
    );
    if (inner && inner.length > 0)
      return inner.flatMap((nested) => mistakesOf({ ...nested, path: [...path, ...nested.path] }, at, raw));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map((nested) => ({ path, line: at(path), message: nested.message }));
  }
  return [{ path, line: at(path), message: formatIssue(issue, raw) }];
}

type SchemaNode = {
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode;
  items?: SchemaNode;
  anyOf?: SchemaNode[];
};

/** The keys that are allowed at a path. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let nodes: SchemaNode[] = [jsonSchema()];
  for (const part of path)
    nodes = nodes.flatMap(({ anyOf, ...own }) =>
      [own, ...(anyOf ?? [])].flatMap(({ properties, additionalProperties, items }) => {
        const next = typeof part === 'number' ? items : (properties?.[String(part)] ?? additionalProperties);
        return next ? [next] : [];
      }),
    );
  return nodes.flatMap(({ properties, anyOf = [] }) =>
    [{ properties }, ...anyOf].flatMap((node) => Object.keys(node.properties ?? {})),
  );
}

/** All issues: zod does not check the values of a record whose key is wrong. */
function issuesIn(raw: unknown, error: z.ZodError): z.core.$ZodIssue[] {
  return error.issues.flatMap((issue) => {
    const [section] = issue.path;
    const isNamed = section === 'policies' || section === 'targets' || section === 'deployment';
    if (issue.code !== 'invalid_key' || !isNamed || issue.path.length !== 2) return [issue];
    const { valueType } = section === 'deployment' ? deployment : configSchema.shape[section];
    const within = valueType.safeParse(valueAt(raw, issue.path)).error?.issues ?? [];
    return [issue, ...within.map((nested) => ({ ...nested, path: [...issue.path, ...nested.path] }))];
  });
}

function duplicateKey(message: string): string | undefined {
  return message.startsWith('Map keys must be unique')
    ? 'duplicate key; use each id and name once'
    : undefined;
}

/** The path of the key that begins at this offset. */
function pathAt(document: Document, offset: number): string[] {
  let found: string[] = [];
  visit(document, {
    Pair(_, pair, ancestors) {
      if (!isScalar(pair.key) || pair.key.range?.[0] !== offset) return undefined;
      const above = ancestors.flatMap((node) =>
        isPair(node) && isScalar(node.key) ? [String(node.key.value)] : [],
      );
      found = [...above, String(pair.key.value)];
      return visit.BREAK;
    },
  });
  return found;
}

/** The line of a key (or of its nearest parent that exists). */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (!pair) break;
      if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0];
      node = pair.value;
    } else if (node && typeof node === 'object' && 'items' in node && Array.isArray(node.items)) {
      node = node.items[Number(part)];
      const range = (node as { range?: [number, number, number] } | undefined)?.range;
      if (range) offset = range[0];
    } else break;
  }
  return lines.linePos(offset).line;
}
