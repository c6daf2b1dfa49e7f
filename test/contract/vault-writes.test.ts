import {
  bytes,
  chunks,
  MIB,
  options,
  PART,
  readAll,
  sha256,
  VAULTS,
  type VaultUnderTest,
} from './support/vaults.ts';

const SIZES: [string, number][] = [
  ['nothing', 0],
  ['one byte', 1],
  ['one byte less than a part', PART - 1],
  ['exactly a part', PART],
  ['one byte more than a part', PART + 1],
  ['exactly two parts', 2 * PART],
  ['three parts and a bit', 3 * PART + MIB],
];

describe.each(VAULTS)('the vault %s', (_name, make) => {
  let under: VaultUnderTest;
  beforeAll(async () => {
    under = await make();
  });
  /** Nothing of a key is stored, and nothing of it is open. */
  const expectNothing = async (key: string) => {
    expect(await under.versions(key)).toEqual([]);
    expect(await under.vault.openUploads(key)).toEqual([]);
  };

  it.each(SIZES)('stores a stream of %s whole and with its digest', async (_what, size) => {
    const body = bytes(size);
    const to = options();
    const stored = await under.vault.stream(chunks(body), to);
    expect(stored).toEqual({ key: to.key, versionId: expect.any(String), bytes: size, sha256: sha256(body) });
    expect(sha256(await readAll(await under.vault.read(stored)))).toBe(stored.sha256);
    expect(await under.versions(to.key)).toEqual([expect.objectContaining({ versionId: stored.versionId })]);
    expect(await under.vault.openUploads(to.key)).toEqual([]);
  });

  it('stores a body whole and with its digest', async () => {
    const body = bytes(1000);
    const to = options();
    const stored = await under.vault.put(body, to);
    expect(stored).toEqual({ key: to.key, versionId: expect.any(String), bytes: 1000, sha256: sha256(body) });
    expect(await readAll(await under.vault.read(stored))).toEqual(body);
  });

  it.each<[string, number, number]>([
    ['at its first byte', 0, 0],
    ['in the middle of the first part', 3 * MIB, 0],
    ['exactly at the end of a part', PART, 0],
    ['in the middle of a later part', 2 * PART + MIB, 0],
    ['after its last byte, before its end', 3 * PART + 7, 0],
  ])('stores nothing of a source that fails %s, and rejects with its error', async (_when, after) => {
    const to = options();
    const failure = new Error('pg_dump exited with 1');
    const source = chunks(bytes(3 * PART + 7), { after, with: failure });
    await expect(under.vault.stream(source, to)).rejects.toBe(failure);
    await expectNothing(to.key);
  });

  it('stores an object under a key whose first stream failed', async () => {
    const to = options();
    const failing = chunks(bytes(2 * PART), { after: PART + 1, with: new Error('gone') });
    await expect(under.vault.stream(failing, to)).rejects.toThrow('gone');
    const stored = await under.vault.stream(chunks(bytes(10)), to);
    expect(await under.vault.head(to.key)).toMatchObject({ versionId: stored.versionId, bytes: 10 });
  });

  it('closes a source whose stream failed', async () => {
    let released = false;
    async function* source() {
      try {
        yield* chunks(bytes(2 * PART), { after: PART + 1, with: new Error('gone') });
      } finally {
        released = true;
      }
    }
    await expect(under.vault.stream(source(), options())).rejects.toThrow('gone');
    expect(released).toBe(true);
  });

  it.each<[string, (vault: VaultUnderTest['vault'], to: ReturnType<typeof options>) => Promise<unknown>]>([
    ['put', (vault, to) => vault.put(bytes(5), to)],
    ['short stream', (vault, to) => vault.stream(chunks(bytes(5)), to)],
    ['stream of several parts', (vault, to) => vault.stream(chunks(bytes(PART + 1)), to)],
  ])('refuses to write over an object with a %s', async (_what, write) => {
    const first = await under.vault.put(Buffer.from('first'), options());
    const second = write(under.vault, options({ key: first.key }));
    await expect(second).rejects.toMatchObject({
      code: 'object-exists',
      message: expect.stringContaining(first.key),
    });
    expect(await under.versions(first.key)).toHaveLength(1);
    expect((await readAll(await under.vault.read(first))).toString()).toBe('first');
    expect(await under.vault.openUploads(first.key)).toEqual([]);
  });

  it('keeps three streams at the same time apart', async () => {
    const bodies = [bytes(PART + 3), bytes(2 * PART), bytes(9)];
    const stored = await Promise.all(bodies.map((body) => under.vault.stream(chunks(body), options())));
    for (const [index, object] of stored.entries())
      expect(sha256(await readAll(await under.vault.read(object)))).toBe(sha256(bodies[index]!));
  });
});
