import { CredentialsRefused, UnderstudyError } from '../../../../lib/domain/errors.ts';
import type { Target } from '../../../../lib/domain/plan/policy.ts';
import type { InstanceCopy } from '../../../../lib/ports/database.ts';
import { NOTHING_PROVEN } from '../../../../lib/restore/prove/proof-slices.ts';
import { manifest } from '../../../support/builders.ts';
import { DUMPED, holding, NAME, proofWorld, SINCE, table } from './proof-world.ts';

const TOUCHED = { since: { ...SINCE, definitions: 'touched' as const } };
const failing = (message: string) => () => Promise.reject(new Error(message));

test('the proof of a faithful instance compares schema, tables and pages, and finds no difference', async () => {
  const { prove, closed, checked } = proofWorld();
  const read = { objects: 2, tables: 2, exact: 1, bounded: 1, rows: '103', checkable: 3, checked: 3 };
  expect(await prove()).toEqual({ ...NOTHING_PROVEN, compared: { ...NOTHING_PROVEN.compared, ...read } });
  expect(closed).toEqual([1]);
  expect(checked).toEqual(['leads_pkey', 'events_pkey', 'leads']);
});

test('the proof of an instance whose subscriptions may act fails before it compares anything', async () => {
  const acting = 'workers = 4: its subscriptions may act';
  const { prove, checked, closed } = proofWorld({ unsilenced: async () => acting });
  expect(await prove()).toMatchObject({
    failure: { code: 'quarantine-open', message: expect.stringContaining('subscriptions') },
    compared: { objects: 0, exact: 0, bounded: 0 },
  });
  expect([checked, closed]).toEqual([[], [1]]);
});

test('the proof opens the instance encrypted with the scratch secret, and names the password nowhere', async () => {
  const { prove, opened, deps, request } = proofWorld();
  const result = await prove();
  const { host, port, database, user } = request;
  const password = await deps.secrets.password(NAME);
  expect(opened).toEqual([{ host, port, database, user, password, sslmode: 'require' }]);
  expect(JSON.stringify([result, deps.log.lines])).not.toContain(password);
});

describe('the proof of an instance’s tables', () => {
  it.each([
    ['lacks a row of an unwritten table', holding(table('leads', 2), table('events', 101)), 'public.leads'],
    ['lacks every row of a written table', holding(table('leads', 3), table('events', 0)), 'public.events'],
  ])('names the table when the copy %s', async (_, read, name) => {
    expect(await proofWorld({ table: read }).prove()).toMatchObject({
      differenceCount: 1,
      differences: [{ name }],
    });
  });

  it('reads fingerprints of unwritten tables, and counts of written ones', async () => {
    const asked: string[] = [];
    const read = holding(...DUMPED.tables);
    const { prove } = proofWorld({
      table: (schema, name, depth) => {
        asked.push(`${name} ${depth}`);
        return read(schema, name, depth);
      },
    });
    await prove();
    expect(asked).toEqual(['leads fingerprints', 'events counts']);
  });

  it('does not compare an unlogged table, because a restore empties it, and notes that', async () => {
    const read = holding(table('leads', 0), table('events', 100));
    expect(await proofWorld({ table: read }).prove()).toMatchObject({ differenceCount: 1 });
    const unlogged: InstanceCopy['unlogged'] = (_schema, name) => name === 'leads';
    expect(await proofWorld({ table: read, unlogged }).prove()).toMatchObject({
      differenceCount: 0,
      compared: { exact: 0, bounded: 1, unbounded: 0, unlogged: 1 },
      notes: ['public.leads is unlogged: a restore empties it'],
    });
  });

  it('never counts a table as exact of which the dump took no fingerprints', async () => {
    const tables = [{ schema: 'public', name: 'leads', rows: '3' }];
    const { prove } = proofWorld({}, { manifest: manifest({ schema: DUMPED.schema, tables }) });
    const { compared, unchecked } = await prove({ since: { ...SINCE, written: [] } });
    expect([compared.exact, unchecked.length + compared.unbounded + compared.bounded > 0]).toEqual([0, true]);
  });

  it('does not compare a table of which another part was dumped, and says so', async () => {
    const others = DUMPED.tables.map((each) => ({ ...each, rows: '1', condition: 'where id > 9' }));
    expect(await proofWorld({ table: holding(...others) }).prove()).toMatchObject({
      differenceCount: 0,
      compared: { exact: 0, bounded: 0 },
      unchecked: ['leads', 'events'].map((name) =>
        expect.stringContaining(`public.${name}: another part of it`),
      ),
    });
  });

  it('compares neither tables nor schema without a look at the source, and says so', async () => {
    expect(await proofWorld().prove({ since: undefined })).toMatchObject({
      differenceCount: 0,
      compared: { objects: 0, exact: 0, bounded: 0, unbounded: 2 },
      unchecked: ['schema: the source was not looked at'],
    });
  });

  it('calls a table damaged that the server cannot read, once', async () => {
    const problem = 'public.leads cannot be read: invalid page in block 7';
    const { prove } = proofWorld({
      table: async (_schema, name) => {
        if (name === 'events') return table('events', 100);
        throw new UnderstudyError('storage-damaged', problem);
      },
      checkable: async () => [{ oid: '1', kind: 'table', name: 'public.leads' }],
      check: async () => 'invalid page in block 7',
    });
    expect(await prove()).toMatchObject({ corrupt: [{ name: 'public.leads', problem }], unchecked: [] });
  });
});

