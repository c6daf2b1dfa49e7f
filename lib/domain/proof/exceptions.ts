import type { Difference, Proof } from './proof.ts';

/** Objects left out on purpose: their differences are not findings, and the evidence lists each in the words of `said`. */
export type Exception = { kind: string; name: string; what: 'missing' | 'changed'; said: string };

/** What a restore of a dump left out: extensions, and other objects on purpose. */
export type LeftOut = { extensions: string[]; exceptions: Exception[] };

/** Kinds of relations, whose columns, constraints, triggers, rules and policies are missing with them. */
const RELATIONS = ['table', 'view', 'materialized view', 'type'];
const PARTS = ['column', 'constraint', 'trigger', 'rule', 'policy'];
/** Kinds that describe an object and begin their name with its kind. */
const ABOUT = ['owner', 'grant', 'comment'];

/** Removes the differences that are in what was left out from a proof. */
export function withoutExceptions(proof: Proof, exceptions: readonly Exception[]): Proof {
  if (exceptions.length === 0) return proof;
  const differences = withoutExcused(proof.differences, exceptions);
  return { ...proof, differences, equal: differences.length === 0 };
}

/** The differences that no exception explains. */
export function withoutExcused(
  differences: readonly Difference[],
  exceptions: readonly Exception[],
): Difference[] {
  return differences.filter((each) => !exceptions.some((one) => excuses(one, each)));
}

function excuses(exception: Exception, { kind, name, what }: Difference): boolean {
  if (what !== exception.what) return false;
  const [whole, found] = [plain(exception.name), plain(name)];
  const of = `${exception.kind} ${whole}`;
  if (same(of, ABOUT.includes(kind) ? found : `${kind === 'rows' ? 'table data' : kind} ${found}`))
    return true;
  if (!RELATIONS.includes(exception.kind)) return false;
  if (kind === 'table data') return found === whole;
  if (kind === 'comment')
    return found.startsWith(`${exception.kind} column ${whole}.`) || found.endsWith(` on ${whole}`);
  return PARTS.includes(kind) && [`${whole}.`, `${whole} `].some((start) => found.startsWith(start));
}

/** The same object; functions and operators match by their types alone. */
function same(expected: string, found: string): boolean {
  if (expected === found) return true;
  const [left, right] = [signatureOf(expected), signatureOf(found)];
  if (left.name !== right.name) return false;
  if (left.types === undefined) return right.types !== undefined || found.startsWith(`${expected} using `);
  return (
    left.types.length === right.types?.length &&
    left.types.every(
      (type, index) => right.types![index] === type || right.types![index]!.endsWith(` ${type}`),
    )
  );
}

function signatureOf(text: string): { name: string; types?: string[] } {
  const [, name, types] = /^(.*?)\((.*)\)$/.exec(text) ?? [];
  if (name === undefined) return { name: text.replace(/ using \w+$/, '') };
  return { name, types: types === '' ? [] : types!.split(/, ?/) };
}

/** Removes quotation marks from a name: archives and facts quote by different rules. */
function plain(name: string): string {
  return name.replaceAll('"', '').replace(/\s+/g, ' ').toLowerCase();
}
