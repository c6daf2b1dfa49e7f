import type { ArchiveEntry } from '../../lib/adapters/engines/postgres/restore/archive-toc.ts';
import { makeRoomForRows } from '../../lib/adapters/engines/postgres/restore/extensions.ts';
import type { ScratchServer } from '../../lib/adapters/engines/postgres/scratch-server.ts';
import { restored, source } from '../support/restored.ts';
import { take } from '../support/source.ts';

/** Tables and rows as an extension's script makes them: members whose rows are in dumps, of one only some. */
const CONFIGURED = `
  create extension hstore; create schema cron;
  create sequence cron.jobid_seq; create table cron.job (id int primary key, what text); create table cron.kind (name text primary key, job int references cron.job);
  insert into cron.job values (1, 'theirs'), (100, 'ours'); insert into cron.kind values ('a', 1), ('b', 100); select setval('cron.jobid_seq', 7);
  alter extension hstore add schema cron; alter extension hstore add table cron.job; alter extension hstore add table cron.kind; alter extension hstore add sequence cron.jobid_seq;
  update pg_extension set extconfig = array['cron.job'::regclass, 'cron.kind'::regclass, 'cron.jobid_seq'::regclass]::oid[], extcondition = array['where id > 10', '', ''] where extname = 'hstore';
  grant select on cron.job to public`;

describe('rows of an extension’s tables', () => {
  it('are left out with privileges on its members where it is left out, which notes say, and the rest is proven', async () => {
    const database = await source(`${CONFIGURED}; create table t (x int); insert into t values (1)`);
    const { differences, leftOut, notes, exceptions } = await restored(await take(database.credentials), {
      leaveOut: ['extension hstore', 'extension unknown'],
    });
    expect(differences).toEqual([]);
    expect(leftOut).toEqual(['hstore']);
    expect(notes).toEqual([
      'left out, as rehearsal.leaveOut says: extension hstore',
      'rehearsal.leaveOut names objects that the archive does not have: extension unknown',
      'left out, because their extension’s tables do not exist here: rows of cron.job, cron.kind, cron.jobid_seq',
      'left out, because their extension is not here: privileges on TABLE job',
    ]);
    expect(exceptions).toEqual(['extension hstore', 'table data cron.job', 'table data cron.kind']);
  });

  it('that its script has made are replaced by those of the archive', async () => {
    const database = await source(CONFIGURED);
    const server = { connect: () => database.connect() } as unknown as ScratchServer;
    const entry = (type: string, schema: string, name: string) => ({ type, schema, name }) as ArchiveEntry;
    const entries = [
      entry('TABLE DATA', 'cron', 'job'),
      entry('TABLE DATA', 'cron', 'gone'),
      entry('SEQUENCE SET', 'cron', 'jobid_seq'),
    ];
    const notes: string[] = [];
    const { kept, left } = await makeRoomForRows(server, entries, notes);
    expect(kept.map(({ name }) => name)).toEqual(['job', 'jobid_seq']);
    expect(left.map(({ name }) => name)).toEqual(['gone']);
    // Only those that the archive has too; what refers to them stays.
    expect(
      await database.sql('select id from cron.job union all select job + 1000 from cron.kind order by 1'),
    ).toEqual([{ id: 1 }, { id: 1001 }, { id: 1100 }]);
    expect(notes).toEqual([expect.stringMatching(/^cron\.job was filled by its extension/)]);
  });
});
