import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { UnderstudyError } from '../../../domain/errors.ts';
import type { Policy } from '../../../domain/plan/policy.ts';
import { FACTS } from '../../../domain/proof/manifest.ts';
import type { Credentials, ExtractRequest, HeldSource, OnRead, Sequence } from '../../../ports/database.ts';
import { startArchive } from './archive.ts';
import { watchForBlocked } from './blocked.ts';
import { fromBytes } from './bytes.ts';
import { speaksBytes } from './bytewise.ts';
import { connect, rows } from './connection.ts';
import { dumpRoles } from './dump-roles.ts';
import { type ExtractedTables, extractedTables } from './extracted-tables.ts';
import { changedDefinitions, definitionsNow } from './facts/definitions.ts';
import { largeObjectFacts } from './facts/large-objects.ts';
import { GIVE_BACK, readTables } from './facts/read-tables.ts';
import { schemaFacts } from './facts/schema/schema-facts.ts';
import { maximaOf, sequenceValues } from './facts/sequences.ts';
import { extensionFacts, parameterFacts, serverMajor, sourceFacts } from './facts/source.ts';
import { definitionsStamp, keyOf } from './facts/writes.ts';
import { changedRoles, heldRoles } from './held-roles.ts';
import { lockThenSnapshot, type Snapshot } from './locks.ts';
import { libpqEnvironment } from './process.ts';
import { clientFor, type Programs } from './programs.ts';
import { refuseUndumpable } from './refusals.ts';
import { dataLine } from './toc.ts';

/**
 * Holds a source still: locks every table ACCESS SHARE, and only then takes the snapshot that pg_dump and all facts
 * share. The order matters. With a snapshot alone a session can rewrite a table (ALTER … TYPE, TRUNCATE) before its
 * first read; the holder and pg_dump then both see it empty and agree. With `extract`, only the rows of some tables are
 * held and dumped, and every definition.
 */
