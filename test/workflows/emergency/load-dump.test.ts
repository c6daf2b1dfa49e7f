import type { Assertion } from '../../../lib/domain/plan/policy.ts';
import type { OntoResult } from '../../../lib/ports/destination.ts';
import { type LoadDeps, type LoadRequest, loadDump } from '../../../lib/workflows/emergency/load-dump.ts';
import { NAME, proofWorld } from '../../unit/restore/prove/proof-world.ts';

const EMPTY: Assertion = { name: 'has leads', when: 'always', sql: 'select 0', atLeast: 1 } as never;
const LEFT_OUT = { extensions: [], exceptions: [] };
const NEXT = { lent: [], leftOut: [], data: 3, postData: 0 };

/** One call of the function, whose load comes to this. */
async function loaded(result: Partial<OntoResult>, mark?: string, secondsLeft = 900) {
  const { deps, request } = proofWorld({}, { target: { assertions: [EMPTY] } });
  await deps.secrets.create(NAME, {});
  const load = {
    ...deps,
    ...{ passwords: deps.secrets, jobs: 1, secondsLeft: () => secondsLeft },
    vault: { ...deps.vault, head: async () => request.manifest },
    destinations: { load: async () => ({ failed: [], notes: [], ...result }) },
    databases: { find: async () => ({ id: '7' }) },
    instances: { value: async () => '0' },
  } as unknown as LoadDeps;
  const asked = {
    ...{ ask: 'load', target: 'crm', point: { id: 'p', manifest: request.manifest } },
    master: { name: NAME, user: 'postgres', database: 'crm', at: { host: '127.0.0.1', port: 5432 } },
    ...(mark === undefined ? {} : { mark }),
  } as unknown as LoadRequest;
  return loadDump(asked as never, load);
}

const FAILS = expect.stringContaining('"has leads"');

test('beside the living database the last of several calls asks the assertions, and names those without time', async () => {
  expect(await loaded({ leftOut: LEFT_OUT }, 'mark')).toMatchObject({
    value: { differences: [FAILS], leftOut: LEFT_OUT, id: '7' },
  });
  expect(await loaded({ leftOut: LEFT_OUT }, 'mark', 80)).toMatchObject({
    value: { differences: [], unchecked: ['"has leads" was not asked: no time was left'] },
  });
  expect(await loaded({ next: NEXT }, 'mark')).toMatchObject({ value: { differences: [], next: NEXT } });
});

test('of an instance the assertions are asked where it is compared', async () => {
  expect(await loaded({ leftOut: LEFT_OUT })).toMatchObject({
    value: { differences: [], leftOut: LEFT_OUT },
  });
  const proof = {
    equal: true,
    strength: 'exact' as const,
    differences: [],
  } as unknown as OntoResult['proof'];
  expect(await loaded({ proof: proof! })).toMatchObject({ value: { differences: [FAILS] } });
});
