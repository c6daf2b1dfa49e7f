import {
  clientFor,
  type Programs,
  readerFor,
} from '../../../../../lib/adapters/engines/postgres/programs.ts';
import { Refusal } from '../../../../../lib/domain/errors.ts';

const installed = (...versions: string[]): Programs[] =>
  versions.map((version) => ({ bin: `/pg/${version}`, version, major: Number.parseInt(version, 10) }));

/** As findPrograms gives them: newest major first. */
const THREE = installed('17.2', '16.6', '15.10');

const refusalOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return error as Refusal;
  }
  throw new Error('expected a refusal');
};

test.each([15, 16, 17])('a server of %d is dumped by a client of its own major', (major) => {
  expect(clientFor(THREE, major).major).toBe(major);
});

test('a server older than every client is not dumped, and the hint names the package to install', () => {
  expect(() => clientFor(THREE, 14)).toThrow(Refusal);
  expect(refusalOf(() => clientFor(THREE, 14))).toMatchObject({
    code: 'client-other-major',
    message: 'the server is PostgreSQL 14, but the clients here are 17.2, 16.6, 15.10',
    hint: expect.stringContaining('install postgresql-client-14'),
  });
});

test('a server newer than every client is not dumped, and the hint names the package to install', () => {
  expect(refusalOf(() => clientFor(THREE, 18))).toMatchObject({
    code: 'client-too-old',
    hint: expect.stringContaining('postgresql-client-18'),
  });
});

test('without any client neither a dump nor a read is tried', () => {
  for (const choose of [clientFor, readerFor])
    expect(refusalOf(() => choose([], 17)).message).toContain('the clients here are none');
});

test.each([
  [15, 15],
  [16, 16],
  [14, 15],
  [9, 15],
])('an archive of %d is read by pg_restore %d: the same major, else the next newer', (major, reader) => {
  expect(readerFor(THREE, major).major).toBe(reader);
});

test('an archive newer than every pg_restore is not read, and the hint names the package to install', () => {
  expect(refusalOf(() => readerFor(THREE, 18))).toMatchObject({
    code: 'reader-too-old',
    message:
      'an archive of PostgreSQL 18 needs a pg_restore of 18 or newer, but the clients here are 17.2, 16.6, 15.10',
    hint: 'install postgresql-client-18',
  });
});

test('of two installations of one major the first, which is that of PG_BIN, dumps and reads', () => {
  const [ours, theirs] = installed('17.4', '17.2') as [Programs, Programs];
  expect([clientFor([ours, theirs], 17), readerFor([ours, theirs], 17)]).toEqual([ours, ours]);
});
