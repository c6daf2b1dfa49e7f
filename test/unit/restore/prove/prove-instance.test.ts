import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { CredentialsRefused, UnderstudyError } from '../../../../lib/domain/errors.ts';
import type { Target } from '../../../../lib/domain/plan/policy.ts';
import type { Manifest, TableFacts } from '../../../../lib/domain/proof/manifest.ts';
import type { Credentials, InstanceCopy } from '../../../../lib/ports/database.ts';
import {
  mergeProofs,
  NOTHING_PROVEN,
  type ProveRequest,
  type ProveResult,
} from '../../../../lib/restore/prove/proof-slices.ts';
import { type ProveDeps, proveInstance } from '../../../../lib/restore/prove/prove-instance.ts';
import { manifest } from '../../../support/builders.ts';
import { manualClock } from '../../../support/doubles/clock.ts';
import { recordingLog } from '../../../support/doubles/log.ts';
import { memoryScratchSecrets } from '../../../support/doubles/scratch-instances.ts';
import { planOf } from '../../../support/snapshots.ts';

const NAME = 'understudy-scratch-crm-1';
const table = (name: string, rows: number, fingerprint: string | undefined = 'f'): TableFacts => ({
  schema: 'public',
  name,
  rows: String(rows),
  ...(fingerprint === undefined ? {} : { fingerprint }),
});
const DUMPED = manifest({
  schema: { table: { leads: 'e1:l1', events: 'e1:l1' } },
  tables: [table('leads', 3), table('events', 100)],
});

/** A copy that is what the manifest says, with two indexes and a table to look into. */
function world(options: { manifest?: Manifest; target?: Partial<Target>; secondsLeft?: () => number } = {}) {
  const dumped = options.manifest ?? DUMPED;
  const text = Buffer.from(JSON.stringify(dumped));
  const secrets = memoryScratchSecrets();
  const clock = manualClock('2026-11-20T12:00:00Z', { skipping: true });
  const opened: Credentials[] = [];
  const closed: number[] = [];
  const checked: string[] = [];
  const copy: InstanceCopy = {
    schema: async () => structuredClone(dumped.schema),
    table: async (_schema, name) => dumped.tables.find((each) => each.name === name),
    checkable: async () =>
      ['leads_pkey', 'events_pkey', 'leads'].map((name) => ({ oid: name, kind: 'index' as const, name })),
    unlogged: () => false,
    uncheckable: async () => [],
    check: async ({ name }) => void checked.push(name) as undefined,
    value: async () => '1',
    unsilenced: async () => undefined,
    heartbeat: async () => [],
    close: async () => void closed.push(1),
  };
  const deps = {
    plan: planOf({ target: options.target ?? {} }),
    vault: { read: async () => Readable.from([text]) },
    instances: {
      open: async (credentials: Credentials) => {
        opened.push(credentials);
        return copy;
      },
      since: async () => ({ definitions: 'untouched' as const, changed: {}, written: [] }),
    },
    secrets,
    clock,
    log: recordingLog(),
    secondsLeft: options.secondsLeft ?? (() => 900),
  } satisfies ProveDeps;
  const request: ProveRequest = {
    target: 'crm',
    name: NAME,
    host: `${NAME}.example.internal`,
    port: 5432,
    user: 'postgres',
    database: 'crm',
    moment: '2026-11-20T02:00:00Z',
    toMoment: false,
    manifest: {
      key: 'm',
      versionId: 'v',
      bytes: text.length,
      sha256: createHash('sha256').update(text).digest('hex'),
    },
    since: { definitions: 'untouched', changed: {}, written: [{ table: 1, inserted: '5', deleted: '2' }] },
    from: 0,
  };
  return {
    deps,
    copy,
    secrets,
    opened,
    closed,
    checked,
    clock,
    request,
    async prove(changes: Partial<ProveRequest> = {}) {
      await secrets.create(NAME, {});
      return proveInstance({ ...request, ...changes }, deps);
    },
    /** All slices, merged, as the rehearsal does. */
    async proveAll(changes: Partial<ProveRequest> = {}) {
      await secrets.create(NAME, {});
      let proof: ProveResult | undefined;
      for (let from: number | undefined = 0, slices = 0; from !== undefined && slices < 50; slices++) {
        proof = mergeProofs(proof, await proveInstance({ ...request, ...changes, from }, deps));
        from = proof.failure ? undefined : proof.next;
      }
      return proof!;
    },
  };
}

/** Time for so many tasks a slice. */
const tasksASlice = (most: number) => {
  let asked = 0;
  return () => (asked++ % most === most - 1 ? 10 : 900);
};

