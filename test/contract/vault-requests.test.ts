import { createHash } from 'node:crypto';
import type { Vault } from '../../lib/ports/vault.ts';
import { breaks, type FaultyProxy, startProxy, type Wire } from './support/proxy.ts';
import { unique } from './support/stage.ts';
import { bytes, chunks, inS3, MIB, options, PART, type VaultUnderTest } from './support/vaults.ts';

const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/of-the-vault';
const LOCK = { mode: 'compliance' as const, until: new Date('2099-12-25T00:00:00Z') };
const TAGS = { 'understudy:target': 'crm + co=1', 'understudy:retention': 'production' };

/** What S3 is asked for, as it goes over the wire. */
describe('the vault in S3', () => {
  let proxy: FaultyProxy;
  let under: VaultUnderTest;
  let vault: Vault;
  beforeAll(async () => {
    proxy = await startProxy(process.env['AWS_ENDPOINT_URL']!);
    under = await inS3({ endpoint: proxy.endpoint, kmsKey: KEY });
    vault = under.vault;
  });
  beforeEach(() => proxy.reset());
  afterAll(() => proxy.stop());

  const sha256 = (body: Buffer) => createHash('sha256').update(body).digest('base64');
  const creating = { tags: TAGS, lock: LOCK, contentType: 'application/x-dump' };
  const expectCreation = ({ headers }: Wire) => {
    expect(headers).toMatchObject({
      'content-type': 'application/x-dump',
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': KEY,
      'x-amz-server-side-encryption-bucket-key-enabled': 'true',
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': expect.stringMatching(/^2099-12-25T00:00:00(\.000)?Z$/),
    });
    expect(Object.fromEntries(new URLSearchParams(headers['x-amz-tagging']))).toEqual(TAGS);
  };

  describe('when S3 answers in pages', () => {
    it('lists each key once although its versions lie on several pages', async () => {
      const prefix = `${unique('pages')}/`;
      for (const name of ['a.dump', 'B.dump', 'b.dump', 'c-1.dump', 'c.dump']) {
        await vault.put(bytes(1), options({ key: prefix + name }));
        await under.replace(prefix + name, bytes(2));
        await under.hide(prefix + name);
      }
      proxy.rewrite(({ operation, url }) => {
        if (operation === 'ListObjectVersions') url.searchParams.set('max-keys', '2');
      });
      const found: string[] = [];
      for await (const { key } of vault.list(prefix)) found.push(key.slice(prefix.length));
      expect(proxy.of('ListObjectVersions').length).toBeGreaterThan(5);
      expect(found.sort()).toEqual(['B.dump', 'a.dump', 'b.dump', 'c-1.dump', 'c.dump']);
    });

    // moto loses its place when a version that a marker names was deleted; S3 does not. So the pages are ours.
    it('removes the versions and markers on every page', async () => {
      const version = (kind: string, id: string) =>
        `<${kind}><Key>p/a</Key><VersionId>${id}</VersionId></${kind}>`;
      const page = (versions: string, next?: string) =>
        `<ListVersionsResult><IsTruncated>${next !== undefined}</IsTruncated>${versions}` +
        (next ? `<NextKeyMarker>p/a</NextKeyMarker><NextVersionIdMarker>${next}</NextVersionIdMarker>` : '') +
        '</ListVersionsResult>';
      const pages = [
        page(version('Version', 'v5') + version('DeleteMarker', 'm4'), 'm4'),
        page(version('Version', 'v3') + version('Version', 'v2'), 'v2'),
        page(version('Version', 'v1')),
      ];
      proxy.rule(({ operation }) => {
        if (operation === 'DeleteObject') return { status: 204 };
        return operation === 'ListObjectVersions' ? { status: 200, body: pages.shift()! } : undefined;
      });
      await vault.removeAllVersions('p/a');
      const removed = proxy.of('DeleteObject').map((wire) => wire.url.searchParams.get('versionId'));
      expect(removed.sort()).toEqual(['m4', 'v1', 'v2', 'v3', 'v5']);
      const asked = proxy
        .of('ListObjectVersions')
        .map((wire) => wire.url.searchParams.get('version-id-marker'));
      expect(asked).toEqual([null, 'm4', 'v2']);
    });

    it('lists the open uploads on every page', async () => {
      const page = (key: string, next?: string) =>
        `<ListMultipartUploadsResult><IsTruncated>${next !== undefined}</IsTruncated>` +
        (next
          ? `<NextKeyMarker>${key}</NextKeyMarker><NextUploadIdMarker>${next}</NextUploadIdMarker>`
          : '') +
        `<Upload><Key>${key}</Key><UploadId>of-${key}</UploadId><Initiated>2026-11-20T01:00:00.000Z</Initiated></Upload></ListMultipartUploadsResult>`;
      const pages = [page('p/a', 'one'), page('p/b', 'two'), page('p/c')];
      proxy.rule(({ operation }) =>
        operation === 'ListMultipartUploads' ? { status: 200, body: pages.shift()! } : undefined,
      );
      const startedAt = '2026-11-20T01:00:00.000Z';
      expect(await vault.openUploads('p/')).toEqual(
        ['p/a', 'p/b', 'p/c'].map((key) => ({ key, uploadId: `of-${key}`, startedAt })),
      );
      const markers = proxy.seen.map(({ url: { searchParams } }) => [
        searchParams.get('key-marker'),
        searchParams.get('upload-id-marker'),
      ]);
      expect(markers).toEqual([
        [null, null],
        ['p/a', 'one'],
        ['p/b', 'two'],
      ]);
    });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a put', () => vault.put(bytes(20), options(creating))],
    ['a short stream', () => vault.stream(chunks(bytes(20)), options(creating))],
  ])(
    'stores %s in one request, encrypted, locked, tagged, with a checksum and only under a new key',
    async (_w, put) => {
      await put();
      const [request, ...more] = proxy.seen;
      expect(more).toEqual([]);
      expect(request!.operation).toBe('PutObject');
      expectCreation(request!);
      expect(request!.headers['if-none-match']).toBe('*');
      expect(request!.headers['x-amz-checksum-sha256']).toBe(sha256(bytes(20)));
    },
  );

  it('uploads a stream of two parts encrypted, locked, tagged, with checksums and only under a new key', async () => {
    await vault.stream(chunks(bytes(PART + 1)), options(creating));
    const [begun] = proxy.of('CreateMultipartUpload');
    expectCreation(begun!);
    expect(begun!.headers['x-amz-checksum-algorithm']).toBe('SHA256');
    const asked = proxy.seen.map((wire) => wire.operation).sort();
    expect(asked).toEqual(['CompleteMultipartUpload', 'CreateMultipartUpload', 'UploadPart', 'UploadPart']);
    expect(proxy.of('CompleteMultipartUpload')[0]!.headers['if-none-match']).toBe('*');
  });

  it('sends the SHA-256 of every part, and all of them with the completion', async () => {
    const body = bytes(2 * PART + MIB);
    await vault.stream(chunks(body), options());
    const digests = [body.subarray(0, PART), body.subarray(PART, 2 * PART), body.subarray(2 * PART)].map(
      sha256,
    );
    const sent = proxy.of('UploadPart').sort((a, b) => a.url.search.localeCompare(b.url.search));
    expect(sent.map((wire) => wire.headers['x-amz-checksum-sha256'])).toEqual(digests);
    const completion = proxy.of('CompleteMultipartUpload')[0]!.body.toString();
    for (const digest of digests) expect(completion).toContain(`<ChecksumSHA256>${digest}</ChecksumSHA256>`);
  });

  it('uploads parts of eight MiB, and larger ones of a database that would not fit into them', async () => {
    const partsOf = async (expectedBytes?: number) => {
      proxy.reset();
      await vault.stream(chunks(bytes(2 * PART + MIB)), options({ expectedBytes }));
      return proxy
        .of('UploadPart')
        .map((wire) => wire.body.length / MIB)
        .sort((a, b) => b - a);
    };
    expect(await partsOf()).toEqual([8, 8, 1]);
    expect(await partsOf(1000)).toEqual([8, 8, 1]);
    expect(await partsOf(9000 * 12 * MIB)).toEqual([12, 5]);
  });

  it('asks for no encryption and no lock of its own where neither is configured', async () => {
    const plain = await inS3({ endpoint: proxy.endpoint });
    await plain.vault.put(bytes(1), options());
    await plain.vault.stream(chunks(bytes(PART + 1)), options());
    const [put] = proxy.of('PutObject');
    const [begun] = proxy.of('CreateMultipartUpload');
    for (const wire of [put, begun])
      expect(Object.keys(wire!.headers).join()).not.toMatch(/encryption|object-lock/);
  });

  it('reads and deletes objects by their version, and never bypasses a lock', async () => {
    const stored = await vault.put(bytes(3), options());
    await vault.read(stored).then((stream) => stream.destroy());
    await vault.headVersion(stored);
    await vault.removeAllVersions(stored.key);
    const asked = [...proxy.of('GetObject'), ...proxy.of('HeadObject'), ...proxy.of('DeleteObject')];
    const { versionId } = stored;
    expect(asked.map((wire) => wire.url.searchParams.get('versionId'))).toEqual(Array(3).fill(versionId));
    expect(proxy.of('DeleteObject')[0]!.headers).not.toHaveProperty('x-amz-bypass-governance-retention');
  });

  it('aborts its own upload, and leaves another’s to a longer key open', async () => {
    const to = options();
    const other = await under.leaveOpen(`${to.key}.later`);
    proxy.rule(breaks('UploadPart', { status: 403, code: 'AccessDenied' }));
    await expect(vault.stream(chunks(bytes(PART + 1)), to)).rejects.toThrow();
    proxy.reset();
    expect((await vault.openUploads(to.key)).map((upload) => upload.uploadId)).toEqual([other.uploadId]);
  });
});
