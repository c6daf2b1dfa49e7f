import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { tool } from './tools.ts';

export type Moto = { endpoint: string; port: number; pid: number; stop(): Promise<void> };

/** Fake credentials. */
export const LOCAL_CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_REGION: 'eu-central-1',
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** Settings of a client that calls the local cloud. */
export const localClientConfig = (endpoint: string) => ({
  endpoint,
  region: LOCAL_CREDENTIALS.AWS_REGION,
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

/** Starts moto's server on a free port of loopback. Detached ones outlive this process, for `local up`. */
export async function startMoto(options: { detached?: boolean; log?: string } = {}): Promise<Moto> {
  const port = await freePort();
  const output = options.log ? openSync(options.log, 'a') : 'ignore';
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '/tmp',
    ...LOCAL_CREDENTIALS,
    AWS_DEFAULT_REGION: 'eu-central-1',
  };
  const server = spawn(tool('MOTO_SERVER'), ['-H', '127.0.0.1', '-p', String(port)], {
    env,
    stdio: ['ignore', output, output],
    detached: options.detached ?? false,
  });
  const ended = new Promise<void>((resolve) => server.on('close', () => resolve()));
  const stopNow = () => void server.kill('SIGKILL');
  if (options.detached) server.unref();
  else process.once('exit', stopNow);

  const endpoint = `http://127.0.0.1:${port}`;
  const moto: Moto = {
    endpoint,
    port,
    pid: server.pid!,
    async stop() {
      process.off('exit', stopNow);
      server.kill('SIGTERM');
      const gone = await Promise.race([ended.then(() => true), sleep(3000, false, { ref: false })]);
      if (!gone) server.kill('SIGKILL');
    },
  };
  for (let attempt = 0; attempt < 1200; attempt++) {
    const up = await fetch(`${endpoint}/moto-api/`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (up) return moto;
    if (server.exitCode !== null) throw new Error(`moto's server ended with ${server.exitCode}`);
    await sleep(100);
  }
  throw new Error('moto’s server did not come up within 120 seconds');
}
