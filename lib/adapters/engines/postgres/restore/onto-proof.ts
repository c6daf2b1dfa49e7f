import { withoutExceptions } from '../../../../domain/proof/exceptions.ts';
import type { Manifest } from '../../../../domain/proof/manifest.ts';
import { keyOfObject, type Proof, prove, rewritten } from '../../../../domain/proof/proof.ts';
import type { OntoRequest } from '../../../../ports/destination.ts';
import { keyOf } from '../facts/writes.ts';
import type { Programs } from '../programs.ts';
import { withCopyOn } from '../scratch-copy.ts';
import type { ArchiveEntry } from './archive-toc.ts';
import type { Paced } from './portions.ts';
import type { RestoredDatabase, RestoreServer } from './restorer.ts';

/** Proves what was restored into somebody's own database, as far as it was asked for. */
export async function proofOnto(
  server: RestoreServer,
  programs: Programs,
  manifest: Manifest,
  request: OntoRequest,
  entries: readonly ArchiveEntry[],
  restored: Omit<RestoredDatabase, 'notes'>,
  notes: string[],
): Promise<Proof> {
  const depth = 'fingerprints';
  return withCopyOn(
    server,
    programs,
    { ...restored, notes: [] },
    request.signal,
    request.onRead,
    async (copy) => {
      const facts = await copy.content(manifest, depth);
      const otherwise = rewritten(manifest, facts);
      // A second look would create a database on somebody's server.
      if (otherwise.length > 0)
        notes.push(
          `PostgreSQL writes these differently after a restore, and they were not looked at again: ${otherwise
            .map(({ kind, name }) => `${kind} ${name}`)
            .slice(0, 10)
            .join(', ')}`,
        );
      const confirmed = new Set(otherwise.map(keyOfObject));
      const asked = request.tables ? onlyTables(manifest, facts, entries) : { manifest, facts };
      const proof = prove(asked.manifest, asked.facts, {
        depth,
        extensionsLeftOut: restored.leftOut,
        confirmed,
      });
      return leftOutOnPurpose(withoutExceptions(proof, restored.exceptions), request);
    },
  );
}

/** Undefined when the time of a load ends before its proof, whose server may be busy for longer: all is loaded then. */
export async function unlessEnded(
  paced: Paced | undefined,
  proof: Promise<Proof>,
): Promise<Proof | undefined> {
  if (!paced) return proof;
  const { signal } = paced;
  const ended = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined));
  });
  const orEnded = proof.catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  return Promise.race([orEnded, ended]);
}

type Facts = Awaited<ReturnType<Parameters<Parameters<typeof withCopyOn>[5]>[0]['content']>>;

/** Only the rows that were restored: of the chosen tables, and of their partitions. */
function onlyTables(manifest: Manifest, facts: Facts, entries: readonly ArchiveEntry[]) {
  const filled = new Set(
    entries.flatMap(({ type, schema, name }) => (type === 'TABLE DATA' ? [keyOf(schema ?? '', name)] : [])),
  );
  const isChosen = ({ schema, name }: { schema: string; name: string }) => filled.has(keyOf(schema, name));
  const none = { schema: {}, sequences: [], largeObjects: { count: '0', fingerprint: '0:0' } };
  return {
    manifest: { ...manifest, ...none, tables: manifest.tables.filter(isChosen) } as Manifest,
    facts: { ...facts, ...none, tables: facts.tables.filter(isChosen) } as Facts,
  };
}

/** Differences that follow from what was asked for: no owners, no privileges. */
function leftOutOnPurpose(proof: Proof, { owners, privileges }: OntoRequest): Proof {
  const differences = proof.differences.filter(
    ({ kind, what }) =>
      (owners || !['owner', 'default privilege', 'policy'].includes(kind)) &&
      (privileges ||
        !(
          ['grant', 'default privilege', 'system grant'].includes(kind) ||
          (kind === 'column' && what === 'changed')
        )),
  );
  return { ...proof, differences, equal: differences.length === 0 };
}
