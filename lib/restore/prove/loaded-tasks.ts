import { type LeftOut, withoutExcused } from '../../domain/proof/exceptions.ts';
import { FACTS, type Manifest, type TableFacts } from '../../domain/proof/manifest.ts';
import { keyOfObject, rewritten, schemaDifferences, tableDifferences } from '../../domain/proof/proof.ts';
import type { InstanceCopy } from '../../ports/database.ts';
import { differ, note, noting, type ProveResult } from './proof-slices.ts';
import { IGNORED, objectsOf, type Task } from './proof-tasks.ts';

/** Every definition of a database that a dump was loaded into, as a load in one call compares them. */
export async function proveLoadedSchema(
  manifest: Manifest,
  { extensions, exceptions }: LeftOut,
  copy: InstanceCopy,
  result: ProveResult,
): Promise<void> {
  if (manifest.facts !== FACTS)
    return void note(result.unchecked, 'definitions: the dump has digests of another version of Understudy');
  await noting(result, 'schema', async () => {
    const found = { schema: await copy.schema() };
    const otherwise = rewritten(manifest, found);
    for (const { kind, name } of otherwise)
      note(result.notes, `${kind} ${name}: written differently after a restore, and not looked at again`);
    const differences = schemaDifferences(manifest, found, {
      extensionsLeftOut: [...extensions, ...IGNORED],
      confirmed: new Set(otherwise.map(keyOfObject)),
    });
    differ(result, withoutExcused(differences, exceptions));
    result.compared.objects = objectsOf(manifest);
  });
}

/**
 * Every table of the manifest, unlogged ones too: a dump has their rows. The tables of one tree are one task, because rows
 * may be in other partitions of it after a load.
 */
export function loadedTableTasks(
  manifest: Manifest,
  { exceptions }: LeftOut,
  copy: InstanceCopy,
  result: ProveResult,
): Task[] {
  return together(manifest.tables).map((tables) => async () => {
    const whole = tables[0]!.tree ?? nameOf(tables[0]!);
    const isExact = tables.every(({ fingerprint }) => fingerprint !== undefined);
    await noting(result, whole, async () => {
      const found: TableFacts[] = [];
      for (const table of tables) {
        const there = await copy.table(table.schema, table.name, isExact ? 'fingerprints' : 'counts');
        if (there && there.condition !== table.condition)
          return void note(
            result.unchecked,
            `${nameOf(table)}: another part of it is the extension's than at the dump`,
          );
        if (there) found.push(there);
      }
      differ(result, withoutExcused(tableDifferences(tables, found, isExact), exceptions));
      result.compared[isExact ? 'exact' : 'bounded'] += tables.length;
      const rows = found.reduce((sum, each) => sum + BigInt(each.rows), 0n);
      result.compared.rows = String(BigInt(result.compared.rows) + rows);
    });
  });
}

const nameOf = ({ schema, name }: TableFacts) => `${schema}.${name}`;

function together(tables: readonly TableFacts[]): TableFacts[][] {
  const groups = new Map<string, TableFacts[]>();
  for (const table of tables) {
    const of = JSON.stringify(table.tree === undefined ? [table.schema, table.name] : table.tree);
    const group = groups.get(of);
    if (group) group.push(table);
    else groups.set(of, [table]);
  }
  return [...groups.values()];
}
