import { UnderstudyError } from '../../../../lib/domain/errors.ts';
import type { Table } from '../../../support/dumps.ts';
import { dumped } from './dumped.ts';

/** A dump is done only when its archive lists exactly the tables that were counted, whatever they are called. */
const LEADS: Table = ['public', 'leads'];
const BOTH: Table[] = [LEADS, ['public', 'invoices']];
const MINE: Table = ['my schema', 'a'];
/** Two tables that pg_restore lists alike. */
const ALIKE: Table[] = [
  ['a b', 'c'],
  ['a', 'b c'],
];
/** The line that pg_restore 15 lists for the data of a table. */
const data = (text: string) => `3381; 0 16387 TABLE DATA ${text} crm`;

test.each<[string, Table[], string[]]>([
  ['plain names', BOTH, [data('public leads'), data('public invoices')]],
  ['a table with a blank in its name', [['public', 'the leads']], [data('public the leads')]],
  ['a table with a line break in its name', [['public', 'line\nbreak']], [data('public line break')]],
  ['a schema with a blank in its name', [['my schema', 'leads']], [data('my schema leads')]],
  [
    'an owner with a blank in its name',
    [['public', 'owned', 'The Owner']],
    ['3384; 0 16401 TABLE DATA public owned The Owner'],
  ],
  ['two tables that are listed alike', ALIKE, [data('a b c'), data('a b c')]],
  ['a schema called DATA', [['DATA', 'plain']], ['216; 1259 16387 TABLE DATA plain crm', data('DATA plain')]],
])('a dump of a source with %s is done', async (_, tables, listing) => {
  expect(await dumped(tables, listing.join('\n'))).toBe('done');
});

test.each<[string, Table[], string[]]>([
  ['lacks a table', BOTH, [data('public leads')]],
  ['has a table that was not counted', [LEADS], [data('public leads'), data('public invoices')]],
  ['has another table', [LEADS], [data('public laeds')]],
  ['has a table of the same name in another schema', [LEADS], [data('other leads')]],
  ['has a table without its data', [LEADS], ['220; 1259 16401 TABLE public leads crm']],
  ['lacks a table of a schema with a blank', [MINE, ['my schema', 'b']], [data('my schema a')]],
  ['lacks one of two tables that are listed alike', ALIKE, [data('a b c')]],
  ['has another table beside one with a blank', [LEADS, MINE], [data('public laeds'), data('my schema a')]],
])('a dump whose archive %s ends with toc-mismatch', async (_, tables, listing) => {
  expect(await dumped(tables, listing.join('\n'))).toBe('toc-mismatch');
});

test('a dump during which definitions changed ends with schema-changing', async () => {
  const changed = new UnderstudyError('schema-changing', 'function f changed');
  expect(await dumped([LEADS], data('public leads'), changed)).toBe('schema-changing');
});
