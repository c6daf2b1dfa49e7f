import {
  lendCreate,
  takeBack,
} from '../../../../../../lib/adapters/engines/postgres/restore/copy-database.ts';
import type { ScratchServer } from '../../../../../../lib/adapters/engines/postgres/scratch-server.ts';

/** A server with these schemas, and every statement that was sent to it. */
function serverWith(schemas: string[]) {
  const sent: string[] = [];
  const query = async (sql: string) => {
    sent.push(sql.trim());
    return { rows: /^select/.test(sql.trim()) ? schemas.map((name) => ({ name })) : [] };
  };
  const server = { connect: async () => ({ query, end: async () => undefined }) };
  return { server: server as unknown as ScratchServer, sent };
}

test('lendCreate and takeBack send one statement each, however many schemas there are', async () => {
  const schemas = Array.from({ length: 300 }, (_, n) => `tenant "${n}"`);
  const { server, sent } = serverWith(schemas);
  const lent = await lendCreate(server);
  await takeBack(server, lent);
  expect(sent).toHaveLength(3);
  expect(sent[1]).toMatch(/^grant create on schema "tenant ""0""", .* to public$/);
  expect(sent[2]).toMatch(/^revoke create on schema "tenant ""0""", .* from public$/);
});

test('lendCreate and takeBack change nothing where every role may create already', async () => {
  const { server, sent } = serverWith([]);
  await takeBack(server, await lendCreate(server));
  expect(sent).toHaveLength(1);
});