export async function hold(
  credentials: Credentials,
  policy: Policy,
  programs: readonly Programs[],
  signal: AbortSignal,
  onRead?: OnRead,
  extract?: ExtractRequest,
): Promise<HeldSource> {
  const side = await connect(credentials);
  try {
    await refuseUndumpable(side, credentials);
    const client = clientFor(programs, await serverMajor(side));
    const holder = await connect(credentials);
    try {
      const snapshot = await lockThenSnapshot(holder, side, policy.dump.lockTimeout);
      const part = extract && (await extractedTables(holder, snapshot.tables, extract.tables));
      return await heldSource(holder, side, snapshot, client, credentials, policy, signal, onRead, part);
    } catch (error) {
      await holder.end().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    await side.end().catch(() => undefined);
    throw error;
  }
}

async function heldSource(
  holder: Client,
  side: Client,
  snapshot: Snapshot,
  programs: Programs,
  credentials: Credentials,
  policy: Policy,
  signal: AbortSignal,
  onRead?: OnRead,
  part?: ExtractedTables,
): Promise<HeldSource> {
  const read = part ? { ...snapshot, tables: part.wanted } : snapshot;
  const name = `understudy ${randomUUID().slice(0, 8)}`;
  const [{ pid } = { pid: 0 }] = await rows<{ pid: number }>(
    holder,
    'select pg_catalog.pg_backend_pid() as pid',
  );
  const environment = await libpqEnvironment(credentials);
  const definitions = await definitionsNow(holder);
  const roles = await heldRoles(holder);
  const whileRead: Promise<string[]>[] = [];
  /** PostgreSQL prints the grantees of privileges by their newest names, whatever the snapshot is. */
  const rolesAreRead = () => {
    const changed = changedRoles(roles, side);
    changed.catch(() => undefined);
    whileRead.push(changed);
  };
  const whole = await sourceFacts(holder, snapshot.takenAt);
  const facts = part ? { ...whole, bytes: part.bytes } : whole;
  return {
    facts,
    ...(part ? { leftOut: part.leftOut } : {}),
    extensions: await extensionFacts(holder),
    parameters: await parameterFacts(holder),
    content: (depth, sequences) => contentFacts(holder, depth, sequences, read, signal, rolesAreRead, onRead),
    dataLines: () => asListed(holder, read.tables.map(dataLine)),
    async unchanged() {
      const renamed = (await Promise.all(whileRead)).flat().map((name) => `role ${name}`);
      const changed = [...changedDefinitions(definitions, await definitionsNow(side)), ...new Set(renamed)];
      if (changed.length === 0) return;
      throw new UnderstudyError(
        'schema-changing',
        `definitions changed during the dump: ${changed.slice(0, 5).join(', ')}`,
        {
          hint: 'pg_dump reads some of them outside its snapshot, so the dump may match neither state; Understudy dumps again',
        },
      );
    },
    archive() {
      const held = { snapshot: snapshot.id, name, part, environment };
      const archive = startArchive(programs, credentials, held, policy, signal);
      archive.toc.then(rolesAreRead).catch(() => undefined);
      return archive;
    },
    roles: () => dumpRoles(programs, credentials, roles, facts.encoding),
    sequences: () => sequenceValues(side),
    watchForBlocked: (onBlocked, ends) => watchForBlocked(credentials, [pid], name, onBlocked, ends),
    async release() {
      // Closing a connection ends its session only after the running query; until then it holds every lock.
      await endSessions(credentials, side, pid, name).catch(() => undefined);
      await Promise.allSettled([holder.end(), side.end()]);
    },
  };
}

/** Ends the holder's session and pg_dump's, which is found by its name. */
async function endSessions(
  credentials: Credentials,
  side: Client,
  holder: number,
  name: string,
): Promise<void> {
  const sql =
    'select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where (pid = $1 or application_name = $2) and usename = current_user and pid <> pg_catalog.pg_backend_pid()';
  try {
    await side.query(sql, [holder, name]);
  } catch {
    const fresh = await connect(credentials);
    await fresh.query(sql, [holder, name]).finally(() => fresh.end());
  }
}

/** Locks other than those on tables are released as soon as they have served their read. */
async function contentFacts(
  client: Client,
  depth: 'fingerprints' | 'counts',
  sequences: readonly Sequence[],
  { tables, writes }: Snapshot,
  signal: AbortSignal,
  schemaIsRead: () => void,
  onRead?: OnRead,
): ReturnType<HeldSource['content']> {
  await client.query('savepoint planned');
  const schema = await schemaFacts(client);
  schemaIsRead();
  await client.query(GIVE_BACK);
  const readings = await readTables(client, tables, depth, { signal, savepoint: true, onRead });
  const largeObjects = await largeObjectFacts(client, depth);
  await client.query(GIVE_BACK);
  const definitions = definitionsStamp(writes);
  return {
    content: {
      facts: FACTS,
      schema,
      tables: readings.map(({ facts }) => {
        const counted = writes.get(keyOf(facts.schema, facts.name));
        return counted ? { ...facts, writes: counted } : facts;
      }),
      largeObjects,
      definitions,
    },
    sequences: withMaxima(sequences, maximaOf(tables, readings)),
  };
}

/** Lines as pg_restore prints them: in the encoding of the archive, which is the database's. */
async function asListed(client: Client, listing: string[]): Promise<string[]> {
  if (speaksBytes(client)) return listing;
  const found = await rows<{ bytes: Buffer }>(
    client,
    'select pg_catalog.convert_to(line, pg_catalog.getdatabaseencoding()) as bytes from pg_catalog.unnest($1::text[]) with ordinality as listed (line, n) order by n',
    [listing],
  );
  return found.map(({ bytes }) => fromBytes(bytes));
}

function withMaxima(sequences: readonly Sequence[], maxima: Map<string, bigint>): Sequence[] {
  return sequences.map((sequence) => {
    const maximum = maxima.get(keyOf(sequence.schema, sequence.name));
    if (!sequence.column || maximum === undefined) return sequence;
    return { ...sequence, column: { ...sequence.column, maximum: String(maximum) } };
  });
}
