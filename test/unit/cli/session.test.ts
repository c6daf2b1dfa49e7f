import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openSession } from '../../../scripts/cli/session.ts';

/** What a deployed stage is asked, at the address of a Lambda of this test. */
let server: Server;
const asked: string[] = [];
const before = { ...process.env };

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${decodeURIComponent(request.url!)} ${request.headers['x-amz-invocation-type']}`);
    request.resume().on('end', () => response.writeHead(200).end('null'));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  const keys = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'eu-central-1' };
  Object.assign(process.env, keys, { AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${port}` });
});
afterAll(() => {
  process.env = before;
  server.closeAllConnections();
  server.close();
});

test('functions are invoked by the names that the deployment gives them, and durable ones begun by their alias', async () => {
  const session = openSession({ config: 'understudy.yml', stage: 'prod' });
  await session.start('rehearse-instance', {});
  await session.invoke('compare', {});
  expect(asked).toEqual([
    '/2015-03-31/functions/understudy-prod-rehearseInstance:durable/invocations Event',
    '/2015-03-31/functions/understudy-prod-compare/invocations RequestResponse',
  ]);
});
