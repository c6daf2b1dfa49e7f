import { insideDatabases } from '../../../lib/workflows/emergency/inside-databases.ts';
import { emergencyWorld } from '../../support/emergency-world.ts';

test('a request that begins too late does nothing: a rollback may work on the restore by now', async () => {
  const { plan, clock } = await emergencyWorld();
  const done: string[] = [];
  const deps = {
    ...{ plan, clock, passwords: {} as never },
    secrets: { credentials: async () => ({ password: 'x', user: 'crm', database: 'crm' }) } as never,
    switching: { logIn: async () => void done.push('log-in') } as never,
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
