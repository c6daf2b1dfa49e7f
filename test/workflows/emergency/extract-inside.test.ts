import { InputError } from '../../../lib/domain/errors.ts';
import type { Engine, InstanceCopy } from '../../../lib/ports/database.ts';
import { type ExtractInsideRequest, extractInside } from '../../../lib/workflows/emergency/extract-inside.ts';
import { memoryVault } from '../../support/doubles/vault.ts';
import { NAME, proofWorld } from '../../unit/restore/prove/proof-world.ts';

const ASKED: ExtractInsideRequest = {
  ...{ target: 'crm', scheduledFor: '2026-11-20T12:00:00Z', attempt: 1, name: NAME, user: 'postgres' },
  ...{ host: 'x.example.internal', port: 5432, database: 'crm' },
  ...{ point: '20261120T100000Z-moment', asOf: '2026-11-20T10:00:00Z' },
};

/** A copy that answers so, and a source that can be held, with what was asked of it. */
function world(copy: Partial<InstanceCopy>, secondsLeft?: () => number) {
  const { deps, closed, opened } = proofWorld(copy, secondsLeft ? { secondsLeft } : {});
  const held: unknown[] = [];
  const files = memoryVault();
  const hold: Engine['hold'] = async (_credentials, _policy, _signal, extract) => {
    held.push(extract);
    throw new InputError('no such table');
  };
  return {
    held,
    closed,
    opened,
    ask: async (more: Partial<ExtractInsideRequest> = {}) => {
      await deps.secrets.create(NAME, {});
      return extractInside({ ...ASKED, ...more }, { ...deps, files, engine: { hold: hold } });
    },
  };
}

it('reads nothing of a copy whose quarantine is open', async () => {
  let asked = 0;
  const holds = async () => ++asked > 0;
  const made = world({ unsilenced: async () => 'max_logical_replication_workers = 4', holds });
  expect(await made.ask()).toMatchObject({ failure: { code: 'quarantine-open' } });
  expect(await made.ask({ find: 'true' })).toMatchObject({ failure: { code: 'quarantine-open' } });
  expect([made.held, asked, made.closed]).toEqual([[], 0, [1, 1]]);
});

it('answers a condition without extracting a row', async () => {
  const made = world({ holds: async (predicate) => predicate === 'true' });
  expect(await made.ask({ find: 'true' })).toEqual({ holds: true });
  expect(await made.ask({ find: 'false' })).toEqual({ holds: false });
  expect(made.held).toEqual([]);
});

it('uses the password of the scratch instance, asks for the named tables, and returns why it failed', async () => {
  const made = world({});
  expect(await made.ask({ tables: ['public.leads'] })).toEqual({
    failure: { code: 'input-invalid', message: 'no such table' },
  });
  expect(made.held).toEqual([{ tables: ['public.leads'] }]);
  expect(made.opened).toEqual([expect.objectContaining({ user: 'postgres', sslmode: 'require' })]);
});
