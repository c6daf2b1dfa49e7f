import { settled } from '../../../../../lib/adapters/postgres/facts/schema.ts';

/** PostgreSQL 15 writes these of a varchar column: first as it was typed, then after a dump and a restore. */
test.each([
  [
    'a check',
    "CHECK (((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))",
    "CHECK (((status)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])))",
  ],
  ['one value', "((ARRAY['a'::character varying])::text[])", "(ARRAY[('a'::character varying)::text])"],
  [
    'a view',
    " SELECT o.id\n   FROM o\n  WHERE ((o.status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]));",
    " SELECT o.id\n   FROM o\n  WHERE ((o.status)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]));",
  ],
  [
    'a length',
    "((ARRAY['a'::character varying(10), 'b'::character varying(10)])::text[])",
    "(ARRAY[('a'::character varying(10))::text, ('b'::character varying(10))::text])",
  ],
  [
    'quotes, brackets and commas inside the values',
    "((ARRAY['it''s'::character varying, 'a]b, c'::character varying, '(x)'::character varying])::text[])",
    "(ARRAY[('it''s'::character varying)::text, ('a]b, c'::character varying)::text, ('(x)'::character varying)::text])",
  ],
])('%s is the same before and after a restore', (_, typed, restored) => {
  expect(settled(typed)).toBe(settled(restored));
  expect(settled(typed)).toBe(restored);
});

test('two of them in one definition are both settled', () => {
  const typed = "((ARRAY['a'::character varying])::text[]) OR ((ARRAY['b'::character varying])::text[])";
  expect(settled(typed)).toBe(
    "(ARRAY[('a'::character varying)::text]) OR (ARRAY[('b'::character varying)::text])",
  );
});

test.each([
  "CHECK ((t = ANY (ARRAY['x'::text, 'y''z'::text])))",
  "CHECK ((c = ANY (ARRAY['x'::bpchar, 'y'::bpchar])))",
  'CHECK ((n = ANY (ARRAY[(1)::numeric, (2)::numeric])))',
  'CREATE INDEX i ON public.t USING btree (a)',
  '',
])('%s stays as it is', (definition) => expect(settled(definition)).toBe(definition));

test('what is different stays different', () => {
  const check = (values: string[], type = 'text') =>
    settled(`((ARRAY[${values.map((value) => `'${value}'::character varying`).join(', ')}])::${type}[])`);
  const variants = [
    check(['a', 'b']),
    check(['b', 'a']),
    check(['a']),
    check(['a', 'c']),
    check(['a', 'b'], 'bpchar'),
  ];
  expect(new Set(variants).size).toBe(variants.length);
});

test('what is settled stays settled', () => {
  const once = settled("((ARRAY['a'::character varying, 'b'::character varying])::text[])");
  expect(settled(once)).toBe(once);
});
