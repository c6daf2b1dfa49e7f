import type { ArchiveEntry } from '../../../../../../lib/adapters/engines/postgres/restore/archive-toc.ts';
import { inPortions } from '../../../../../../lib/adapters/engines/postgres/restore/portions.ts';
import { manifest } from '../../../../../support/builders.ts';

const entry = (id: number, type: string, more: Partial<ArchiveEntry> = {}): ArchiveEntry => ({
  ...{
    id,
    type,
    catalog: 0,
    oid: 0,
    name: String(id),
    owner: '',
    section: 'data',
    definition: '',
    needs: [],
  },
  ...more,
});

/** The ids of the entries of each portion; a portion takes ten rows. */
async function portions(entries: ArchiveEntry[], objects: number): Promise<number[][]> {
  const found: number[][] = [];
  const dumped = manifest({ tables: [], largeObjects: { count: String(objects), fingerprint: '0:0' } });
  const source = { ...dumped.source, bytes: (2 ** 31 * objects) / 10 };
  await inPortions(
    {
      ...{ section: 'data', entries, manifest: { ...dumped, source }, done: 0 },
      run: async (portion) => void found.push(portion.map(({ id }) => id)),
    },
    { secondsLeft: () => 900, signal: new AbortController().signal },
  );
  return found;
}

test('large objects are portioned by their number, and a comment stays with what it is about', async () => {
  const six = '1\n2\n3\n4\n5\n6\n';
  const made = [
    entry(1, 'BLOB METADATA', { definition: six }),
    entry(2, 'COMMENT', { section: 'none', needs: [1] }),
    entry(3, 'BLOB METADATA', { definition: six }),
    entry(4, 'BLOBS', { needs: [1] }),
    entry(5, 'SEQUENCE SET'),
  ];
  expect(await portions(made, 12)).toEqual([[1, 2], [3], [4, 5]]);
  // Those of an older pg_dump are one entry.
  expect(await portions([entry(1, 'SEQUENCE SET'), entry(2, 'BLOBS')], 12)).toEqual([[1], [2]]);
});
