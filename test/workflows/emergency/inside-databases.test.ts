import { CredentialsRefused, UnderstudyError } from '../../../lib/domain/errors.ts';
import type { Credentials } from '../../../lib/ports/credentials.ts';
import { insideDatabases } from '../../../lib/workflows/emergency/inside-databases.ts';
import { emergencyWorld } from '../../support/emergency-world.ts';

test('a request that begins too late does nothing: a rollback may work on the restore by now', async () => {
  const { plan, clock } = await emergencyWorld();
  const done: string[] = [];
  const deps = {
    ...{ plan, clock, passwords: {} as never },
    secrets: { credentials: async () => ({ password: 'x', user: 'crm', database: 'crm' }) } as never,
    switching: { logIn: async () => void done.push('log-in') } as never,
    instances: {} as never,
    databases: {} as never,
  };
  const at = (seconds: number) => new Date(clock.now().getTime() + seconds * 1000).toISOString();
  const request = { ask: 'log-in' as const, target: 'crm', secrets: ['crm/application'] };
  expect(await insideDatabases({ ...request, notAfter: at(-1) }, deps)).toEqual({
    ok: false,
    said: expect.objectContaining({ code: 'too-late' }),
  });
  expect(done).toEqual([]);
  expect(await insideDatabases({ ...request, notAfter: at(0) }, deps)).toEqual({ ok: true, value: null });
  expect(done).toEqual(['log-in']);
});

/** The new database, whose master has this password, and how its smoke steps are answered. */
async function asking(password: string, { isThere = true } = {}) {
  const { plan, clock } = await emergencyWorld();
  const asked: string[] = [];
  const open = async ({ user, password: given }: Credentials) => {
    if (!isThere) throw new UnderstudyError('source-unreachable', 'it cannot be reached');
    if (user !== 'postgres' || given !== password) throw new CredentialsRefused('refused', 'no');
  };
  const answer = await insideDatabases(
    {
      ask: 'smoke',
      target: 'crm',
      master: { name: 'new', user: 'postgres', database: 'crm', at: { host: 'new.internal', port: 5432 } },
      secrets: ['crm/master'],
      moment: '2026-11-20T11:00:00Z',
    },
    {
      ...{ plan, clock, databases: {} as never },
      passwords: { password: async () => 'of the restore' } as never,
      secrets: {
        credentials: async () => ({ user: 'postgres', password: 'of the secret', database: 'crm' }),
      } as never,
      switching: { logIn: open } as never,
      instances: {
        async value(credentials, sql) {
          await open(credentials);
          asked.push(`${credentials.host} ${sql}`);
          return '1';
        },
      },
    },
  );
  return { answer, asked };
}

test.each(['of the restore', 'of the secret'])(
  'the new database is asked the smoke steps by its master, whose password is that %s',
  async (password) => {
    const { answer, asked } = await asking(password);
    expect(answer).toEqual({
      ok: true,
      value: [
        { step: 'leads are there', priority: 'P0', ok: true },
        expect.objectContaining({ step: 'invoices are there', ok: false }),
      ],
    });
    expect(asked).toEqual(['new.internal select 1', 'new.internal select 2']);
  },
);

test('a new database that cannot be reached fails no smoke step: nothing is known of it', async () => {
  const { answer } = await asking('of the restore', { isThere: false });
  expect(answer).toEqual({
    ok: false,
    said: { code: 'source-unreachable', message: 'it cannot be reached' },
  });
});

describe('what is done to several databases', () => {
  const world = async (fence: (database: string) => Promise<{ at: string }>) => {
    const { plan, clock } = await emergencyWorld();
    const secrets = { credentials: async () => ({ password: 'x', user: 'crm', database: 'crm' }) } as never;
    const switching = { fence: ({ database }: { database: string }) => fence(database) } as never;
    const none = { instances: {} as never, databases: {} as never, passwords: {} as never };
    const deps = { ...{ plan, clock, secrets, switching }, ...none };
    const at = { host: 'new', port: 5432 };
    return (databases: string[]) =>
      insideDatabases({ ask: 'fence' as const, target: 'crm', at, databases }, deps);
  };
  const missing = () => Promise.reject(new UnderstudyError('database-missing', 'no such database'));

  test('is done to all of them, whatever becomes of one, and one that is not there needs nothing', async () => {
    const closed: string[] = [];
    const fence = await world(async (database) => {
      if (database === 'newer') return missing();
      if (database === 'stuck') throw new UnderstudyError('sessions-stay', 'they stay');
      closed.push(database);
      return { at: `2026-11-20T12:00:0${closed.length}.000Z` };
    });
    expect(await fence(['a', 'newer', 'b'])).toEqual({ ok: true, value: { at: '2026-11-20T12:00:02.000Z' } });
    closed.length = 0;
    const said = expect.objectContaining({ code: 'sessions-stay' });
    expect(await fence(['stuck', 'a', 'b'])).toEqual({ ok: false, said });
    expect(closed).toEqual(['a', 'b']);
  });

  test('is no success when none of them is there', async () => {
    const fence = await world(missing);
    const said = expect.objectContaining({ code: 'database-missing' });
    expect(await fence(['newer'])).toEqual({ ok: false, said });
    expect(await fence([])).toEqual({ ok: false, said });
  });
});

test('what the application expects is compared with the new database, as its master sees it', async () => {
  const { plan, clock } = await emergencyWorld();
  const seen: string[] = [];
  const deps = {
    ...{ plan, clock, secrets: {} as never, instances: {} as never, databases: {} as never },
    passwords: { password: async () => 'of the restore' } as never,
    switching: {
      async migrations({ host, user }: Credentials) {
        seen.push(`${user} ${host}`);
        return [{ tool: 'Rails', table: 'public.schema_migrations', applied: ['1', '2'] }];
      },
    } as never,
  };
  const at = { host: 'new.internal', port: 5432 };
  const master = { name: 'new', user: 'postgres', database: 'crm', at };
  const request = { ask: 'expected-migrations' as const, target: 'crm', master, expected: ['1', '3'] };
  expect(await insideDatabases(request, deps)).toEqual({
    ok: true,
    value: expect.stringMatching(/lacks 1 migration .* \(3\); it has 1 migration .* \(2\)/),
  });
  expect(seen).toEqual(['postgres new.internal']);
});
