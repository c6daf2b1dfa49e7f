import { reasonOf } from '../../domain/errors.ts';
import type { Target } from '../../domain/plan/policy.ts';
import {
  boundedSchema,
  boundedTable,
  changedSince,
  reshapedIn,
  type SourceSince,
} from '../../domain/proof/bounded.ts';
import { type HeartbeatRow, judgeHeartbeat } from '../../domain/proof/heartbeat-proof.ts';
import type { Manifest, TableFacts } from '../../domain/proof/manifest.ts';
import { formatDifference } from '../../domain/proof/proof.ts';
import { sqlSteps } from '../../domain/smoke/smoke-step.ts';
import { plusSeconds, utc } from '../../domain/time.ts';
import type { InstanceCopy } from '../../ports/database.ts';
import { HEARTBEAT_BEFORE } from '../instance/source-changes.ts';
import { askAssertions } from './assertions.ts';
import { differ, note, noteCorrupt, noting, type ProveRequest, type ProveResult } from './proof-slices.ts';
import { answerOf, askSmokeStep } from './smoke-questions.ts';

/** One task of a proof: it is done completely, or noted as not done. */
export type Task = () => Promise<void>;

/** Understudy installs amcheck, which the source may not have. */
export const IGNORED = ['amcheck'];

/** Every definition, as it was at the dump or is now. */
export async function proveSchema(
  manifest: Manifest,
  since: SourceSince | undefined,
  copy: InstanceCopy,
  result: ProveResult,
): Promise<void> {
  if (!since) return void result.unchecked.push('schema: the source was not looked at');
  await noting(result, 'schema', async () => {
    const found = boundedSchema(manifest, await copy.schema(), since, IGNORED);
    if (since.definitions === 'untouched') differ(result, found);
    else
      for (const each of found)
        note(
          result.unchecked,
          `${formatDifference(each)}, which it may have been for a moment: definitions were touched since`,
        );
    result.compared.objects = objectsOf(manifest);
  });
}

export const objectsOf = ({ schema }: Manifest): number =>
  Object.values(schema).reduce((sum, names) => sum + Object.keys(names).length, 0);

/** If the target has a heartbeat: the rows around the restored moment. */
export async function proveHeartbeat(
  request: ProveRequest,
  source: readonly HeartbeatRow[],
  copy: InstanceCopy,
  result: ProveResult,
): Promise<void> {
  await noting(result, 'heartbeat', async () => {
    const from = utc(plusSeconds(request.moment, -HEARTBEAT_BEFORE));
    const rows = await copy.heartbeat(from);
    result.heartbeat = judgeHeartbeat(
      source,
      rows,
      request.toMoment ? request.moment : undefined,
      request.moment,
    );
  });
}

/** One by one: a few that never end must not use up the time of a whole slice. */
export function assertionTasks(
  request: ProveRequest,
  target: Target,
  manifest: Manifest | undefined,
  copy: InstanceCopy,
  result: ProveResult,
): Task[] {
  const answerable = target.assertions.filter(
    (assertion) => assertion.when === 'always' && (manifest !== undefined || !('rowsOf' in assertion)),
  );
  const then = { tables: manifest?.tables ?? [], source: { snapshotAt: request.moment } };
  return answerable.map((assertion) => async () => {
    result.assertions.push(...(await askAssertions(copy, [assertion], then, true)));
  });
}

/** The questions of smoke steps, each asked once: the copy does not change. */
export function smokeTasks(
  { moment }: ProveRequest,
  { smoke }: Target,
  copy: InstanceCopy,
  result: ProveResult,
): Task[] {
  return sqlSteps(smoke).map((step) => async () => {
    const answered = await askSmokeStep({ ...step, retries: 0 }, copy.value, moment, async () => undefined);
    result.assertions.push(answerOf(answered));
  });
}

/** Every table of the manifest, each a task. */
export function tableTasks(
  manifest: Manifest,
  since: SourceSince | undefined,
  copy: InstanceCopy,
  result: ProveResult,
): Task[] {
  const written = new Map((since?.written ?? []).map((each) => [each.table, each]));
  const readsDifferently = reshapedInCopy(manifest, copy);
  return manifest.tables.map((table, index) => async () => {
    const name = `${table.schema}.${table.name}`;
    if (copy.unlogged(table.schema, table.name)) {
      result.compared.unlogged++;
      return void note(result.notes, `${name} is unlogged: a restore empties it`);
    }
    const since_ = since ? written.get(index) : ({ table: index, unknown: true } as const);
    if (since_ && 'unknown' in since_) {
      result.compared.unbounded++;
      return;
    }
    await noting(result, name, async () => {
      const depth = since_ === undefined && table.fingerprint !== undefined ? 'fingerprints' : 'counts';
      const found = await copy.table(table.schema, table.name, depth);
      if (found && found.condition !== table.condition)
        return void note(result.unchecked, `${name}: another part of it is the extension's than at the dump`);
      const differences = boundedTable(table, since_, found);
      if (differences.length > 0 && depth === 'fingerprints' && found?.rows === table.rows)
        if (
          since?.definitions === 'touched' &&
          (await readsDifferently(table, since.fragile?.includes(index) ?? false))
        )
          return void note(
            result.unchecked,
            `${name}: its columns were others for a while since the last dump`,
          );
      differ(result, differences);
      // Without fingerprints only its rows were counted: it is not equal to its last row.
      if (since_ || table.fingerprint === undefined) result.compared.bounded++;
      else result.compared.exact++;
      result.compared.rows = String(BigInt(result.compared.rows) + BigInt(found?.rows ?? 0));
    });
  });
}

/** Tables whose definition, or whose types', has changed since the dump: their rows read differently. Asked at most once. */
function reshapedInCopy(manifest: Manifest, copy: InstanceCopy) {
  let asked: Promise<ReturnType<typeof reshapedIn>> | undefined;
  return async (table: TableFacts, isFragile: boolean): Promise<boolean> => {
    asked ??= copy
      .schema()
      .then((schema) => reshapedIn(changedSince(manifest.schema, schema), manifest.schema));
    return (await asked)(table, isFragile);
  };
}

/** Every index and every table's pages, if amcheck is available. */
export async function pageTasks(copy: InstanceCopy, result: ProveResult, first: boolean): Promise<Task[]> {
  try {
    const found = await copy.checkable();
    result.compared.checkable = found.length;
    if (first)
      for (const name of await copy.uncheckable())
        note(result.notes, `${name} was not looked into: amcheck knows valid B-trees only`);
    return found.map((what) => async () => {
      await noting(result, what.name, async () => {
        const problem = await copy.check(what);
        if (problem) noteCorrupt(result, what.name, problem);
        result.compared.checked++;
      });
    });
  } catch (error) {
    result.unchecked.push(`indexes: ${reasonOf(error)}`);
    return [];
  }
}
