import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';

/** What nobody may read in a message: the password of the secret, the token, and what records contain. */
export const SECRETS_OF_IT = {
  password: 'pass-7f3a9c',
  token: `token-${randomUUID()}`,
  session: `session-${randomUUID()}`,
  content: 'content-of-a-row',
};

/** A small application with users, records and a workflow, and a few pages that are in trouble. */
export async function smokeApplication() {
  const records = new Map<number, Record<string, unknown>>();
  const asked: string[] = [];
  let triggered = 0;
  const wrong = { login: 0 };
  const listener: RequestListener = async (request, response) => {
    const { method, url = '' } = request;
    asked.push(`${method} ${url}`);
    const body = await textOf(request);
    const say = (status: number, json: unknown, headers: Record<string, string> = {}) =>
      response
        .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
        .end(JSON.stringify(json));
    if (url === '/login') {
      if (wrong.login > 0) {
        wrong.login--;
        return say(503, { error: SECRETS_OF_IT.content });
      }
      const { password } = JSON.parse(body || '{}') as { password?: string };
      if (password !== SECRETS_OF_IT.password) return say(401, { error: 'no' });
      response.setHeader('set-cookie', [`sid=${SECRETS_OF_IT.session}; Path=/; HttpOnly`, 'lang=en; Path=/']);
      return say(200, { user: { token: SECRETS_OF_IT.token } });
    }
    if (inTrouble(url, request, response)) return undefined;
    if (request.headers.authorization !== `Bearer ${SECRETS_OF_IT.token}`) return say(403, { error: 'no' });
    if (url === '/workspace')
      return request.headers.cookie === `sid=${SECRETS_OF_IT.session}; lang=en`
        ? say(200, { name: 'crm', members: [{ name: 'anna' }] })
        : say(403, {});
    if (url === '/records' && method === 'POST') {
      const id = records.size + 41;
      records.set(id, { id, ...(JSON.parse(body) as object) });
      return say(201, { id }, { location: `/records/${id}` });
    }
    if (url === '/workflows/7/runs') return say(202, { state: 'queued', n: ++triggered });
    const record = records.get(Number(/^\/records\/(\d+)$/.exec(url)?.[1]));
    if (!record) return say(404, {});
    if (method === 'PUT') Object.assign(record, JSON.parse(body));
    if (method === 'DELETE') records.delete(record['id'] as number);
    return method === 'DELETE' ? response.writeHead(204).end() : say(200, record);
  };
  const server = createServer(listener);
  const url = await listening(server);
  return {
    ...{ url, records, asked, wrong },
    triggered: () => triggered,
    stop: () => stopped(server),
  };
}

function inTrouble(url: string, request: IncomingMessage, response: ServerResponse): boolean {
  if (url === '/hang') return true;
  if (url === '/drip') {
    response.writeHead(200, { 'content-type': 'text/plain' });
    const timer = setInterval(() => response.write('.'), 50);
    response.on('close', () => clearInterval(timer));
    return true;
  }
  if (url === '/large') {
    // Without a length: only what arrives shows how much it is.
    response.writeHead(200);
    for (let n = 0; n < 5; n++) response.write(Buffer.alloc(1_000_000, 'x'));
    response.end();
    return true;
  }
  if (url === '/broken') {
    response.end(`{"almost": "${SECRETS_OF_IT.content}"`);
    return true;
  }
  if (url === '/cut') {
    response.writeHead(200, { 'content-length': '100' });
    response.write('x', () => response.destroy());
    return true;
  }
  const [, to] = url === '/loop' ? [url, url] : (/^\/to\?(.*)$/.exec(url) ?? []);
  if (to === undefined) return false;
  response.writeHead(request.method === 'GET' ? 302 : 307, { location: decodeURIComponent(to) }).end();
  return true;
}

export async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export function stopped(server: Server & { closeAllConnections?: () => void }): Promise<void> {
  server.closeAllConnections?.();
  return new Promise((resolve) => void server.close(() => resolve()));
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += String(part);
  return text;
}