describe('the proof of an instance’s schema', () => {
  it('is uncertain about an object when definitions were touched meanwhile, and names it', async () => {
    const schema = async () => ({ table: { ...DUMPED.schema['table'], tmp_load: 'e1:l1' } });
    const uncertain = { differenceCount: 0, unchecked: [expect.stringContaining('tmp_load')] };
    expect(await proofWorld({ schema }).prove(TOUCHED)).toMatchObject(uncertain);
    expect(await proofWorld({ schema }).prove()).toMatchObject({ differenceCount: 1, unchecked: [] });
  });

  it('is certain about a missing table that existed all the time, although definitions were touched', async () => {
    const schema = async () => ({ table: { leads: 'e1:l1' } });
    expect(await proofWorld({ schema, table: holding(table('leads', 3)) }).prove(TOUCHED)).toMatchObject({
      differenceCount: 1,
      differences: [{ name: 'public.events', what: 'missing' }],
    });
  });

  it('goes on with tables and pages when the schema cannot be read, and says so', async () => {
    const reason = 'canceling statement due to lock timeout';
    expect(await proofWorld({ schema: failing(reason) }).prove()).toMatchObject({
      unchecked: [`schema: ${reason}`],
      compared: { objects: 0, exact: 1, bounded: 1, checked: 3 },
    });
  });

  it('counts all differences and lists the first hundred', async () => {
    const tables = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`t${n}`, 'e1:l1']));
    const { differences, differenceCount } = await proofWorld({
      schema: async () => ({ table: tables }),
    }).prove();
    expect([differences.length, differenceCount]).toEqual([100, 302]);
  });
});

describe('the proof of a table that had other columns for a while', () => {
  const tableSchema = { table: { leads: 'e1:l1' } };
  const NAMED = { 'public.leads.name': 'e1:l1' };
  const dumped = manifest({ schema: { ...tableSchema, column: NAMED }, tables: DUMPED.tables });
  /** A copy with one column more than the dump, and other rows in leads. */
  const copy = (column: string, rows = 3) =>
    proofWorld(
      {
        schema: async () => ({ ...tableSchema, column: { ...NAMED, [column]: 'e2:l2' } }),
        table: holding(table('leads', rows, 'g'), table('events', 100)),
      },
      { manifest: dumped },
    );

  it('does not report its rows as changed, and says why', async () => {
    expect(await copy('public.leads.vat').prove(TOUCHED)).toMatchObject({
      differenceCount: 0,
      unchecked: [
        expect.stringContaining('public.leads.vat'),
        'public.leads: its columns were others for a while since the last dump',
      ],
    });
  });

  it('reports a lost row, rows of another table than the one with other columns, and untouched definitions', async () => {
    expect(await copy('public.leads.vat', 2).prove(TOUCHED)).toMatchObject({ differenceCount: 1 });
    const ofEvents = await copy('public.events.vat').prove(TOUCHED);
    expect(ofEvents).toMatchObject({ differences: [{ name: 'public.leads' }] });
    const { differences } = await copy('public.leads.vat').prove();
    expect(differences).toContainEqual(expect.objectContaining({ name: 'public.leads' }));
  });

  it('reads the definitions of the copy once more, however many tables differ', async () => {
    const made = copy('public.leads.vat');
    const { schema } = made.copy;
    let asked = 0;
    made.copy.schema = () => {
      asked++;
      return schema();
    };
    made.copy.table = holding(table('leads', 3, 'other'), table('events', 100, 'other'));
    await made.prove({ since: { ...TOUCHED.since, written: [] } });
    expect(asked).toBe(2);
  });
});

