import { createServer, request } from 'node:http';
import { listen } from '../local/listen.ts';

export type FaultyStore = {
  endpoint: string;
  flipByte(key: string, offset: number): void;
  close(): Promise<void>;
};

/**
 * A proxy in front of the vault that, once told to, flips one bit of an object as it is read. Overwriting the object
 * would make another version, which is noticed by that alone.
 */
export async function startFaultyStore(endpoint: string): Promise<FaultyStore> {
  const flips = new Map<string, number>();
  const { hostname, port } = new URL(endpoint);
  const server = createServer((incoming, outgoing) => {
    const offset =
      incoming.method === 'GET'
        ? [...flips].find(([key]) =>
            decodeURIComponent(incoming.url ?? '')
              .split('?')[0]
              ?.endsWith(key),
          )?.[1]
        : undefined;
    const forwarded = request(
      { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        let position = 0;
        answer.on('data', (chunk: Buffer) => {
          const at = offset === undefined ? -1 : offset - position;
          if (at >= 0 && at < chunk.length) chunk[at] = chunk[at]! ^ 1;
          position += chunk.length;
          if (!outgoing.write(chunk)) {
            answer.pause();
            outgoing.once('drain', () => answer.resume());
          }
        });
        answer.on('end', () => outgoing.end());
        answer.on('error', () => outgoing.destroy());
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  return { ...(await listen(server)), flipByte: (key, offset) => void flips.set(key, offset) };
}
