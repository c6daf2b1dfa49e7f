import { type Exception, withoutExceptions } from '../../../../lib/domain/proof/exceptions.ts';
import type { Difference, Proof } from '../../../../lib/domain/proof/proof.ts';

const proof = (differences: Difference[]): Proof => ({
  strength: 'exact',
  equal: differences.length === 0,
  compared: { tables: 1, rows: '1', objects: 1, sequences: 0, largeObjects: '0' },
  differences,
});
type What = Exception['what'];
const exception = (kind: string, name: string, what: What = 'missing') => ({ kind, name, what, said: name });
const missing = (kind: string, name: string): Difference => ({ kind, name, what: 'missing' });
const changed = (kind: string, name: string): Difference => ({ kind, name, what: 'changed' });

test.each<[Exception, Difference[]]>([
  [
    exception('function', 'public.f(integer, text)'),
    [
      missing('function', 'public.f(a integer, VARIADIC b text)'),
      missing('owner', 'function public.f(a integer, VARIADIC b text)'),
      missing('grant', 'function public.f(a integer, VARIADIC b text)'),
      missing('comment', 'function public.f(integer,text)'),
    ],
  ],
  [
    exception('table', 'my schema.t'),
    [
      missing('table', '"my schema".t'),
      missing('column', '"my schema".t.id'),
      missing('constraint', '"my schema".t t_check'),
      missing('trigger', '"my schema".t trg'),
      missing('policy', '"my schema".t p'),
      missing('owner', 'table "my schema".t'),
      missing('table data', 'my schema.t'),
      missing('comment', 'table column "my schema".t.id'),
      missing('comment', 'policy p on "my schema".t'),
    ],
  ],
  [
    exception('operator', 'public.==='),
    [missing('operator', 'public.===(a, text)'), missing('owner', 'operator public.===(a, text)')],
  ],
  [exception('operator class', 'public.oc'), [missing('operator class', 'public.oc using btree')]],
  [exception('cast', 'character varying AS json'), [missing('cast', 'character varying as json')]],
  [exception('column', 'public.t.x', 'changed'), [changed('column', 'public.t.x')]],
])('withoutExceptions drops what the copy lacks because of %j', (one, differences) => {
  expect(withoutExceptions(proof(differences), [one])).toMatchObject({ equal: true, differences: [] });
});

test.each<[Exception, Difference]>([
  [exception('function', 'public.f(integer)'), missing('function', 'public.f(a text)')],
  [exception('function', 'public.f(integer)'), missing('function', 'public.f()')],
  [exception('function', 'public.f(integer)'), missing('function', 'public.g(integer)')],
  [exception('function', 'public.f(integer)'), changed('function', 'public.f(a integer)')],
  [exception('table', 'public.t'), missing('table', 'public.t2')],
  [exception('table', 'public.t'), missing('column', 'public.t2.id')],
  [exception('table', 'public.t'), missing('table data', 'public.t2')],
  [exception('index', 'public.i'), missing('index', 'public.i2')],
  [exception('table', 'public.t'), changed('rows', 'public.t')],
])('withoutExceptions keeps, in spite of %j, the difference %j', (one, difference) => {
  expect(withoutExceptions(proof([difference]), [one])).toMatchObject({
    equal: false,
    differences: [difference],
  });
});
