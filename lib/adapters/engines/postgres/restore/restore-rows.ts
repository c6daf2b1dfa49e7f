import { availableParallelism } from 'node:os';
import { RestoreFailed } from '../../../../domain/errors.ts';
import type { RowsRequest } from '../../../../ports/comparison.ts';
import { chosenTables, sideTables } from '../compare/comparable.ts';
import { rows } from '../connection.ts';
import { keyOf } from '../facts/writes.ts';
import type { Programs } from '../programs.ts';
import { type ScratchServer, SUPERUSER } from '../scratch-server.ts';
import { formatEntry, readArchiveToc } from './archive-toc.ts';
import { lendCreate, prepareDatabase } from './copy-database.ts';
import { createExtensions } from './extensions.ts';
import { failureOf } from './failure.ts';
import { partsOf } from './parts.ts';
import { type Part, pgRestore } from './pg-restore.ts';
import { DATABASE, RESTORER } from './restorer.ts';

/**
 * Restores definitions and the rows of some tables, or of all: no index, no constraint and no trigger. Of the source's code
 * only a function in a partition key runs. What does not restore is a note, unless it is a wanted table or its rows.
 */
export async function restoreRows(
  server: ScratchServer,
  programs: Programs,
  archive: string,
  request: RowsRequest,
  notes: string[],
): Promise<void> {
  const { manifest } = request;
  const all = await readArchiveToc(archive);
  const parts = partsOf(all);
  const jobs = availableParallelism();
  const run = (part: Part) => pgRestore(server, programs, archive, part);
  const restore = async (part: Part) => {
    const { errors } = await run(part);
    const failed = errors.map(({ entry, message }) =>
      entry ? `${formatEntry(entry)}: ${message}` : message,
    );
    if (failed.length > 0)
      notes.push(
        `not restored: ${failed.slice(0, 10).join('; ')}${failed.length > 10 ? ` and ${failed.length - 10} more` : ''}`,
      );
  };
  await restore({ name: 'schemas', entries: parts.schemas, user: RESTORER });
  await createExtensions(server, manifest, [], notes);
  await prepareDatabase(server, manifest);
  await lendCreate(server);
  await restore({
    name: 'pre-data',
    entries: parts.main,
    user: RESTORER,
    jobs,
    options: ['--section=pre-data'],
  });
  await runNoCode(server);

  const wanted = await wantedLeaves(server, request.tables);
  const ofWanted = parts.main.filter(
    ({ type, schema, name }) => type === 'TABLE DATA' && wanted.has(keyOf(schema ?? '', name)),
  );
  const missing = [...wanted].filter(
    (key) =>
      dumped(manifest).has(key) && !ofWanted.some(({ schema, name }) => keyOf(schema ?? '', name) === key),
  );
  if (missing.length > 0)
    throw new RestoreFailed('restore-failed', 'the archive has no rows of a table that the manifest has', {
      hint: 'verify the point, and choose another one',
    });
  const outcome = await run({
    name: 'data',
    entries: ofWanted,
    user: RESTORER,
    jobs,
    options: ['--section=data'],
  });
  const failure = failureOf(outcome, all, { extensions: [], named: [], locale: false });
  if (failure) throw failure;
}

const dumped = ({ tables }: RowsRequest['manifest']) =>
  new Set(tables.map(({ schema, name }) => keyOf(schema, name)));

/** The tables that hold the wanted rows, as the restored definitions have them. */
async function wantedLeaves(
  server: ScratchServer,
  names: readonly string[] | undefined,
): Promise<Set<string>> {
  const client = await server.connect(SUPERUSER, DATABASE);
  try {
    const tables = chosenTables(await sideTables(client), names);
    return new Set(
      tables.flatMap(({ leaves }) =>
        leaves.filter((leaf) => !leaf.foreign).map(({ schema, name }) => keyOf(schema, name)),
      ),
    );
  } finally {
    await client.end();
  }
}

/** What would run code of the source as rows arrive. The rows are compared without it. */
const CODE = `
  select pg_catalog.format('alter table %s drop constraint if exists %I', k.conrelid::pg_catalog.regclass, k.conname) as sql
    from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid where k.contype = 'c' and k.coninhcount = 0 and c.relkind in ('r', 'p')
  union all select pg_catalog.format('alter domain %s drop constraint if exists %I', k.contypid::pg_catalog.regtype, k.conname)
    from pg_catalog.pg_constraint k where k.contype = 'c' and k.contypid <> 0
    and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and d.objid = k.contypid and d.deptype = 'e')
  union all select pg_catalog.format('alter table %s alter column %I drop expression', a.attrelid::pg_catalog.regclass, a.attname)
    from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid where a.attgenerated = 's' and not a.attisdropped and a.attinhcount = 0 and c.relkind in ('r', 'p')`;

async function runNoCode(server: ScratchServer): Promise<void> {
  const client = await server.connect(SUPERUSER, DATABASE);
  try {
    // What a table inherits can be removed only after what it inherits from.
    for (let round = 0; round < 5; round++)
      for (const { sql } of await rows<{ sql: string }>(client, CODE))
        await client.query(sql).catch(() => undefined);
  } finally {
    await client.end();
  }
}