describe('the proof of an instance’s pages', () => {
  it('names the damage that amcheck found, and the indexes that it does not know', async () => {
    const problem = 'item order invariant violated';
    const { prove } = proofWorld({
      check: async ({ name }) => (name === 'leads_pkey' ? problem : undefined),
      uncheckable: async () => ['events_gin'],
    });
    expect(await prove()).toMatchObject({
      corrupt: [{ name: 'leads_pkey', problem }],
      notes: [expect.stringContaining('events_gin')],
    });
  });

  it('says that no page was read where amcheck is missing', async () => {
    expect(await proofWorld({ checkable: failing('amcheck is not there') }).prove()).toMatchObject({
      compared: { checked: 0 },
      unchecked: ['indexes: amcheck is not there'],
    });
  });
});

test('the proof of an instance notes each table and index that it could not check, and goes on', async () => {
  const [timeout, denied] = ['canceling statement due to statement timeout', 'permission denied'];
  const { prove } = proofWorld({
    table: async (_schema, name) => (name === 'leads' ? failing(timeout)() : table('events', 101)),
    check: async ({ name }) => (name === 'events_pkey' ? failing(denied)() : undefined),
  });
  expect(await prove()).toMatchObject({
    compared: { exact: 0, bounded: 1, checked: 2 },
    unchecked: [`public.leads: ${timeout}`, `events_pkey: ${denied}`],
  });
});

test('the proof of an instance is refused with another manifest than the one on record', async () => {
  const { prove, request, opened } = proofWorld();
  const other = { ...request.manifest!, sha256: '0'.repeat(64) };
  expect(await prove({ manifest: other })).toMatchObject({ failure: { code: 'manifest-invalid' } });
  expect(opened).toEqual([]);
});

const refused = new CredentialsRefused('credentials-refused', 'password authentication failed');

test('the proof of an instance waits until its new password works', async () => {
  const { prove, deps } = proofWorld();
  const { open } = deps.instances;
  let tries = 0;
  deps.instances.open = async (credentials) => {
    if (++tries < 4) throw refused;
    return open(credentials);
  };
  expect(await prove()).toMatchObject({ compared: { checked: 3 } });
  expect(tries).toBe(4);
});

test('the proof of an instance fails when its new password does not work within five minutes', async () => {
  const { prove, deps } = proofWorld();
  deps.instances.open = () => Promise.reject(refused);
  const failure = { code: 'credentials-refused' };
  expect(await prove()).toMatchObject({ failure, compared: { checked: 0 } });
  const waited = (deps.clock.now().getTime() - Date.parse('2026-11-20T12:00:00Z')) / 1000;
  expect(waited).toBeGreaterThan(290);
  expect(waited).toBeLessThan(400);
});

test('the proof of an instance asks no assertion for simulations, and none about rows without a manifest', async () => {
  const assertions: Target['assertions'] = [
    { name: 'always', sql: 'select 1', when: 'always', equals: 1 },
    { name: 'only then', sql: 'select 2', when: 'simulation', equals: 2 },
    { name: 'rows', sql: 'select 3', when: 'always', rowsOf: 'public.leads', tolerance: 0 },
  ];
  const { prove } = proofWorld({}, { target: { assertions } });
  expect((await prove({ manifest: undefined })).assertions.map(({ name }) => name)).toEqual(['always']);
  expect((await prove()).assertions.map(({ name }) => name)).toEqual(['always', 'rows']);
});

test('the proof of an instance closes its connection when it fails', async () => {
  const { prove, closed } = proofWorld({ unsilenced: failing('connection lost') });
  expect(await prove()).toMatchObject({ failure: { message: 'connection lost' } });
  expect(closed).toEqual([1]);
});

test('the proof of an instance asks the questions of smoke steps, after the assertions', async () => {
  const named = { timeout: 10, retries: 3, retryAfter: 2 };
  const smoke: Target['smoke'] = {
    steps: [
      { ...named, name: 'one', priority: 'P1', sql: 'select 1', expect: { equals: 1 } },
      { ...named, name: 'two', priority: 'P2', sql: 'select 2', expect: { equals: 2 } },
    ],
  };
  const { prove } = proofWorld({}, { target: { smoke } });
  expect((await prove({ manifest: undefined })).assertions).toEqual([
    { name: 'one', passed: true, detail: 'as expected', smoke: 'P1' },
    { name: 'two', passed: false, detail: 'the answer is not as expected: expected 2', smoke: 'P2' },
  ]);
});
