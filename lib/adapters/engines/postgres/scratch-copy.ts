import { availableParallelism } from 'node:os';
import type { Client } from 'pg';
import { FACTS } from '../../../domain/proof/manifest.ts';
import type { CopyFacts } from '../../../domain/proof/proof.ts';
import type { OnRead, ScratchCopy } from '../../../ports/database.ts';
import { type DataTable, dataTables } from './facts/data-tables.ts';
import { largeObjectFacts } from './facts/large-objects.ts';
import { readTables, type TableReading } from './facts/read-tables.ts';
import { schemaFacts } from './facts/schema/schema-facts.ts';
import { maximaOf, sequenceValues } from './facts/sequences.ts';
import { keyOf } from './facts/writes.ts';
import type { Programs } from './programs.ts';
import { confirmWritten } from './restore/confirm-written.ts';
import { DATABASE, RESTORER, type RestoreServer } from './restore/restorer.ts';
import { SUPERUSER } from './scratch-server.ts';
import { singleValue } from './single-value.ts';

/** Passes on the restored copy on a scratch server, and closes its connections afterwards. */
export async function withCopyOn<T>(
  server: RestoreServer,
  programs: Programs,
  found: Pick<ScratchCopy, 'leftOut' | 'notes' | 'exceptions'>,
  signal: AbortSignal,
  onRead: OnRead | undefined,
  use: (copy: ScratchCopy) => Promise<T>,
): Promise<T> {
  const reader = await server.connect(SUPERUSER, DATABASE);
  const asker = await server.connect(RESTORER, DATABASE);
  try {
    return await use({
      ...found,
      content: (_manifest, depth) =>
        copyFacts(reader, depth, (tables) => readAtOnce(server, tables, depth, signal, onRead)),
      confirmed: (objects) => confirmWritten(server, programs, objects),
      value: (sql, seconds) => singleValue(asker, sql, seconds),
    });
  } finally {
    await Promise.allSettled([reader.end(), asker.end()]);
  }
}

/** The content of a copy that a proof compares. `read` reads the tables. */
export async function copyFacts(
  client: Client,
  depth: 'fingerprints' | 'counts',
  read: (tables: DataTable[]) => Promise<TableReading[]>,
): Promise<CopyFacts> {
  const tables = await dataTables(client);
  const readings = await read(tables);
  const maxima = maximaOf(tables, readings);
  return {
    facts: FACTS,
    schema: await schemaFacts(client),
    tables: readings.map(({ facts }) => facts),
    largeObjects: await largeObjectFacts(client, depth),
    sequences: (await sequenceValues(client)).map(({ schema, name, value }) => {
      const maximum = maxima.get(keyOf(schema, name));
      return { schema, name, value, ...(maximum === undefined ? {} : { columnMaximum: String(maximum) }) };
    }),
  };
}

/** As many tables at once as there are cores. */
async function readAtOnce(
  server: RestoreServer,
  tables: DataTable[],
  depth: 'fingerprints' | 'counts',
  signal: AbortSignal,
  onRead?: OnRead,
): Promise<TableReading[]> {
  const found: TableReading[] = new Array(tables.length);
  let next = 0;
  const work = async () => {
    const client = await server.connect(SUPERUSER, DATABASE);
    try {
      for (let from = next; from < tables.length; from = next) {
        const part = tables.slice(from, from + PART);
        next = from + part.length;
        const readings = await readTables(client, part, depth, { signal, onRead, of: tables.length });
        readings.forEach((reading, index) => {
          found[from + index] = reading;
        });
      }
    } finally {
      await client.end();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return found;
}

/** Few, so that the largest tables do not all go to one connection. */
const PART = 8;
