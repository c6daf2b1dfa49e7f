import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Desk, handle } from './handle.ts';

/** The HTTP side, on a free port of loopback. One server answers for all Regions. */
export async function serve(desk: Desk): Promise<{ endpoint: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    answer(desk, request, response).catch(() => response.destroy());
  });
  // A connection that waits is never closed by us: a client may be about to use it again.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(desk: Desk, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
  const answered = await handle(desk, regionOf(request), form);
  if (answered === 'dropped') return void request.socket.destroy();
  const { status, xml, requestId } = answered;
  response.writeHead(status, { 'content-type': 'text/xml', 'x-amzn-requestid': requestId }).end(xml);
}

/** A signature's scope is KEY/DATE/REGION/rds/aws4_request. */
function regionOf({ headers }: IncomingMessage): string {
  const scope = /Credential=[^/]+\/\d{8}\/([^/]+)\/rds\//.exec(headers.authorization ?? '');
  return scope?.[1] ?? 'us-east-1';
}
