import { SCHEMA_QUERIES } from '../../../lib/adapters/engines/postgres/facts/schema/schema-facts.ts';
import { SUPERUSER } from '../../../lib/adapters/engines/postgres/scratch-server.ts';
import type { Manifest } from '../../../lib/domain/proof/manifest.ts';
import { type CopyFacts, type Difference, formatDifference, prove } from '../../../lib/domain/proof/proof.ts';
import { type Copy, withCopy } from '../../../test/support/restored-copy.ts';
import { take } from '../../../test/support/source.ts';
import { connectTo } from '../../local/run-sql.ts';
import { Random } from '../random.ts';
import type { DatabaseShape } from '../schema/database-shape.ts';
import { type Case, fillDatabase } from './fill-database.ts';
import type { Lab, ProgramOutcome } from './lab.ts';
import { pickDamages } from './pick-damages.ts';
import { plainDump, plainRestore, plainText, textDifferences } from './plain-programs.ts';

/** A verdict of Understudy that a second tool contradicts. `signature` is the same for faults of one kind. */
export type Fault = { signature: string; detail: string };
export type Examined = {
  /** `exact`, or the code of the refusal by dump or restore. */
  verdict: string;
  /** Why it was refused: the server's message without names, and plain pg_dump's or pg_restore's if it differs. */
  reason?: string;
  faults: Fault[];
  /** The statements that PostgreSQL accepted. */
  accepted: string[];
  damaged: number;
};
/** `tamper` runs in the copy before it is judged, to test the proof. */
type ExamineOptions = { seed: number; damages: number; text: boolean; tamper?: string };

/** Dumps a random database, restores and proves it, and compares every verdict with plain pg_dump and pg_restore. */
export async function examineDatabase(lab: Lab, given: Case, options: ExamineOptions): Promise<Examined> {
  const database = await lab.createDatabase(given.shape);
  const result: Examined = { verdict: 'exact', faults: [], accepted: [], damaged: 0 };
  try {
    result.accepted = await fillDatabase(lab, database, given);
    // As the dump role, which may not see the options of user mappings.
    const text = options.text ? await plainText(lab, database, lab.credentials(database)) : undefined;
    for (const setting of given.shape.settings)
      await lab.cluster.sql('postgres', `alter database ${database} set ${setting}`);
    const taken = await take(lab.credentials(database)).catch(async (error: Failure) => {
      result.verdict = error.code ?? error.message;
      const plain = await plainDump(lab, database);
      result.reason = reasons(error, plain);
      if (plain.ok) result.faults.push({ signature: `dump ${result.verdict}`, detail: said(error) });
      return undefined;
    });
    if (!taken) return result;
    await withCopy(taken, (copy) => judge(lab, database, taken.manifest, copy, text, options, result)).catch(
      async (error: Failure) => {
        result.verdict = error.code ?? 'error';
        const plain = await plainOutcome(lab, database, given.shape, error);
        result.reason = reasons(error, plain);
        if (plain.ok || !error.code?.startsWith('restore-'))
          result.faults.push({
            signature: `restore ${error.code ?? ''} ${shape(error.message)}`,
            detail: said(error),
          });
      },
    );
    return result;
  } finally {
    await lab.drop(database);
  }
}

type Failure = Error & { code?: string; hint?: string };
const said = (error: Failure) => `${error.code ?? ''} ${error.message}`.slice(0, 1500);
/** A message without names and numbers, so that one kind of failure has one signature. */
const shape = (message: string) =>
  (
    /(?:ERROR|error): {1,2}(?!could not execute query)(.*)/.exec(
      message.replace(/error: could not execute query: /, ''),
    )?.[1] ?? message.split('\n')[0]!
  )
    .replace(/"(?:[^"]|"")*"/g, '"…"')
    .replace(/\d+/g, 'N')
    .slice(0, 90);

function reasons(error: Failure, plain: ProgramOutcome): string {
  const [ours, theirs] = [shape(error.message), plain.ok ? 'no refusal' : shape(`ERROR:  ${plain.refused}`)];
  return ours === theirs ? ours : `${ours} (plainly: ${theirs})`;
}

/** The result of plain pg_restore; for what only a superuser may restore, as a role with the same rights. */
async function plainOutcome(
  lab: Lab,
  database: string,
  of: DatabaseShape,
  error: Failure,
): Promise<ProgramOutcome> {
  const asSuperuser = await plainRestore(lab, database, of, 'superuser');
  if (!asSuperuser.ok || error.code !== 'restore-needs-superuser') return asSuperuser;
  return plainRestore(lab, database, of, 'member');
}

