import { manifestSchema } from '../../lib/domain/proof/manifest.ts';
import { createDatabase } from '../support/database.ts';
import { take } from '../support/source.ts';

test('the manifest of awkward tables can be parsed again', async () => {
  const database = await createDatabase('create table nothing (); insert into nothing default values');
  try {
    await database.script('awkward.sql');
    const { manifest } = await take(database.credentials);
    expect(manifestSchema.safeParse(JSON.parse(JSON.stringify(manifest))).error).toBeUndefined();
    expect(manifest.tables.find(({ name }) => name === 'nothing')).toMatchObject({ rows: '1' });
  } finally {
    await database.drop();
  }
});
