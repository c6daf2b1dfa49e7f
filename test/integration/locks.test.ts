import { connect } from '../../lib/adapters/engines/postgres/connection.ts';
import { lockThenSnapshot } from '../../lib/adapters/engines/postgres/locks.ts';
import { createDatabase } from '../support/database.ts';

test('a table that appears between the list and the snapshot is locked too: all of it again', async () => {
  const database = await createDatabase('create table leads (id int)');
  const open = () => connect(database.credentials);
  const [holder, side, other] = [await open(), await open(), await open()];
  const query = holder.query.bind(holder) as (...all: unknown[]) => Promise<unknown>;
  let begun = 0;
  holder.query = (async (...all: unknown[]) => {
    if (String(all[0]).startsWith('begin') && ++begun === 1)
      await other.query('create table public.late (x int)');
    return query(...all);
  }) as typeof holder.query;
  try {
    await lockThenSnapshot(holder, side, 5);
    expect(begun).toBe(2);
  } finally {
    for (const each of [holder, side, other]) await each.end();
    await database.drop();
  }
});