describe('the proof of a restored instance', () => {
  it('compares schema, tables and pages, and finds nothing wrong with a faithful copy', async () => {
    const { prove, closed, checked } = world();
    expect(await prove()).toEqual({
      differences: [],
      differenceCount: 0,
      compared: {
        ...NOTHING_PROVEN.compared,
        ...{ objects: 2, tables: 2, exact: 1, bounded: 1, rows: '103', checkable: 3, checked: 3 },
      },
      corrupt: [],
      unchecked: [],
      notes: [],
      assertions: [],
    });
    expect(closed).toEqual([1]);
    expect(checked).toEqual(['leads_pkey', 'events_pkey', 'leads']);
  });

  it('proves nothing of a copy whose subscriptions may be at work', async () => {
    const { prove, copy, checked, closed } = world();
    copy.unsilenced = async () => 'workers = 4: its subscriptions may act';
    expect(await prove()).toMatchObject({
      failure: { code: 'quarantine-open', message: expect.stringContaining('subscriptions') },
      compared: { objects: 0, exact: 0, bounded: 0 },
    });
    expect([checked, closed]).toEqual([[], [1]]);
  });

  it('holds an unlogged table against nothing, because a restore empties it, and says so', async () => {
    const { prove, copy } = world();
    const table_ = copy.table;
    let unlogged = false;
    copy.table = async (schema, name, fingerprinted) =>
      name === 'leads' ? table('leads', 0) : table_(schema, name, fingerprinted);
    copy.unlogged = (_schema, name) => unlogged && name === 'leads';
    expect(await prove()).toMatchObject({ differenceCount: 1 });
    unlogged = true;
    expect(await prove()).toMatchObject({
      differenceCount: 0,
      compared: { exact: 0, bounded: 1, unbounded: 0, unlogged: 1 },
      notes: ['public.leads is unlogged: a restore empties it'],
    });
  });

  it('names so much of what is wrong as a checkpoint holds, of however many slices', async () => {
    const { proveAll, copy } = world({ secondsLeft: tasksASlice(200) });
    copy.checkable = async () =>
      Array.from({ length: 1000 }, (_, at) => ({ oid: `${at}`, kind: 'index' as const, name: `i${at}` }));
    copy.check = async ({ oid }) => {
      if (Number(oid) % 2 === 0) return 'hole '.repeat(1000);
      throw new Error('no right '.repeat(1000));
    };
    const proof = await proveAll();
    expect(proof.compared.checked).toBe(500);
    expect([proof.corrupt.length, proof.unchecked.length]).toEqual([100, 100]);
    expect(JSON.stringify(proof).length).toBeLessThan(120_000);
  });

  it('opens the copy with the scratch secret, encrypted, and names the password nowhere', async () => {
    const { prove, opened, secrets, deps } = world();
    const result = await prove();
    const password = await secrets.password(NAME);
    expect(opened).toEqual([
      {
        host: `${NAME}.example.internal`,
        port: 5432,
        database: 'crm',
        user: 'postgres',
        password,
        sslmode: 'require',
      },
    ]);
    expect(JSON.stringify([result, deps.log.lines])).not.toContain(password);
  });

  it('names a row that is missing from an unwritten table', async () => {
    const { prove, copy } = world();
    copy.table = async (_schema, name) => (name === 'leads' ? table('leads', 2) : table('events', 101));
    expect(await prove()).toMatchObject({ differenceCount: 1, differences: [{ name: 'public.leads' }] });
  });

  it('names a written table that was emptied', async () => {
    const { prove, copy } = world();
    copy.table = async (_schema, name) => (name === 'leads' ? table('leads', 3) : table('events', 0));
    expect(await prove()).toMatchObject({ differenceCount: 1, differences: [{ name: 'public.events' }] });
  });

  it('asks for fingerprints of unwritten tables, and for counts of written ones', async () => {
    const { prove, copy } = world();
    const asked: string[] = [];
    copy.table = async (_schema, name, depth) => {
      asked.push(`${name} ${depth}`);
      return DUMPED.tables.find((each) => each.name === name);
    };
    await prove();
    expect(asked).toEqual(['leads fingerprints', 'events counts']);
  });

  it('never counts a table as equal to its last row whose dump took no fingerprints', async () => {
    const dumped = manifest({
      schema: DUMPED.schema,
      tables: [{ schema: 'public', name: 'leads', rows: '3' }],
    });
    const { compared, unchecked } = await world({ manifest: dumped }).prove({
      since: { definitions: 'untouched', changed: {}, written: [] },
    });
    expect([compared.exact, unchecked.length + compared.unbounded + compared.bounded > 0]).toEqual([0, true]);
  });

  it('judges no table and no schema without a look at the source, and says so', async () => {
    const { prove } = world();
    expect(await prove({ since: undefined })).toMatchObject({
      differenceCount: 0,
      compared: { objects: 0, exact: 0, bounded: 0, unbounded: 2 },
      unchecked: ['schema: the source was not looked at'],
    });
  });

  it('is not sure of a schema whose definitions were touched meanwhile, and says of what', async () => {
    const { prove, copy, request } = world();
    copy.schema = async () => ({ table: { ...DUMPED.schema['table'], tmp_load: 'e1:l1' } });
    expect(await prove({ since: { ...request.since!, definitions: 'touched' } })).toMatchObject({
      differenceCount: 0,
      unchecked: [expect.stringContaining('tmp_load')],
    });
    expect(await prove()).toMatchObject({ differenceCount: 1, unchecked: [] });
  });

  it('is sure of a table that is gone from the copy and was there all the time, whatever else was touched', async () => {
    const { prove, copy, request } = world();
    copy.schema = async () => ({ table: { leads: 'e1:l1' } });
    copy.table = async (_schema, name) => (name === 'leads' ? table('leads', 3) : undefined);
    expect(await prove({ since: { ...request.since!, definitions: 'touched' } })).toMatchObject({
      differenceCount: 1,
      differences: [{ name: 'public.events', what: 'missing' }],
    });
  });

  it('does not accuse a table whose columns were others for a while', async () => {
    const { prove, copy, request } = world({
      manifest: manifest({
        schema: { table: { leads: 'e1:l1' }, column: { 'public.leads.name': 'e1:l1' } },
        tables: [table('leads', 3), table('events', 100)],
      }),
    });
    const touched = { since: { ...request.since!, definitions: 'touched' as const } };
    const table_ = copy.table;
    const reads = (rows: number) => {
      copy.table = async (schema, name, depth) =>
        name === 'leads' ? table('leads', rows, 'g') : table_(schema, name, depth);
    };
    const shaped = (column: Record<string, string>) => {
      copy.schema = async () => ({ table: { leads: 'e1:l1' }, column });
    };
    reads(3);
    shaped({ 'public.leads.name': 'e1:l1', 'public.leads.vat': 'e2:l2' });
    expect(await prove(touched)).toMatchObject({
      differenceCount: 0,
      unchecked: [
        expect.stringContaining('public.leads.vat'),
        'public.leads: its columns were others for a while since the last dump',
      ],
    });
    // However many tables differ, the copy's definitions are asked for once more, and no oftener.
    const { schema, table: was } = copy;
    let asked = 0;
    copy.schema = () => {
      asked++;
      return schema();
    };
    copy.table = async (of, name) => ({ ...(await was(of, name, 'counts'))!, fingerprint: 'other' });
    await prove({ since: { ...touched.since, written: [] } });
    expect(asked).toBe(2);
    copy.schema = schema;
    reads(2);
    expect(await prove(touched)).toMatchObject({ differenceCount: 1 });
    reads(3);
    shaped({ 'public.leads.name': 'e1:l1', 'public.events.vat': 'e2:l2' });
    expect(await prove(touched)).toMatchObject({ differences: [{ name: 'public.leads' }] });
    shaped({ 'public.leads.name': 'e1:l1', 'public.leads.vat': 'e2:l2' });
    expect((await prove()).differences).toContainEqual(expect.objectContaining({ name: 'public.leads' }));
  });

  it('calls a table that the server cannot read damaged', async () => {
    const { prove, copy } = world();
    copy.table = async (_schema, name) => {
      if (name === 'events') return table('events', 100);
      throw new UnderstudyError('storage-damaged', 'public.leads cannot be read: invalid page in block 7');
    };
    copy.checkable = async () => [{ oid: '1', kind: 'table', name: 'public.leads' }];
    copy.check = async () => 'invalid page in block 7';
    expect(await prove()).toMatchObject({
      corrupt: [{ name: 'public.leads', problem: 'public.leads cannot be read: invalid page in block 7' }],
      unchecked: [],
    });
  });

  it('says how many differences there are, and the first hundred', async () => {
    const { prove, copy } = world();
    copy.schema = async () => ({
      table: Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`t${n}`, 'e1:l1'])),
    });
    const { differences, differenceCount } = await prove();
    expect([differences.length, differenceCount]).toEqual([100, 302]);
  });

  it('notes what it could not find out, and goes on', async () => {
    const { prove, copy } = world();
    copy.table = async (_schema, name) => {
      if (name === 'leads') throw new Error('canceling statement due to statement timeout');
      return table('events', 101);
    };
    const { check } = copy;
    copy.check = async (what) => {
      if (what.name === 'events_pkey') throw new Error('permission denied');
      return check(what);
    };
    expect(await prove()).toMatchObject({
      compared: { exact: 0, bounded: 1, checked: 2 },
      unchecked: [
        'public.leads: canceling statement due to statement timeout',
        'events_pkey: permission denied',
      ],
    });
  });

  it('names what amcheck found, and what it does not know', async () => {
    const { prove, copy } = world();
    copy.check = async ({ name }) => (name === 'leads_pkey' ? 'item order invariant violated' : undefined);
    copy.uncheckable = async () => ['events_gin'];
    expect(await prove()).toMatchObject({
      corrupt: [{ name: 'leads_pkey', problem: 'item order invariant violated' }],
      notes: [expect.stringContaining('events_gin')],
    });
  });

  it('says that no page was read where amcheck cannot be had', async () => {
    const { prove, copy } = world();
    copy.checkable = () => Promise.reject(new UnderstudyError('amcheck-missing', 'amcheck is not there'));
    expect(await prove()).toMatchObject({
      compared: { checked: 0 },
      unchecked: ['indexes: amcheck is not there'],
    });
  });

  it('refuses a manifest that is not the one on record', async () => {
    const { prove, request, opened } = world();
    expect(await prove({ manifest: { ...request.manifest!, sha256: '0'.repeat(64) } })).toMatchObject({
      failure: { code: 'manifest-invalid' },
    });
    expect(opened).toEqual([]);
  });

  it('waits for a password that is not in force yet', async () => {
    const { prove, deps } = world();
    const { open } = deps.instances;
    let tries = 0;
    deps.instances.open = async (credentials) => {
      if (++tries < 4) throw new CredentialsRefused('credentials-refused', 'password authentication failed');
      return open(credentials);
    };
    expect(await prove()).toMatchObject({ compared: { checked: 3 } });
    expect(tries).toBe(4);
  });

  it('gives up a password that never is, within minutes, and says so', async () => {
    const { prove, deps, clock } = world();
    deps.instances.open = () =>
      Promise.reject(new CredentialsRefused('credentials-refused', 'password authentication failed'));
    expect(await prove()).toMatchObject({
      failure: { code: 'credentials-refused' },
      compared: { checked: 0 },
    });
    const waited = (clock.now().getTime() - Date.parse('2026-11-20T12:00:00Z')) / 1000;
    expect(waited).toBeGreaterThan(290);
    expect(waited).toBeLessThan(400);
  });

  it('asks nothing for simulations, and compares no number with a manifest that is not there', async () => {
    const assertions: Target['assertions'] = [
      { name: 'always', sql: 'select 1', when: 'always', equals: 1 },
      { name: 'only then', sql: 'select 2', when: 'simulation', equals: 2 },
      { name: 'rows', sql: 'select 3', when: 'always', rowsOf: 'public.leads', tolerance: 0 },
    ];
    const { prove } = world({ target: { assertions } });
    expect((await prove({ manifest: undefined })).assertions.map(({ name }) => name)).toEqual(['always']);
    expect((await prove()).assertions.map(({ name }) => name)).toEqual(['always', 'rows']);
  });

  it('compares no other part of a table than was dumped', async () => {
    const { prove, copy } = world();
    const { table } = copy;
    copy.table = async (...asked) => ({ ...(await table(...asked))!, rows: '1', condition: 'where id > 9' });
    expect(await prove()).toMatchObject({
      differenceCount: 0,
      compared: { exact: 0, bounded: 0 },
      unchecked: [
        expect.stringContaining('public.leads: another part of it'),
        expect.stringContaining('public.events: another part of it'),
      ],
    });
  });

  it('of a schema that cannot be read goes on with the rest, and is not whole', async () => {
    const { prove, copy } = world();
    copy.schema = () => Promise.reject(new Error('canceling statement due to lock timeout'));
    expect(await prove()).toMatchObject({
      unchecked: ['schema: canceling statement due to lock timeout'],
      compared: { objects: 0, exact: 1, bounded: 1, checked: 3 },
    });
  });

  it('closes the copy whatever happens', async () => {
    const { prove, copy, closed } = world();
    copy.uncheckable = () => Promise.reject(new Error('connection lost'));
    copy.unsilenced = () => Promise.reject(new UnderstudyError('source-unreachable', 'connection lost'));
    expect(await prove()).toMatchObject({ failure: { message: 'connection lost' } });
    expect(closed).toEqual([1]);
  });
});