async function judge(
  lab: Lab,
  database: string,
  manifest: Manifest,
  copy: Copy,
  text: Map<string, string> | undefined,
  options: ExamineOptions,
  result: Examined,
): Promise<void> {
  if (options.tamper) await copy.sql(options.tamper);
  const facts = await copy.content(manifest, 'fingerprints');
  const proof = await copy.proof();
  if (!proof.equal) result.verdict = 'different';
  for (const difference of proof.differences) {
    const detail = [
      formatDifference(difference),
      ...(await bothDefinitions(lab, database, copy, difference)),
    ];
    result.faults.push({
      signature: `accused ${difference.kind} ${difference.what}`,
      detail: detail.join('\n'),
    });
  }
  if (!text) return;
  const copied = await plainText(lab, 'restored', serverOf(copy));
  if (copied && proof.equal) {
    for (const title of textDifferences(text, copied))
      result.faults.push({
        signature: `text ${/Type: ([A-Z ]+);/.exec(title)?.[1] ?? title}`,
        detail: `${title}\n--- source\n${text.get(title)}\n--- copy\n${copied.get(title)}`,
      });
  }
  if (copied && options.damages > 0) await damage(lab, copy, manifest, facts, copied, options, result);
}

/** Damages the copy again and again: whenever pg_dump's output changes, the proof must see a difference too. */
async function damage(
  lab: Lab,
  copy: Copy,
  manifest: Manifest,
  first: CopyFacts,
  firstText: Map<string, string>,
  options: ExamineOptions,
  result: Examined,
): Promise<void> {
  const client = await connectToCopy(copy);
  try {
    let [facts, text] = [first, firstText];
    for (const { sql, rows } of await pickDamages(client, new Random(options.seed + 7), options.damages)) {
      const done = await client.query(sql).then(
        ({ rowCount }) => !rows || rowCount === 1,
        () => false,
      );
      if (!done) continue;
      const [factsNow, textNow] = [
        await copy.content(manifest, 'fingerprints'),
        await plainText(lab, 'restored', serverOf(copy)),
      ];
      if (!textNow) return;
      const changed = rows ? ['a row'] : textDifferences(text, textNow);
      if (changed.length > 0) {
        result.damaged++;
        const seen = prove(asManifest(manifest, facts), factsNow, {
          depth: 'fingerprints',
          extensionsLeftOut: copy.leftOut,
        });
        const named = new Set((await copy.proof()).differences.map(({ kind, name }) => `${kind} ${name}`));
        // A second look may excuse different writing, but not a change.
        const excused = !seen.differences.some(({ kind, name }) => named.has(`${kind} ${name}`));
        if (seen.equal || excused)
          result.faults.push({
            signature: `${seen.equal ? 'missed' : 'excused'} ${sql.replace(/"(?:[^"]|"")*"(\."(?:[^"]|"")*")?/g, '…').slice(0, 60)}`,
            detail: `${sql}\n${changed.map((title) => `${title}\n--- before\n${text.get(title)}\n--- after\n${textNow.get(title)}`).join('\n')}`,
          });
      }
      [facts, text] = [factsNow, textNow];
    }
  } finally {
    await client.end();
  }
}

/** A copy's facts as a source's, to compare it with itself a moment later. */
function asManifest(manifest: Manifest, facts: CopyFacts): Manifest {
  const known = new Map(manifest.sequences.map((each) => [JSON.stringify([each.schema, each.name]), each]));
  const sequences = facts.sequences.flatMap(({ schema, name, value }) => {
    const of = known.get(JSON.stringify([schema, name]));
    return of ? [{ ...of, before: value, after: value }] : [];
  });
  return { ...manifest, ...facts, definitions: undefined, sequences };
}

/** The copy's server, for programs and connections. */
const serverOf = (copy: Copy) => ({ user: SUPERUSER, host: copy.directory, port: 5432 });

const connectToCopy = (copy: Copy) => connectTo({ ...serverOf(copy), database: 'restored' });

async function bothDefinitions(
  lab: Lab,
  database: string,
  copy: Copy,
  { kind, name }: Difference,
): Promise<string[]> {
  const query = SCHEMA_QUERIES[kind];
  if (!query) return [];
  const found: string[] = [];
  for (const [side, client] of [
    ['source', await lab.connect(database)],
    ['copy', await connectToCopy(copy)],
  ] as const) {
    await client.query("set search_path = ''");
    const { rows } = await client.query(`select * from (${query}) q where name = $1`, [name]);
    const lines = rows.map(({ plain, expressions }) => [plain, ...(expressions ?? [])].join('\n'));
    found.push(`--- ${side}\n${lines.join('\n')}`);
    await client.end();
  }
  return found;
}
