import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { localRds } from './support.ts';

const { rds } = localRds();

/** Node closes one after five seconds or six, and a request in that moment fails with ECONNRESET. */
test('the local RDS keeps an idle connection open for longer than the six seconds of Node', async () => {
  const { hostname, port } = new URL(rds().endpoint);
  const socket = connect(Number(port), hostname);
  try {
    const ask = async () => {
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await once(socket, 'data');
    };
    await ask();
    await sleep(7000);
    expect([socket.readable, socket.writable]).toEqual([true, true]);
    await ask();
  } finally {
    socket.destroy();
  }
});