describe('a proof in slices', () => {
  it('looks at every table, whatever is deployed between two of them', async () => {
    const asked: string[] = [];
    const assertion = { name: 'a', sql: 'select 1', when: 'always' as const, is: '1' };
    const made = world({ target: { assertions: [assertion] } as never, secondsLeft: () => 1 });
    const { table } = made.copy;
    made.copy.table = async (...args) => {
      asked.push(args[1]);
      Object.assign(made.deps.plan, planOf({ target: { assertions: [] } }));
      return table(...args);
    };
    await made.proveAll();
    expect(asked).toEqual(['leads', 'events']);
  });

  it('begins on indexes with the time of a whole slice, and not with what its tables left', async () => {
    let left = 900;
    const { proveAll, copy, checked } = world({ secondsLeft: () => left });
    const { table, checkable } = copy;
    copy.table = async (...asked) => {
      left = asked[1] === 'events' ? 10 : 900;
      return table(...asked);
    };
    copy.checkable = async () => {
      if (left < 45) throw new Error('canceling statement due to statement timeout');
      return checkable();
    };
    copy.uncheckable = async () => ['gin'];
    copy.schema = async () => {
      left = 900;
      return structuredClone(DUMPED.schema);
    };
    const { close } = copy;
    copy.close = async () => {
      left = 900;
      await close();
    };
    const proof = await proveAll();
    expect([proof.unchecked, checked.length, proof.notes.length]).toEqual([[], 3, 1]);
  });

  it('looks into every index, although fewer questions stand before them than when it began', async () => {
    const assertion = (name: string) => ({ name, sql: 'select 1', when: 'always' as const, is: '1' });
    const made = world({
      target: { assertions: ['one', 'two', 'three'].map(assertion) } as never,
      secondsLeft: () => 1,
    });
    made.copy.value = async (sql) => {
      if (sql === 'select 1') Object.assign(made.deps.plan, planOf({ target: { assertions: [] } }));
      return '1';
    };
    const { compared } = await made.proveAll();
    expect(made.checked).toEqual(['leads_pkey', 'events_pkey', 'leads']);
    expect([compared.checked, compared.checkable]).toEqual([3, 3]);
  });

  it.each([2, 3, 4])('of %i tasks comes to the same as one in a piece', async (most) => {
    const whole = await world().proveAll();
    const sliced = world({ secondsLeft: tasksASlice(most) });
    expect(await sliced.proveAll()).toEqual(whole);
    expect(sliced.opened.length).toBeGreaterThan(1);
    expect(sliced.closed).toHaveLength(sliced.opened.length);
    expect([...sliced.checked].sort()).toEqual(['events_pkey', 'leads', 'leads_pkey']);
  });

  it('goes on although there is hardly any time at all: one task a slice', async () => {
    const { proveAll, checked } = world({ secondsLeft: () => 1 });
    expect(await proveAll()).toMatchObject({ compared: { checked: 3 }, unchecked: [] });
    expect(checked).toHaveLength(3);
  });

  it('says so when a later one can look into no index any more', async () => {
    const { proveAll, copy } = world({ secondsLeft: tasksASlice(5) });
    const { checkable } = copy;
    let slices = 0;
    copy.checkable = () => (++slices === 1 ? checkable() : Promise.reject(new Error('connection lost')));
    const { compared, unchecked } = await proveAll();
    expect(slices).toBeGreaterThan(1);
    expect(compared.checked).toBeLessThan(3);
    expect(unchecked).toEqual(['indexes: connection lost']);
  });

  it('keeps what an earlier one found when a later one fails', () => {
    const before: ProveResult = {
      next: 4,
      differences: [{ kind: 'rows', name: 'public.leads', what: 'changed' }],
      differenceCount: 1,
      compared: { ...NOTHING_PROVEN.compared, objects: 2, tables: 2, exact: 1, bounded: 1, rows: '103' },
      corrupt: [{ name: 'i', problem: 'a hole' }],
      unchecked: ['x'],
      notes: ['n'],
      assertions: [{ name: 'a', passed: false, detail: '' }],
    };
    const failed: ProveResult = {
      differences: [],
      differenceCount: 0,
      compared: NOTHING_PROVEN.compared,
      corrupt: [],
      unchecked: [],
      notes: [],
      assertions: [],
      failure: { code: 'source-unreachable', message: 'x' },
    };
    const { next: _next, ...kept } = before;
    expect(mergeProofs(before, failed)).toEqual({ ...kept, failure: failed.failure });
  });
});
