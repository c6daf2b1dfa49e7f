import type { Client } from 'pg';
import {
  SCHEMA_QUERIES,
  schemaFacts,
} from '../../../../../../../lib/adapters/engines/postgres/facts/schema/schema-facts.ts';
import { prove } from '../../../../../../../lib/domain/proof/proof.ts';
import { faithfulCopy, manifest } from '../../../../../../support/builders.ts';

type Definition = { plain?: string; expressions?: string[]; hidden?: boolean };

/** The facts of a database with one object of one kind, defined so. */
async function factsOf(kind: string, definition: Definition) {
  if (!SCHEMA_QUERIES[kind]) throw new Error(`there is no kind ${kind}`);
  const client = {
    query: async (sql: string) => ({
      rows: sql === SCHEMA_QUERIES[kind] ? [{ name: 'x', plain: null, ...definition }] : [],
    }),
  };
  return schemaFacts(client as unknown as Client);
}

/** Does a proof call a copy with the second definition equal to a source with the first? */
async function same(source: Definition, copy: Definition, kind = 'constraint'): Promise<boolean> {
  const proven = manifest({ schema: await factsOf(kind, source) });
  const restored = { ...faithfulCopy(proven), schema: await factsOf(kind, copy) };
  return prove(proven, restored, { depth: 'fingerprints', extensionsLeftOut: [] }).equal;
}

const written = (...expressions: string[]): Definition => ({ expressions });

/** First as PostgreSQL 15 writes what was typed, then as it writes it after a dump and a restore. */
test.each([
  [
    'constraint',
    "CHECK (((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))",
    "CHECK (((status)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])))",
  ],
  [
    'view',
    " SELECT o.id\n   FROM o\n  WHERE ((o.status)::text = ANY ((ARRAY['it''s'::character varying(10)])::text[]));",
    " SELECT o.id\n   FROM o\n  WHERE ((o.status)::text = ANY (ARRAY[('it''s'::character varying(10))::text]));",
  ],
  ['negative number', "'-1'::integer", '(-1)'],
  [
    'later branch of a UNION',
    ' SELECT a.id,\n    a.s\n   FROM a\nUNION ALL\n SELECT b.id,\n    NULL::character varying(9)\n   FROM b',
    ' SELECT a.id,\n    a.s\n   FROM a\nUNION ALL\n SELECT b.id,\n    NULL::character varying(9) AS "varchar"\n   FROM b',
  ],
  ['bare cast', 'SELECT NULL::app."Mood"', 'SELECT NULL::app."Mood" AS "Mood"'],
  ['date field', "EXTRACT('YEAR' FROM now())", 'EXTRACT(year FROM now())'],
])('the facts of a %s agree before and after a restore', async (_, typed, restored) => {
  expect(await same(written(typed), written(restored))).toBe(true);
});

test.each([
  ['an operator', 'CHECK ((a > 1))', 'CHECK ((a >= 1))'],
  ['a constant', 'CHECK ((a > 1))', 'CHECK ((a > 2))'],
  ['the sign', 'CHECK ((a > 1))', "CHECK ((a > '-1'::integer))"],
  ['a column', 'CHECK ((a > 1))', 'CHECK ((b > 1))'],
  ['a function', 'CHECK ((lower(a) = a))', 'CHECK ((upper(a) = a))'],
  ['the order', 'CHECK ((a - b) > 0)', 'CHECK ((b - a) > 0)'],
  ['one value', "CHECK ((a = ANY (ARRAY['x', 'y'])))", "CHECK ((a = ANY (ARRAY['x'])))"],
  ['the case', "CHECK ((a = 'x'::text))", "CHECK ((a = 'X'::text))"],
  ['a name', 'SELECT NULL::integer AS int4', 'SELECT NULL::integer AS int8'],
  ['a field', 'EXTRACT(year FROM a)', "EXTRACT('MONTH' FROM a)"],
])('the facts of two constraints differ by %s', async (_, source, copy) => {
  expect(await same(written(source), written(copy))).toBe(false);
});

test.each([
  ['blanks in a constant', "CHECK ((a = 'in progress'::text))", "CHECK ((a = 'inprogress'::text))"],
  ['parentheses in a constant', "CHECK ((a = '(x)'::text))", "CHECK ((a = 'x'::text))"],
  ['colons in a constant', "CHECK ((a <> 'std::text'::text))", "CHECK ((a <> 'std'::text))"],
  ['a column with a blank in its name', 'CHECK (("the id" > 1))', 'CHECK (("theid" > 1))'],
  ['a column with colons in its name', 'CHECK (("a::int" > 1))', 'CHECK (("a" > 1))'],
])(
  'the facts of two constraints differ by %s, although a restore may write other signs another way',
  async (_, source, copy) => {
    expect(await same(written(source), written(copy))).toBe(false);
  },
);

test.each(['a (b)', 'a b', 'a::integer b', 'e\na\nbc'])(
  'the facts of a definition without expressions differ between %j and ab',
  async (plain) => {
    expect(await same({ plain }, { plain })).toBe(true);
    expect(await same({ plain }, { plain: 'ab' })).toBe(false);
    expect(await same({ plain, expressions: ['x'] }, { plain: 'ab', expressions: ['x'] })).toBe(false);
  },
);

test('the facts of two definitions differ by one expression more', async () => {
  expect(await same(written('a'), written('a', 'b'))).toBe(false);
  expect(await same({ plain: 'x' }, { plain: 'x', expressions: ['b'] })).toBe(false);
});

test('a proof compares only the presence of a definition that the dump role may not see', async () => {
  expect(await same({ hidden: true }, { plain: 'password=x' })).toBe(true);
  const proven = manifest({ schema: await factsOf('user mapping', { hidden: true }) });
  const without = { ...faithfulCopy(proven), schema: {} };
  expect(prove(proven, without, { depth: 'fingerprints', extensionsLeftOut: [] }).equal).toBe(false);
});

test('facts hold digests of definitions, because definitions may hold secrets', async () => {
  const facts = await factsOf('view', { plain: 'hunter3', expressions: ["SELECT 'hunter2'::text"] });
  expect(JSON.stringify(facts)).not.toMatch(/hunter/);
  expect(facts['view']).toEqual({
    x: expect.stringMatching(/^([0-9a-f]{24}:){3}22\.[0-9a-f]{24}$/),
  });
});
