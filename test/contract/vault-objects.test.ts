import type { ListedKey } from '../../lib/ports/vault.ts';
import { unique } from './support/stage.ts';
import { bytes, options, readAll, VAULTS, type VaultUnderTest } from './support/vaults.ts';

const HOUR = 3_600_000;
/** S3 keeps whole seconds. */
const inAnHour = () => new Date(Math.floor(Date.now() / 1000) * 1000 + HOUR);

describe.each(VAULTS)('the vault %s', (_name, make) => {
  let stranger: VaultUnderTest;
  let vault: VaultUnderTest['vault'];
  beforeAll(async () => {
    stranger = await make();
    vault = stranger.vault;
  });
  const listed = async (prefix: string) => {
    const found: ListedKey[] = [];
    for await (const each of vault.list(prefix)) found.push(each);
    return found;
  };

  it('gives the current version of a key, and none of a key that was never written', async () => {
    const stored = await vault.put(bytes(7), options());
    expect(await vault.head(stored.key)).toEqual({ versionId: stored.versionId, bytes: 7 });
    expect(await vault.headVersion(stored)).toEqual({ versionId: stored.versionId, bytes: 7 });
    expect(await vault.head(options().key)).toBeUndefined();
  });

  it('has no object under a key with a delete marker, but still the version behind it', async () => {
    const stored = await vault.put(Buffer.from('dump'), options());
    await stranger.hide(stored.key);
    expect(await vault.head(stored.key)).toBeUndefined();
    expect(await vault.headVersion(stored)).toMatchObject({ versionId: stored.versionId, bytes: 4 });
    expect((await readAll(await vault.read(stored))).toString()).toBe('dump');
  });

  it('gives the new version of an object that was written over, and still reads the old one', async () => {
    const stored = await vault.put(Buffer.from('ours'), options());
    const theirs = await stranger.replace(stored.key, Buffer.from('theirs!'));
    expect(await vault.head(stored.key)).toMatchObject({ versionId: theirs.versionId, bytes: 7 });
    expect(await vault.headVersion(stored)).toMatchObject({ bytes: 4 });
    expect((await readAll(await vault.read(stored))).toString()).toBe('ours');
    expect((await readAll(await vault.read(theirs))).toString()).toBe('theirs!');
  });

  it('reports a removed version as missing although another object lies under its key', async () => {
    const stored = await vault.put(bytes(3), options());
    await vault.removeAllVersions(stored.key);
    await stranger.replace(stored.key, bytes(3));
    await expect(vault.read(stored)).rejects.toMatchObject({
      code: 'artifact-missing',
      message: expect.stringContaining(stored.key),
    });
    expect(await vault.headVersion(stored)).toBeUndefined();
  });

  it('reports an object as missing whose key was never written', async () => {
    const never = { ...(await vault.put(bytes(3), options())), key: options().key };
    await expect(vault.read(never)).rejects.toMatchObject({ code: 'artifact-missing' });
    expect(await vault.headVersion(never)).toBeUndefined();
  });

  it('has no object under the version of a delete marker', async () => {
    const stored = await vault.put(bytes(3), options());
    await stranger.hide(stored.key);
    const marker = (await stranger.versions(stored.key)).find((version) => version.marker)!;
    const hidden = { ...stored, versionId: marker.versionId };
    expect(await vault.headVersion(hidden)).toBeUndefined();
    await expect(vault.read(hidden)).rejects.toMatchObject({ code: 'artifact-missing' });
  });

  it('does not begin a read whose signal was aborted', async () => {
    const stored = await vault.put(bytes(3), options());
    await expect(vault.read(stored, AbortSignal.abort())).rejects.toThrow();
  });

  it('gives the lock and the legal hold of an object', async () => {
    const until = inAnHour();
    const stored = await vault.put(bytes(3), options({ lock: { mode: 'governance', until } }));
    const lockedUntil = until.toISOString();
    expect(await vault.head(stored.key)).toMatchObject({ lockedUntil });
    await stranger.hold(stored, true);
    expect(await vault.headVersion(stored)).toMatchObject({ lockedUntil, legalHold: true });
    await stranger.hold(stored, false);
    expect(await vault.headVersion(stored)).not.toHaveProperty('legalHold');
  });

  it('removes every version and marker of a key, and none of a key that begins alike', async () => {
    const stored = await vault.put(bytes(3), options());
    const longer = await vault.put(bytes(3), options({ key: `${stored.key}.manifest` }));
    await stranger.hide(stored.key);
    await stranger.replace(stored.key, bytes(4));
    await stranger.hide(stored.key);
    expect(await stranger.versions(stored.key)).toHaveLength(4);
    await vault.removeAllVersions(stored.key);
    expect(await stranger.versions(stored.key)).toEqual([]);
    expect(await vault.head(longer.key)).toBeDefined();
  });

  it('removes a key that was never written without an error', async () => {
    await expect(vault.removeAllVersions(options().key)).resolves.toBeUndefined();
  });

  it.each([
    ['locked', { lock: { mode: 'compliance' as const, until: inAnHour() } }, false],
    ['on legal hold', {}, true],
  ])('refuses to remove an object that is %s', async (_what, how, hold) => {
    const stored = await vault.put(bytes(3), options(how));
    if (hold) await stranger.hold(stored, true);
    await expect(vault.removeAllVersions(stored.key)).rejects.toThrow();
    expect(await vault.headVersion(stored)).toMatchObject({ bytes: 3 });
  });

  it('lists each key below a prefix once, hidden and overwritten ones too', async () => {
    const prefix = `${unique('listed')}/`;
    const begun = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
    for (const name of ['a.dump', 'b.dump', 'c.dump'])
      await vault.put(bytes(1), options({ key: `${prefix}${name}` }));
    await vault.put(bytes(1), options({ key: `${prefix.slice(0, -1)}-other/a.dump` }));
    await stranger.hide(`${prefix}b.dump`);
    await stranger.replace(`${prefix}c.dump`, bytes(2));
    const found = await listed(prefix);
    expect(found.map((each) => each.key).sort()).toEqual(
      ['a.dump', 'b.dump', 'c.dump'].map((name) => prefix + name),
    );
    expect(found.map(({ key, versions }) => `${key.slice(prefix.length)} ${versions}`).sort()).toEqual([
      'a.dump 1',
      'b.dump 1',
      'c.dump 2',
    ]);
    for (const { lastModified } of found) {
      expect(new Date(lastModified).toISOString()).toBe(lastModified);
      expect(lastModified >= begun).toBe(true);
    }
    expect(await listed(`${unique('empty')}/`)).toEqual([]);
  });

  it('lists the open uploads below a prefix, and no others', async () => {
    const prefix = `${unique('open')}/`;
    const one = await stranger.leaveOpen(`${prefix}one.dump`);
    const two = await stranger.leaveOpen(`${prefix}two.dump`);
    await stranger.leaveOpen(`${prefix.slice(0, -1)}-other/three.dump`);
    const found = await vault.openUploads(prefix);
    expect(found.map(({ key, uploadId }) => [key, uploadId]).sort()).toEqual([
      [one.key, one.uploadId],
      [two.key, two.uploadId],
    ]);
    for (const { startedAt } of found) expect(new Date(startedAt).toISOString()).toBe(startedAt);
    expect((await vault.openUploads('')).map((each) => each.uploadId)).toContain(one.uploadId);
  });

  it('aborts one upload and leaves another to the same key open', async () => {
    const { key, ...one } = await stranger.leaveOpen(options().key);
    const two = await stranger.leaveOpen(key);
    await vault.abortUpload({ key, ...one });
    expect((await vault.openUploads(key)).map((each) => each.uploadId)).toEqual([two.uploadId]);
  });

  it('aborts an upload twice without an error', async () => {
    const upload = await stranger.leaveOpen(options().key);
    await vault.abortUpload(upload);
    await expect(vault.abortUpload(upload)).resolves.toBeUndefined();
  });
});
