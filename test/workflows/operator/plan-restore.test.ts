import type { RestorePlan } from '../../../lib/domain/incidents/way.ts';
import { operate, operatorRequest } from '../../../lib/workflows/operator/operate.ts';
import { target as madeTarget, point } from '../../support/builders.ts';
import { memoryDeps } from '../../support/doubles/deps.ts';
import { memoryServices } from '../../support/doubles/services.ts';
import { raiseFinding } from '../../support/records.ts';

const GOOD = point('2026-11-20T01:00:00Z');
const CORRUPT = point('2026-11-19T01:00:00Z', { state: 'corrupt', why: 'checksum-mismatch' });
const EXPIRED = point('2026-11-18T01:00:00Z', { state: 'expired' });
const FAILED = point('2026-11-17T01:00:00Z', { state: 'failed', why: 'pg_dump died' });
const CREATING = point('2026-11-16T01:00:00Z', { state: 'creating' });
const OF_BLOG = point('2026-11-15T01:00:00Z', { target: 'blog' });

/** Two targets with dumps, at 12:00. */
async function world() {
  const base = memoryDeps();
  const targets = ['crm', 'blog'].map((id) => madeTarget({ id }));
  const plan = { schemaVersion: 1 as const, policies: [targets[0]!.policy], targets };
  for (const each of [GOOD, CORRUPT, EXPIRED, FAILED, CREATING, OF_BLOG]) await base.catalog.adoptPoint(each);
  const deps = { ...base, plan, vaultName: 'vault', services: memoryServices() };
  const planned = (request: object) =>
    operate(operatorRequest.parse({ ask: 'plan', target: 'crm', ...request }), deps) as Promise<RestorePlan>;
  return { ...base, deps, planned };
}

test.each([
  [CORRUPT.id, `${CORRUPT.id} of crm is corrupt (checksum-mismatch): do not restore it`],
  [EXPIRED.id, `${EXPIRED.id} of crm was deleted by retention; it cannot be restored`],
  [FAILED.id, `${FAILED.id} of crm is failed (pg_dump died): nothing is stored; it cannot be restored`],
  [CREATING.id, `${CREATING.id} of crm is still being made, or its dump died; it cannot be restored`],
  [OF_BLOG.id, `crm has no recovery point ${OF_BLOG.id}`],
  ['nothing', 'crm has no recovery point nothing'],
])('a plan of the point %s is refused', async (id, message) => {
  const { planned } = await world();
  await expect(planned({ point: id })).rejects.toMatchObject({
    code: 'input-invalid',
    message,
    hint: './understudy points crm lists them',
  });
});

test('a plan of a good point has that point alone', async () => {
  const { planned } = await world();
  expect((await planned({ point: GOOD.id })).ways).toMatchObject([
    { kind: 'rows', point: GOOD.id },
    { kind: 'dump', point: GOOD.id },
  ]);
});

test('a moment to come is refused', async () => {
  const { planned } = await world();
  await expect(planned({ at: '2026-11-20T12:00:01Z' })).rejects.toMatchObject({ code: 'input-invalid' });
});

test('open findings of the target are in its plan, and those of another are not', async () => {
  const { deps, planned } = await world();
  await raiseFinding(deps, 'checksum-mismatch', GOOD.id);
  await raiseFinding(deps, 'proof-mismatch', GOOD.id, 'blog');
  const { ways } = await planned({});
  expect(ways.map(({ kind, concerns }) => [kind, concerns.map(({ code }) => code)])).toEqual([
    ['rows', ['checksum-mismatch']],
    ['dump', ['checksum-mismatch']],
  ]);
});
