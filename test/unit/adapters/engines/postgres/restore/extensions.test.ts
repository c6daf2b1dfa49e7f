import { inOrderOfNeed } from '../../../../../../lib/adapters/engines/postgres/restore/extensions.ts';
import { packageOf } from '../../../../../../lib/adapters/engines/postgres/restore/packages.ts';

const extension = (name: string) => ({ name, version: '1', schema: 'public' });
const ordered = (requires: Record<string, string[]>) =>
  inOrderOfNeed(Object.keys(requires).map(extension), (name) => requires[name] ?? []).map(({ name }) => name);

test.each<[Record<string, string[]>, string[]]>([
  [{ aa_router: ['zz_base'], zz_base: [] }, ['zz_base', 'aa_router']],
  [
    { jsonb_plperl: ['plperl'], pgrouting: ['postgis', 'plpgsql'], plperl: [], postgis: [] },
    ['plperl', 'jsonb_plperl', 'postgis', 'pgrouting'],
  ],
  [{ a: ['b'], b: ['c'], c: [] }, ['c', 'b', 'a']],
  [{ a: ['b'], b: ['a'] }, ['b', 'a']],
])('extensions that require %j are created in the order %j', (requires, order) =>
  expect(ordered(requires)).toEqual(order),
);

test.each([
  ['plperlu', 'postgresql-plperl-17', 'postgresql-plperl-%'],
  ['plpython3u', 'postgresql-plpython3-17', 'postgresql-plpython3-%'],
  ['jsonb_plpython3u', 'postgresql-plpython3-17', 'postgresql-plpython3-%'],
  ['hstore_plperl', 'postgresql-plperl-17', 'postgresql-plperl-%'],
  ['pltcl', 'postgresql-pltcl-17', 'postgresql-pltcl-%'],
  ['postgis_topology', 'postgresql-17-postgis-3', 'postgis-3'],
  ['address_standardizer', 'postgresql-17-postgis-3', 'postgis-3'],
  ['vector', 'postgresql-17-pgvector', 'pgvector'],
  ['pg_cron', 'postgresql-17-cron', 'cron'],
  ['pgrouting', 'postgresql-17-pgrouting', 'pgrouting'],
  ['ip4r', 'postgresql-17-ip4r', 'ip4r'],
])('the extension %s comes with the Debian package %s', (name, debian, image) =>
  expect(packageOf(name, 17)).toEqual({ debian, image }),
);
