import { type Finding, finding } from '../../domain/findings/finding.ts';
import type { Assertion, Target } from '../../domain/plan/policy.ts';
import { assertionSubject, type RestoredSort } from '../../domain/proof/evidence.ts';
import type { Manifest } from '../../domain/proof/manifest.ts';
import type { SmokePriority, SqlExpectation } from '../../domain/smoke/smoke-step.ts';
import { humanSeconds, secondsBetween } from '../../domain/time.ts';
import type { ScratchCopy } from '../../ports/database.ts';

/**
 * `unasked`: there is no answer, which says nothing about the data. `smoke`: it is of a smoke step with this
 * priority.
 */
export type Answer = {
  name: string;
  passed: boolean;
  detail: string;
  unasked?: true;
  smoke?: SmokePriority;
};

/** Asks the copy the target's own questions as a role that can only read. A question without an answer has not passed. */
export async function askAssertions(
  copy: Pick<ScratchCopy, 'value'>,
  assertions: readonly Assertion[],
  manifest: Pick<Manifest, 'tables'> & { source: Pick<Manifest['source'], 'snapshotAt'> },
  /** The copy is of a later moment than the manifest: a table may have grown; only shrinking too far fails. */
  later = false,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const assertion of assertions) {
    const { name } = assertion;
    const asked = await copy.value(assertion.sql).then(
      (value) => ({ value }),
      (error: Error) => ({ error }),
    );
    if ('error' in asked) {
      answers.push({ name, passed: false, detail: brief(asked.error.message), unasked: true });
      continue;
    }
    try {
      const { passed, detail } = judge(assertion, asked.value, manifest, later);
      answers.push({ name, passed, detail: brief(detail) });
    } catch (error) {
      answers.push({ name, passed: false, detail: brief((error as Error).message) });
    }
  }
  return answers;
}

/** A finding for each assertion that did not pass: a wrong answer, or none. */
export function assertionFindings(
  target: Target,
  answers: readonly Answer[],
  restored: { what: string; asOf: string; sort: RestoredSort },
): Finding[] {
  return answers
    .filter(({ passed }) => !passed)
    .map(({ name, detail, unasked, smoke }) => {
      const about = { target, subject: assertionSubject(name, restored.sort), asOf: restored.asOf };
      const message = unasked
        ? `"${name}" failed to run on the restored ${restored.what}: ${detail}`
        : `in the restored ${restored.what}, "${name}" ${detail}`;
      if (smoke && unasked)
        return finding('smoke-unasked', {
          ...about,
          message: `smoke step "${name}" could not be sent to the restored ${restored.what}: ${detail}`,
        });
      if (smoke)
        return finding('smoke-failed', {
          ...about,
          severity: smoke,
          message: `smoke step "${name}" failed on the restored ${restored.what}: ${detail}`,
        });
      return finding(unasked ? 'assertion-unanswered' : 'assertion-failed', { ...about, message });
    });
}

/** Is a value as a smoke step expects it? A moment is compared with this one. */
export function judgeValue(expectation: SqlExpectation, value: string, moment: string): boolean {
  try {
    const asked = { name: '', sql: '', when: 'always', ...expectation } as Assertion;
    return judge(asked, value, { tables: [], source: { snapshotAt: moment } }, false).passed;
  } catch {
    return false;
  }
}

function judge(
  assertion: Assertion,
  value: string | undefined,
  manifest: Parameters<typeof askAssertions>[2],
  later: boolean,
): { passed: boolean; detail: string } {
  if (value === undefined) return { passed: false, detail: 'the answer is NULL' };
  const wantsNumber =
    'minimum' in assertion ||
    'rowsOf' in assertion ||
    ('equals' in assertion && typeof assertion.equals === 'number');
  if (wantsNumber && (value.trim() === '' || Number.isNaN(Number(value))))
    return { passed: false, detail: `is "${value}", which is not a number` };
  if ('equals' in assertion) {
    const expected =
      typeof assertion.equals === 'boolean' ? (assertion.equals ? 't' : 'f') : String(assertion.equals);
    const passed =
      value === expected || (typeof assertion.equals === 'number' && Number(value) === assertion.equals);
    return { passed, detail: `is ${value}, expected ${String(assertion.equals)}` };
  }
  if ('minimum' in assertion) {
    return {
      passed: Number(value) >= assertion.minimum,
      detail: `is ${value}, expected at least ${assertion.minimum}`,
    };
  }
  if ('rowsOf' in assertion) {
    const table = manifest.tables.find((each) => `${each.schema}.${each.name}` === assertion.rowsOf);
    if (!table) return { passed: false, detail: `the manifest has no table ${assertion.rowsOf}` };
    const expected = Number(table.rows);
    const off = later ? expected - Number(value) : Math.abs(Number(value) - expected);
    const passed = off <= expected * assertion.tolerance;
    return {
      passed,
      detail: `is ${value}, ${assertion.rowsOf} had ${expected} rows (tolerance ${assertion.tolerance * 100}%)`,
    };
  }
  const age = secondsBetween(asMoment(value), manifest.source.snapshotAt);
  return {
    passed: age <= assertion.fresherThan,
    detail: `is ${value}, ${humanSeconds(age)} before the snapshot; expected at most ${humanSeconds(assertion.fresherThan)}`,
  };
}

/** A timestamp as the server writes it (ISO, in UTC when it has no zone). */
function asMoment(value: string): string {
  const [, day, time, zone] =
    /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d(?::\d\d)?)?)?$/.exec(value) ?? [];
  if (!day) throw new Error(`"${value}" is not a timestamp`);
  const offset = !zone || zone === 'Z' ? 'Z' : zone.length === 3 ? `${zone}:00` : zone;
  return `${day}T${time ?? '00:00:00'}${offset}`;
}

/** Answers are stored in evidence and sent in alerts, so they are cut. */
function brief(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)} …` : text;
}
