import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Fault = 'refuse' | 'break' | 'drop' | 'hang';

/** A proxy in front of S3 that refuses (403), breaks (500), drops the connection or never answers where it is told to. */
export async function faultyS3(endpoint: string): Promise<{
  endpoint: string;
  on(match: (method: string, url: string) => boolean, fault: Fault): void;
  heal(): void;
  close(): Promise<void>;
}> {
  const { hostname, port } = new URL(endpoint);
  let rule: { match: (method: string, url: string) => boolean; fault: Fault } | undefined;
  const server = createServer((incoming, outgoing) => {
    const [method, url] = [incoming.method ?? '', incoming.url ?? ''];
    if (rule?.match(method, url)) {
      if (rule.fault === 'drop') return void incoming.socket.destroy();
      incoming.resume();
      if (rule.fault === 'hang') return;
      const [status, code] = rule.fault === 'refuse' ? [403, 'AccessDenied'] : [500, 'InternalError'];
      outgoing.writeHead(status, { 'content-type': 'application/xml' });
      return void incoming.on('end', () =>
        outgoing.end(`<Error><Code>${code}</Code><Message>by order</Message></Error>`),
      );
    }
    const forwarded = request({ hostname, port, method, path: url, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  // A connection that waits is never closed by us: a client may be about to use it again.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    on: (match, fault) => (rule = { match, fault }),
    heal: () => (rule = undefined),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
