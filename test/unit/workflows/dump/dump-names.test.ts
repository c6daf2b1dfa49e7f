import { UnderstudyError } from '../../../../lib/domain/errors.ts';
import { dumped, type Table } from './dumped.ts';

/** A dump is done only when its archive lists exactly the tables that were counted, whatever they are called. */

/** The listings are pg_restore 15's own. */
test.each<[string, Table[], string]>([
  [
    'plain names',
    [
      ['public', 'leads'],
      ['public', 'invoices'],
    ],
    '3381; 0 16387 TABLE DATA public leads crm\n3382; 0 16388 TABLE DATA public invoices crm',
  ],
  [
    'a table with blanks in its name',
    [['public', 'the leads']],
    '3381; 0 16387 TABLE DATA public the leads crm',
  ],
  ['a line break in a name', [['public', 'line\nbreak']], '3382; 0 16397 TABLE DATA public line break crm'],
  ['a schema with blanks', [['my schema', 'leads']], '3381; 0 16390 TABLE DATA my schema leads crm'],
  [
    'an owner with blanks',
    [['public', 'owned', 'The Owner']],
    '3384; 0 16401 TABLE DATA public owned The Owner',
  ],
  [
    'two tables that are listed alike',
    [
      ['a b', 'c'],
      ['a', 'b c'],
    ],
    '3381; 0 16390 TABLE DATA a b c crm\n3382; 0 16391 TABLE DATA a b c crm',
  ],
  [
    'a schema called DATA',
    [['DATA', 'plain']],
    '216; 1259 16387 TABLE DATA plain crm\n3380; 0 16387 TABLE DATA DATA plain crm',
  ],
])('%s are no reason to refuse a dump', async (_, tables, listing) => {
  expect(await dumped(tables, listing)).toBe('done');
});

test.each<[string, Table[], string]>([
  [
    'lacks a table',
    [
      ['public', 'leads'],
      ['public', 'invoices'],
    ],
    '3381; 0 16387 TABLE DATA public leads crm',
  ],
  [
    'has a table that was not counted',
    [['public', 'leads']],
    '3381; 0 16387 TABLE DATA public leads crm\n3382; 0 16388 TABLE DATA public invoices crm',
  ],
  ['has another table', [['public', 'leads']], '3381; 0 16387 TABLE DATA public laeds crm'],
  [
    'has a table of the same name elsewhere',
    [['public', 'leads']],
    '3381; 0 16387 TABLE DATA other leads crm',
  ],
  ['has only the table and not its data', [['public', 'leads']], '220; 1259 16401 TABLE public leads crm'],
  [
    'lacks a table of a schema with blanks',
    [
      ['my schema', 'a'],
      ['my schema', 'b'],
    ],
    '3382; 0 16388 TABLE DATA my schema a crm',
  ],
  [
    'lacks one of two tables that are listed alike',
    [
      ['a b', 'c'],
      ['a', 'b c'],
    ],
    '3381; 0 16390 TABLE DATA a b c crm',
  ],
  [
    'has another table, and blanks elsewhere',
    [
      ['public', 'leads'],
      ['my schema', 'a'],
    ],
    '3381; 0 16387 TABLE DATA public laeds crm\n3382; 0 16388 TABLE DATA my schema a crm',
  ],
])('an archive that %s is no dump', async (_, tables, listing) => {
  expect(await dumped(tables, listing)).toBe('toc-mismatch');
});

test('an archive made while definitions changed is no dump', async () => {
  const changed = new UnderstudyError('schema-changing', 'function f changed');
  expect(await dumped([['public', 'leads']], '3381; 0 16387 TABLE DATA public leads crm', changed)).toBe(
    'schema-changing',
  );
});
