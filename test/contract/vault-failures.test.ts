import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../../lib/domain/errors.ts';
import { breaks, breaksPart, type Fault, type FaultyProxy, type Rule, startProxy } from './support/proxy.ts';
import {
  bytes,
  chunks,
  inS3,
  options,
  PART,
  readAll,
  sha256,
  type VaultUnderTest,
} from './support/vaults.ts';

const GONE_WRONG: [string, Fault][] = [
  ['answers 500', { status: 500, code: 'InternalError' }],
  ['answers 403', { status: 403, code: 'AccessDenied' }],
  ['breaks the connection', 'drop'],
];
const PASSING: [string, Fault][] = [
  ['answers 500', { status: 500, code: 'InternalError' }],
  ['answers 503', { status: 503, code: 'SlowDown' }],
  ['breaks the connection', 'drop'],
];
const once = (number: number) => number === 1;

/** S3 failing in every way, through a proxy in front of moto. Whatever happens, there is an object or there is nothing. */
describe('the vault in S3', () => {
  let proxy: FaultyProxy;
  let under: VaultUnderTest;
  beforeAll(async () => {
    proxy = await startProxy(process.env['AWS_ENDPOINT_URL']!);
  });
  beforeEach(async () => {
    proxy.reset();
    // Retries are taken from a bucket of the client's: each test has its own.
    under = await inS3({ endpoint: proxy.endpoint });
  });
  afterAll(() => proxy.stop());

  const threeParts = () => bytes(2 * PART + 1);
  /** More than a part of a body that fails once S3 has got a request: before there is an upload, none can be aborted. */
  async function* failingAfter(operation: string, failure: Error) {
    yield bytes(PART + 1);
    while (proxy.of(operation).length === 0) await sleep(5);
    throw failure;
  }
  /** The stream is refused and leaves nothing, as S3 itself says. */
  const expectNothingOf = async (body: Buffer, rule: Rule) => {
    const to = options();
    proxy.rule(rule);
    await expect(under.vault.stream(chunks(body), to)).rejects.toThrow();
    proxy.rule(() => undefined);
    expect(await under.versions(to.key)).toEqual([]);
    expect(await under.vault.openUploads(to.key)).toEqual([]);
  };
  const expectWhole = async (body: Buffer, rule: Rule) => {
    const to = options();
    proxy.rule(rule);
    const stored = await under.vault.stream(chunks(body), to);
    proxy.rule(() => undefined);
    expect(proxy.broken()).toBeGreaterThan(0);
    expect(sha256(await readAll(await under.vault.read(stored)))).toBe(sha256(body));
    expect(await under.versions(to.key)).toHaveLength(1);
    expect(await under.vault.openUploads(to.key)).toEqual([]);
  };

  describe.each(GONE_WRONG)('when S3 always %s', (_how, fault) => {
    it.each([1, 2, 3])('to part %i of three leaves nothing of a stream', (part) =>
      expectNothingOf(threeParts(), breaksPart(part, fault)),
    );
    it.each(['CreateMultipartUpload', 'CompleteMultipartUpload'])(
      'to %s leaves nothing of a stream',
      (operation) => expectNothingOf(threeParts(), breaks(operation, fault)),
    );
    it('to the one request of a short stream leaves nothing of it', () =>
      expectNothingOf(bytes(100), breaks('PutObject', fault)));
  });

  describe.each(PASSING)('when S3 once %s', (_how, fault) => {
    it.each(['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload'])(
      'to %s asks again and stores the object whole',
      (operation) => expectWhole(threeParts(), breaks(operation, fault, once)),
    );
    it('to the one request of a short stream asks again and stores the object whole', () =>
      expectWhole(bytes(100), breaks('PutObject', fault, once)));
  });

  const lateError = { status: 200, body: '<Error><Code>InternalError</Code><Message>late</Message></Error>' };
  it('takes a completion that S3 answers with 200 and InternalError for a failure', async () => {
    await expectNothingOf(threeParts(), breaks('CompleteMultipartUpload', lateError));
    await expectWhole(threeParts(), breaks('CompleteMultipartUpload', lateError, once));
  });

  it('asks again when the answer to a completion is lost, and stores the object whole', () =>
    expectWhole(threeParts(), breaks('CompleteMultipartUpload', 'drop-answer', once)));

  it('asks again when the answer to a part is lost, and stores the object whole', () =>
    expectWhole(threeParts(), breaks('UploadPart', 'drop-answer', once)));

  it('rejects with object-exists when a short stream was stored and the answer was lost', async () => {
    const to = options();
    proxy.rule(breaks('PutObject', 'drop-answer', once));
    const stored = under.vault.stream(chunks(bytes(100)), to);
    await expect(stored).rejects.toMatchObject({
      code: 'object-exists',
      message: expect.stringContaining(to.key),
    });
    expect(await under.versions(to.key)).toHaveLength(1);
  });

  it('rejects with the error of its source when S3 refuses the abort by the SDK', async () => {
    const failure = new Refusal('dump-gave-way', 'the dump ended because a session waited');
    const refused = Promise.withResolvers<void>();
    const refuses = breaks('AbortMultipartUpload', { status: 403, code: 'AccessDenied' }, once);
    proxy.rule((wire) => {
      const fault = refuses(wire);
      if (fault) refused.resolve();
      // The vault looks for open uploads before it aborts them: only after the SDK has tried.
      return fault ?? (wire.operation === 'ListMultipartUploads' ? { until: refused.promise } : undefined);
    });
    const to = options();
    const source = failingAfter('CreateMultipartUpload', failure);
    await expect(under.vault.stream(source, to)).rejects.toBe(failure);
    expect(await under.vault.openUploads(to.key)).toEqual([]);
  });

  it.each<[string, string, Fault]>([
    ['S3 refuses to abort it', 'AbortMultipartUpload', { status: 403, code: 'AccessDenied' }],
    ['S3 cannot be asked for uploads', 'ListMultipartUploads', { status: 500, code: 'InternalError' }],
  ])(
    'says that an upload may be open, and why the stream failed, when %s',
    async (_why, operation, fault) => {
      const failure = new Error('pg_dump exited with 1');
      proxy.rule(breaks(operation, fault));
      const source = failingAfter('UploadPart', failure);
      const error = await under.vault.stream(source, options()).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'upload-not-aborted', hint: expect.any(String) });
      expect(error.message).toContain('pg_dump exited with 1');
      expect(error.message).toContain('said by the test');
    },
  );

  it('aborts an upload again while S3 still lists it, and in the end rejects', async () => {
    const upload = await under.leaveOpen(options().key);
    proxy.rule(breaks('AbortMultipartUpload', { status: 204 }, (number) => number <= 2));
    await under.vault.abortUpload(upload);
    expect(await under.vault.openUploads(upload.key)).toEqual([]);
    proxy.reset();
    const stubborn = await under.leaveOpen(options().key);
    proxy.rule(breaks('AbortMultipartUpload', { status: 204 }));
    await expect(under.vault.abortUpload(stubborn)).rejects.toMatchObject({ code: 'upload-not-aborted' });
  });

  it('closes its source when S3 fails', async () => {
    let released = false;
    async function* source() {
      try {
        yield* chunks(threeParts());
      } finally {
        released = true;
      }
    }
    proxy.rule(breaksPart(1, { status: 403, code: 'AccessDenied' }));
    await expect(under.vault.stream(source(), options())).rejects.toThrow();
    expect(released).toBe(true);
  });

  it('leaves nothing of a source that fails while S3 does not answer to a part', async () => {
    const to = options();
    const hung = Promise.withResolvers<void>();
    proxy.rule(breaksPart(1, { until: hung.promise }));
    const failure = new Error('the function’s time is nearly over');
    const ended = under.vault.stream(failingAfter('UploadPart', failure), to).catch((error) => error);
    const first = await Promise.race([ended, sleep(300_000, 'still waiting for S3', { ref: false })]);
    hung.resolve();
    await ended;
    expect(first).toBe(failure);
    expect(await under.vault.openUploads(to.key)).toEqual([]);
  });

  it('rejects only after S3 has opened the upload, and leaves nothing of it', async () => {
    const to = options();
    const answered = Promise.withResolvers<void>();
    const order: string[] = [];
    proxy.rule(breaks('CreateMultipartUpload', { until: answered.promise }));
    const source = failingAfter('CreateMultipartUpload', new Error('pg_dump exited with 1'));
    const ended = under.vault.stream(source, to).catch(() => order.push('the stream failed'));
    await Promise.race([ended, sleep(1000)]);
    order.push('S3 opened the upload');
    answered.resolve();
    await ended;
    expect(order).toEqual(['S3 opened the upload', 'the stream failed']);
    expect(await under.vault.openUploads(to.key)).toEqual([]);
  });

  it('fails a read whose connection breaks, rather than end it early', async () => {
    const stored = await under.vault.stream(chunks(threeParts()), options());
    proxy.rule(breaks('GetObject', 'cut-answer'));
    const reading = under.vault.read(stored).then(readAll);
    await expect(reading).rejects.toThrow();
    expect(proxy.broken()).toBe(1);
  });

  it('does not report an object as missing when S3 cannot be asked', async () => {
    const stored = await under.vault.put(bytes(5), options());
    const missing = { code: 'artifact-missing' };
    proxy.rule(breaks('HeadObject', { status: 403, code: 'AccessDenied' }));
    await expect(under.vault.head(stored.key)).rejects.toThrow();
    await expect(under.vault.headVersion(stored)).rejects.toThrow();
    proxy.rule(breaks('GetObject', { status: 500, code: 'InternalError' }));
    await expect(under.vault.read(stored)).rejects.not.toMatchObject(missing);
    proxy.rule(breaks('GetObject', { status: 403, code: 'AccessDenied' }));
    await expect(under.vault.read(stored)).rejects.not.toMatchObject(missing);
  });
});
