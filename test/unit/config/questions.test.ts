import { load, mistakesOf, withText } from './text.ts';

/** A question of the file as the rehearsal puts it. */
const asked = (expectation: string) =>
  load(withText(['minimum: 1000', expectation])).targets[0]!.assertions[0];

test.each([
  ['minimum: 1000', { minimum: 1000 }],
  ['minimum: 0', { minimum: 0 }],
  ['equals: 0', { equals: 0 }],
  ['equals: false', { equals: false }],
  ['equals: ready', { equals: 'ready' }],
  ['fresherThan: 2d', { fresherThan: 172_800 }],
  ['rowsOf: public.leads', { rowsOf: 'public.leads', tolerance: 0 }],
  ['{ rowsOf: public.leads, tolerance: 0% }', { rowsOf: 'public.leads', tolerance: 0 }],
  ['{ rowsOf: public.leads, tolerance: 5% }', { rowsOf: 'public.leads', tolerance: 0.05 }],
  ['{ rowsOf: public.leads, tolerance: 0.5% }', { rowsOf: 'public.leads', tolerance: 0.005 }],
])('%s is asked as %j', (text, expected) => {
  const lines = text.replace(/^\{ (.*) \}$/, '$1').replace(', ', '\n        ');
  expect(asked(lines)).toEqual({
    name: 'leads are there',
    sql: 'select count(*) from leads',
    when: 'always',
    ...expected,
  });
});

test('a question may be kept for simulations', () => {
  expect(asked('minimum: 1\n        when: simulation')).toMatchObject({ when: 'simulation' });
});

const written = (sql: string) => withText(['sql: select count(*) from leads', `sql: ${JSON.stringify(sql)}`]);

test.each([
  'delete from orders',
  'DELETE FROM orders returning 1',
  'update orders set paid = true',
  'insert into orders values (1)',
  'truncate orders',
  'drop table orders',
  'do $$ begin end $$',
  'call refund()',
  '/* select */ delete from orders',
  '-- select\n delete from orders',
  '( /* */ delete from orders)',
  'begin',
  'selection',
])('%s is no question', (sql) => {
  expect(mistakesOf(written(sql))).toEqual([
    expect.stringContaining('sql: an assertion must begin with select'),
  ]);
});

test.each([
  'select 1',
  '  SELECT 1',
  'with x as (select 1) select * from x',
  'values (1)',
  'table public.one_value',
  'show server_version',
  '(select 1)',
  '-- how many\nselect 1',
  '/* how many */ select(1)',
])('%s is one', (sql) => {
  expect(mistakesOf(written(sql))).toEqual([]);
});
