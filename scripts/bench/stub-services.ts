import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/**
 * Services that do as little as possible, in a separate process, so that only their client is measured.
 *
 *   node scripts/bench/stub-services.ts s3 [FILE]     takes objects, whole or in parts, and discards them; every GET is FILE
 *   node scripts/bench/stub-services.ts sns           takes batches of messages and discards them
 *
 * Prints its port, then answers until its standard input ends. `GET /-/calls` counts the requests.
 */
const [kind, file] = process.argv.slice(2);
const HTML = { 'content-type': 'application/xml' };
let calls = 0;
let messages = 0;

const answers: Record<string, (request: IncomingMessage, response: ServerResponse) => Promise<void>> = {
  s3: answerAsS3,
  sns: answerAsSns,
};
const answer = answers[kind ?? ''];
if (!answer) throw new Error(`expected s3 or sns, got ${kind}`);

const server = createServer((request, response) => {
  if (request.url === '/-/calls') {
    response.end(JSON.stringify({ calls, messages, cpuSeconds: cpuSeconds() }));
    return;
  }
  calls++;
  answer(request, response).catch((error: Error) => response.destroy(error));
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as { port: number }).port}\n`);
});
process.stdin.resume().on('end', () => process.exit(0));

async function answerAsS3(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url!, 'http://s3');
  const [, bucket = '', ...key] = url.pathname.split('/');
  const at = `<Bucket>${bucket}</Bucket><Key>${key.join('/')}</Key>`;
  if (request.method === 'GET') {
    if (!file) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-length': statSync(file).size, 'x-amz-version-id': 'v1' });
    createReadStream(file, { highWaterMark: 1_048_576 }).pipe(response);
    return;
  }
  const bytes = await discard(request);
  if (request.method === 'PUT') {
    // S3 compares the checksum and returns it; the comparison is S3's work and not measured.
    const checksum = request.headers['x-amz-checksum-sha256'];
    response.writeHead(200, {
      etag: `"${url.searchParams.get('partNumber') ?? 1}-${bytes}"`,
      'x-amz-version-id': 'v1',
      ...(checksum ? { 'x-amz-checksum-sha256': checksum } : {}),
    });
    response.end();
  } else if (url.searchParams.has('uploads')) {
    response.writeHead(200, HTML);
    response.end(
      `<InitiateMultipartUploadResult>${at}<UploadId>upload</UploadId></InitiateMultipartUploadResult>`,
    );
  } else {
    response.writeHead(200, { ...HTML, 'x-amz-version-id': 'v1' });
    response.end(`<CompleteMultipartUploadResult>${at}<ETag>"whole"</ETag></CompleteMultipartUploadResult>`);
  }
}

async function discard(request: IncomingMessage): Promise<number> {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await new Promise<void>((resolve, reject) => request.on('end', resolve).on('error', reject));
  return bytes;
}

async function answerAsSns(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) text += chunk;
  const entries = [...new URLSearchParams(text)].filter(([name]) => /\.member\.\d+\.Id$/.test(name));
  messages += entries.length;
  const taken = entries.map(([, id]) => {
    const messageId = createHash('md5').update(id).digest('hex');
    return `<member><Id>${id}</Id><MessageId>${messageId}</MessageId></member>`;
  });
  response.writeHead(200, HTML);
  response.end(
    `<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Failed/><Successful>${taken.join('')}</Successful></PublishBatchResult><ResponseMetadata><RequestId>bench</RequestId></ResponseMetadata></PublishBatchResponse>`,
  );
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
