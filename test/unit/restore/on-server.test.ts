import { createHash } from 'node:crypto';
import { HIDDEN } from '../../../lib/domain/proof/definition.ts';
import type { Manifest } from '../../../lib/domain/proof/manifest.ts';
import type { Rewritten } from '../../../lib/domain/proof/proof.ts';
import type { Smoke } from '../../../lib/domain/smoke/smoke-step.ts';
import type { ScratchCopy } from '../../../lib/ports/database.ts';
import { restoreAndProve } from '../../../lib/restore/on-server.ts';
import { faithfulCopy, manifest, point, policy, target } from '../../support/builders.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { recordingLog } from '../../support/doubles/log.ts';
import { memoryVault } from '../../support/doubles/vault.ts';

/** The result of a rehearsal whose copy has these definitions, where a second look confirms these objects. */
async function rehearsed(
  source: Manifest,
  schema: Manifest['schema'],
  confirmed: string[] = [],
  smoke: Smoke = { steps: [] },
) {
  const clock = manualClock();
  const vault = memoryVault(clock);
  const body = Buffer.from(JSON.stringify(source));
  const stored = await vault.put(body, { key: 'crm/m.json', contentType: 'application/json', tags: {} });
  const asked: Rewritten[] = [];
  const copy: ScratchCopy = {
    leftOut: [],
    notes: [],
    content: async () => ({ ...faithfulCopy(source), schema }),
    confirmed: async (objects) => {
      asked.push(...objects);
      return new Set(confirmed);
    },
    value: (sql) =>
      smoke.steps.length > 0 ? Promise.resolve(sql) : Promise.reject(new Error('not asked for')),
  };
  const result = await restoreAndProve(
    {
      point: point('2026-11-20T01:00:00Z', {
        dump: source.dump,
        roles: source.roles,
        manifest: { ...stored, sha256: createHash('sha256').update(body).digest('hex') },
      }),
      simulation: false,
    },
    {
      plan: { schemaVersion: 1, policies: [policy()], targets: [target({ smoke })] },
      vault,
      scratch: { refusal: async () => undefined, withCopy: (_, use) => use(copy) },
      clock,
      log: recordingLog(),
      secondsLeft: () => 900,
    },
  );
  return { ...result, asked: asked.map(({ kind, name }) => `${kind} ${name}`) };
}

const VIEW = { view: { 'public.v': 'a:b:plain:3.x' } };
const OTHERWISE = { view: { 'public.v': 'c:d:plain:4.y' } };

test('a rehearsal looks again at an expression that is written differently, and notes that it means the same', async () => {
  const result = await rehearsed(manifest({ schema: VIEW }), OTHERWISE, ['view public.v']);
  expect(result.asked).toEqual(['view public.v']);
  expect(result.proof).toMatchObject({ equal: true, strength: 'exact' });
  expect(result.notes).toEqual([expect.stringContaining('view public.v')]);
});

test('a rehearsal reports an expression that the second look does not confirm as a difference', async () => {
  const result = await rehearsed(manifest({ schema: VIEW }), OTHERWISE);
  expect(result.proof).toMatchObject({ equal: false, differenceCount: 1 });
  expect(result.notes).toEqual([]);
});

test('a rehearsal does not look again at a definition that differs in more than the writing of an expression', async () => {
  const other = { view: { 'public.v': 'c:d:other:4.y' } };
  const result = await rehearsed(manifest({ schema: VIEW }), other, ['view public.v']);
  expect(result).toMatchObject({ asked: [], proof: { equal: false } });
});

test('a rehearsal notes user mappings whose options the dump role may not see', async () => {
  const schema = { 'user mapping': { 'far app': HIDDEN, 'far other': 'd' } };
  const copy = { 'user mapping': { 'far app': 'e', 'far other': 'd' } };
  const result = await rehearsed(manifest({ schema }), copy);
  expect(result.proof).toMatchObject({ equal: true });
  expect(result.notes).toEqual([expect.stringMatching(/user mappings.*: far app$/)]);
});

test('a rehearsal neither reports nor calls equal a dump of another version of Understudy', async () => {
  const result = await rehearsed(manifest({ schema: VIEW, facts: 1 }), OTHERWISE);
  expect(result).toMatchObject({ asked: [], proof: { equal: true, strength: 'restored' } });
  expect(result.notes).toEqual([expect.stringContaining('take a new dump')]);
});

test('a rehearsal asks the questions of smoke steps, and sends no request', async () => {
  const named = { priority: 'P1', timeout: 10, retries: 3, retryAfter: 2 } as const;
  const request = { method: 'GET', url: '/', headers: {}, follow: false };
  const expected = { status: [], headers: {}, json: {} };
  const result = await rehearsed(manifest({}), manifest({}).schema, [], {
    url: 'https://app.example.com',
    steps: [
      { ...named, name: 'log in', http: request, expect: expected, capture: {}, cleanup: false },
      { ...named, name: 'leads', sql: 'x', expect: { equals: 'x' } },
      { ...named, name: 'other', sql: 'y', expect: { equals: 'x' } },
    ],
  });
  expect(result.assertions).toEqual([
    { name: 'leads', passed: true, detail: 'as expected', smoke: 'P1' },
    { name: 'other', passed: false, detail: 'the answer is not as expected: expected "x"', smoke: 'P1' },
  ]);
  expect(result.notes).toEqual([
    'smoke steps not sent, because no application reaches a server inside a function: log in (P1)',
  ]);
});
