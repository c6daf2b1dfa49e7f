import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it came over the wire; `operation` is the name of what S3 was asked for, or SNS's and SQS's action. */
export type Wire = {
  operation: string;
  url: URL;
  headers: Record<string, string>;
  body: Buffer;
};
/** What becomes of a request: an answer of our own, silence, a connection that breaks before it arrives, before or while it is answered. */
export type Fault =
  | { status: number; body?: string }
  | { status: number; code: string }
  | { until: Promise<void> }
  | 'drop'
  | 'drop-answer'
  | 'cut-answer';
export type Rule = (wire: Wire) => Fault | undefined;

export type FaultyProxy = {
  endpoint: string;
  /** Everything that was asked since `reset`, whatever became of it. */
  seen: Wire[];
  of(operation: string): Wire[];
  /** How many requests were broken since then. */
  broken(): number;
  /** Decides about each request from now on; without a fault it is passed on to moto. */
  rule(rule: Rule): void;
  /** Changes what is passed on, as if the client had asked for that. */
  rewrite(change: (wire: Wire) => void): void;
  reset(): void;
  stop(): Promise<void>;
};

/** A small HTTP proxy in front of moto that breaks what the test says, and keeps what it saw. */
export async function startProxy(upstream: string): Promise<FaultyProxy> {
  const seen: Wire[] = [];
  let current: Rule = () => undefined;
  let broken = 0;
  let change: (wire: Wire) => void = () => undefined;
  const server = createServer(
    (incoming, answer) => void serve(incoming, answer).catch(() => answer.destroy()),
  );
  const serve = async (incoming: IncomingMessage, answer: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const wire = wireOf(incoming, Buffer.concat(chunks));
    seen.push(wire);
    const fault = current(wire);
    if (fault) broken++;
    if (fault === 'drop') return void incoming.socket.destroy();
    if (typeof fault === 'object' && 'until' in fault) await fault.until;
    else if (typeof fault === 'object') {
      const body = 'code' in fault ? errorBody(fault.code) : (fault.body ?? '');
      return void answer.writeHead(fault.status, { 'content-type': 'text/xml' }).end(body);
    }
    const { method, headers } = incoming;
    change(wire);
    const passed = request(
      `${upstream}${wire.url.pathname}${wire.url.search}`,
      { method, headers },
      (response) => {
        if (fault === 'drop-answer') return void response.resume().on('end', () => incoming.socket.destroy());
        answer.writeHead(response.statusCode ?? 502, response.headers);
        if (fault === 'cut-answer')
          return void response.once('data', (chunk) => answer.write(chunk, () => incoming.socket.destroy()));
        response.pipe(answer);
      },
    );
    passed.on('error', () => incoming.socket.destroy());
    passed.end(wire.body);
  };
  // A connection that waits is never closed by us: a client may be about to use it again.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    of: (operation) => seen.filter((wire) => wire.operation === operation),
    broken: () => broken,
    rule: (rule) => {
      current = rule;
    },
    rewrite: (next) => {
      change = next;
    },
    reset() {
      change = () => undefined;
      seen.length = 0;
      broken = 0;
      current = () => undefined;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Breaks the requests for an operation: those whose number (from 1) is wanted, or all. */
export function breaks(
  operation: string,
  fault: Fault,
  wanted: (number: number) => boolean = () => true,
): Rule {
  let number = 0;
  return (wire) => (wire.operation === operation && wanted(++number) ? fault : undefined);
}

/** Breaks every attempt at one part of an upload. */
export function breaksPart(part: number, fault: Fault): Rule {
  return ({ operation, url }) =>
    operation === 'UploadPart' && url.searchParams.get('partNumber') === String(part) ? fault : undefined;
}

function wireOf(incoming: IncomingMessage, body: Buffer): Wire {
  const url = new URL(incoming.url ?? '/', 'http://aws');
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
  );
  const action = headers['content-type']?.includes('x-www-form-urlencoded')
    ? new URLSearchParams(body.toString()).get('Action')
    : headers['x-amz-target']?.split('.')[1];
  return { operation: action ?? s3Operation(incoming.method ?? 'GET', url), url, headers, body };
}

function s3Operation(method: string, { pathname, searchParams: query }: URL): string {
  const inBucket = pathname.split('/').length <= 2 || pathname.endsWith('/');
  if (query.has('uploads')) return method === 'POST' ? 'CreateMultipartUpload' : 'ListMultipartUploads';
  if (query.has('uploadId')) {
    if (method === 'PUT') return 'UploadPart';
    if (method === 'POST') return 'CompleteMultipartUpload';
    return method === 'DELETE' ? 'AbortMultipartUpload' : 'ListParts';
  }
  if (query.has('versions')) return 'ListObjectVersions';
  const name = { PUT: 'Put', GET: 'Get', HEAD: 'Head', DELETE: 'Delete' }[method] ?? method;
  return `${name}${inBucket ? 'Bucket' : 'Object'}`;
}

function errorBody(code: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>said by the test</Message><RequestId>1</RequestId></Error>`;
}
