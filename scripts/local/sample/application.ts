import { createServer, type ServerResponse } from 'node:http';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Client } from 'pg';
import { listen } from '../listen.ts';
import { connectTo, type Rows } from '../run-sql.ts';

/** What the application answers: the task that it runs as, and the port of the database that it is connected to. */
export type ApplicationAnswer = { task: string; port: number; rows?: number; visit?: number };

export type Application = {
  endpoint: string;
  /** Starts it anew as this task, or stops it. */
  run(task: string | undefined): void;
  close(): Promise<void>;
};

/**
 * A small application: `GET /leads` says how many rows that table has, `POST /visits` writes one row and answers when it
 * is committed. It reads its secret when it connects, and connects anew when its connection breaks, as a pool does; until
 * then it answers 503.
 */
export async function startApplication(secretId: string, table: string): Promise<Application> {
  const secrets = new SecretsManagerClient({});
  let runsAs: string | undefined = 'first';
  let connection: Promise<Connected> | undefined;
  let visits = 0;
  const disconnect = () => {
    void connection?.then(({ client }) => client.end()).catch(() => undefined);
    connection = undefined;
  };
  const ask = async (text: string, values: unknown[] = []) => {
    if (runsAs === undefined) throw new Error('stopped');
    connection ??= connect(secrets, secretId);
    const mine = connection;
    try {
      const { client, port } = await mine;
      const { rows } = (await client.query(text, values)) as { rows: Rows };
      return { about: { task: runsAs, port }, row: rows[0] ?? {} };
    } catch (error) {
      if (connection === mine) disconnect();
      throw error;
    }
  };
  const routes: Record<string, () => Promise<ApplicationAnswer>> = {
    async [`GET /${table}`]() {
      const { about, row } = await ask(`select count(*)::int as rows from ${table}`);
      return { ...about, rows: Number(row['rows']) };
    },
    async 'POST /visits'() {
      const { about, row } = await ask('insert into visits (n) values ($1) returning n', [++visits]);
      return { ...about, visit: Number(row['n']) };
    },
  };
  const server = createServer((request, response) => {
    request.resume();
    const route = routes[`${request.method} ${request.url}`];
    if (!route) return answer(response, 404, { paths: Object.keys(routes) });
    route().then(
      (found) => answer(response, 200, found),
      () => answer(response, 503, { error: 'the application does not run, or its database does not answer' }),
    );
  });
  const { endpoint, close } = await listen(server);
  return {
    endpoint,
    run(task) {
      runsAs = task;
      disconnect();
    },
    async close() {
      await close();
      disconnect();
    },
  };
}

type Connected = { client: Client; port: number };

async function connect(secrets: SecretsManagerClient, SecretId: string): Promise<Connected> {
  const { SecretString } = await secrets.send(
    new GetSecretValueCommand({ SecretId, VersionStage: 'AWSCURRENT' }),
  );
  const { username: user, password, host, port, dbname: database } = JSON.parse(SecretString!);
  return { client: await connectTo({ user, password, host, port, database, ssl: false }), port };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
