import type { Client } from 'pg';
import { singleValue } from '../../lib/adapters/engines/postgres/single-value.ts';
import { askAssertions } from '../../lib/restore/prove/assertions.ts';
import { manifest } from '../support/builders.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

describe('an assertion on a real server', () => {
  let database: TestDatabase;
  let client: Client;

  beforeAll(async () => {
    database = await createDatabase(`create table orders (id int); insert into orders values (1), (2);
      create sequence numbers;
      create function take() returns int language sql as 'delete from orders returning id'`);
    client = await database.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  const ask = async (sql: string) => {
    const copy = { value: (question: string) => singleValue(client, question) };
    const [answer] = await askAssertions(copy, [{ name: 'a', sql, when: 'always', minimum: 0 }], manifest());
    return answer!;
  };

  it.each([
    'with gone as (delete from orders returning id) select count(*) from gone',
    'delete from orders returning id',
    'select take()',
    "select nextval('numbers')",
    'explain analyze delete from orders',
    'select id into other from orders',
  ])('writes nothing and is reported as unanswered when it is %s', async (sql) => {
    const answer = await ask(sql);
    expect(answer).toMatchObject({ passed: false, unasked: true });
    expect(answer.detail).toMatch(/^it writes, but assertions may only read: cannot execute /);
    expect((await client.query('select count(*)::int as n from orders')).rows).toEqual([{ n: 2 }]);
  });

  it('cannot make its transaction one that writes', async () => {
    const answer = await ask("select set_config('transaction_read_only', 'off', true)");
    expect(answer).toMatchObject({ passed: false, unasked: true });
  });

  it('is answered after one that failed', async () => {
    await ask('select 1 from nothing');
    expect(await ask('select count(*) from orders')).toEqual({
      name: 'a',
      passed: true,
      detail: 'is 2, expected at least 0',
    });
  });
});
