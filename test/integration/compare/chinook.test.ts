import { pair } from '../../support/compared.ts';
import type { TestDatabase } from '../../support/database.ts';
import { thereAndBack } from '../../support/there-and-back.ts';

const chinook = (database: TestDatabase) => database.script('chinook/chinook-tables.sql');

test('of Chinook, every table that was emptied comes back beside everything since, and goes again', async () => {
  const both = await pair(
    chinook,
    `truncate genre, media_type, artist, album, track, playlist, playlist_track, employee, customer, invoice, invoice_line`,
  );
  const { patched, tables } = await thereAndBack(both);
  const rows = tables.reduce((sum, each) => sum + each.missing, 0);
  expect(rows).toBeGreaterThan(100);
  expect(patched).toEqual({ inserts: rows, updates: 0, deletes: 0 });
});

test('of Chinook, artists that were merged into one are apart again', async () => {
  const both = await pair(
    chinook,
    `update album set artist_id = 1 where artist_id < 30; delete from artist where artist_id between 2 and 29;
     update employee set reports_to = null where reports_to = 2; delete from playlist_track where playlist_id = 3; delete from playlist where playlist_id = 3;
     insert into artist values (500, 'later'); insert into album values (500, 'later', 500)`,
  );
  await thereAndBack(both, { mends: ['missing', 'changed'] });
  await thereAndBack(both);
});
