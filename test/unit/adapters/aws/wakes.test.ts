import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { durableWakes } from '../../../../lib/adapters/aws/wakes.ts';

const TOKEN = 'Ab+/cd==';

describe('wake', () => {
  let server: Server;
  let asked: string[];
  let answer: { status: number; error?: string };
  beforeAll((done) => {
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(answer.status, answer.error ? { 'x-amzn-errortype': answer.error } : {});
      response.end(answer.error ? JSON.stringify({ message: answer.error }) : '');
    }).listen(0, '127.0.0.1', done);
  });
  beforeEach(() => {
    asked = [];
    answer = { status: 200 };
  });
  afterAll((done) => void server.close(done));
  const wakes = () =>
    durableWakes(
      new LambdaClient({
        endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        region: 'eu-central-1',
        credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
        maxAttempts: 1,
      }),
    );

  it('ends the durable pause that the token names', async () => {
    await wakes().wake(TOKEN);
    expect(asked).toEqual([
      `POST /2025-12-01/durable-execution-callbacks/${encodeURIComponent(TOKEN)}/succeed`,
    ]);
  });

  it.each(['CallbackTimeoutException', 'ResourceNotFoundException', 'InvalidParameterValueException'])(
    'ignores the error %s of a pause that has already ended',
    async (error) => {
      answer = { status: 400, error };
      await expect(wakes().wake(TOKEN)).resolves.toBeUndefined();
      expect(asked).toHaveLength(1);
    },
  );

  it.each([
    [500, 'ServiceException'],
    [429, 'TooManyRequestsException'],
    [403, 'AccessDeniedException'],
  ])('throws any other error of AWS Lambda: %d %s', async (status, error) => {
    answer = { status, error };
    await expect(wakes().wake(TOKEN)).rejects.toMatchObject({ name: error });
  });
});
