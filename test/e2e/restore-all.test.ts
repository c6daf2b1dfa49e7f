import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { begin, UNDERSTUDY, written } from './support.ts';

/** The functions of a deployment, as Lambda is asked for them: the plans are made up, the command is the real one. */
let lambda: Server;
let asked: { name: string; body: Record<string, unknown> }[] = [];
let isNetworkUp = true;
const records = new Map<string, Record<string, unknown>>();

const config = written(`version: 1
policies:
  instances:
    objectives: { rpo: { snapshot: 26h }, rto: 1h }
    schedules: { snapshot: "0 1 * * *", preflight: "0 6 * * *", expire: "0 5 * * *" }
    retention: { daily: 35d }
targets:
  shop: { policy: instances, rds: shop-db, priority: P1 }
  crm: { policy: instances, rds: crm-db, priority: P0 }
  billing: { policy: instances, rds: crm-db, priority: P1 }
restoreAll:
  steps:
    - { name: databases, targets: P0 }
    - { name: network, function: network-up, within: 1m }
    - { name: others, targets: P1 }
`);

function planOf(target: string) {
  const takes = { least: 600, middle: 600, most: 600, measurements: 1, phases: [] };
  const way = {
    kind: 'moment',
    asOf: '2026-11-20T11:59:59Z',
    loses: { least: 60, most: 60 },
    ...{ concerns: [], costs: { said: 'unknown' } },
    takes,
    confirm: `code-of-${target}`,
  };
  return {
    target,
    ways: [way],
    noWays: [],
    recommended: { way: 0, reason: 'it loses least' },
    does: { cutover: 'rename', secrets: [] },
  };
}

function answerOf(name: string, body: Record<string, unknown>): unknown {
  const target = String(body['target']);
  if (name === 'network-up') return { ok: isNetworkUp, message: 'no route' };
  if (name === 'understudy-prod-operator')
    return body['ask'] === 'plan' ? planOf(target) : (records.get(target) ?? null);
  if (name === 'understudy-prod-restore:durable') {
    const id = String(body['scheduledFor']).replace(/[-:]/g, '');
    records.set(target, {
      ...{
        target,
        id,
        state: 'running',
        phase: 'approve',
        startedAt: body['scheduledFor'],
        way: { kind: 'moment', asOf: body['asOf'] },
      },
      ...{
        decideBy: '2099-01-01T00:00:00Z',
        aliveUntil: '2099-01-01T00:00:00Z',
        made: { name: `${target}-new` },
      },
    });
    return undefined;
  }
  throw new Error(`nobody is ${name}`);
}

beforeAll(async () => {
  lambda = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => (text += String(part)));
    request.on('end', () => {
      const name = decodeURIComponent(/functions\/([^/]+)\//.exec(request.url!)![1]!);
      const body = JSON.parse(text) as Record<string, unknown>;
      asked.push({ name, body });
      response.end(JSON.stringify(answerOf(name, body)));
    });
  });
  await new Promise<void>((resolve) => lambda.listen(0, '127.0.0.1', resolve));
});
afterAll(() => lambda.close());
beforeEach(() => {
  asked = [];
});

/** The functions are in this process, so nothing may block it. */
const typed = (...args: string[]) => typedWith(config, ...args);
async function typedWith(file: string, ...args: string[]) {
  const { port } = lambda.address() as AddressInfo;
  const environment = { AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${port}` };
  const program = begin(UNDERSTUDY, ['--config', file, '--stage', 'prod', ...args], environment);
  return { status: await program.ended, shown: program.shown() };
}
const began = () =>
  asked.filter(({ name }) => name.endsWith(':durable')).map(({ body }) => [body['target'], body['confirm']]);

let code: string;

test('shows the order, when each is ready, its RTO and the total, and changes nothing', async () => {
  const { status, shown } = await typed('restore-all');
  expect([status, shown]).toEqual([0, expect.stringContaining('In all about 21 min')]);
  expect(shown).toMatch(
    /crm \(P0\) +databases +moment[\s\S]*network-up +network[\s\S]*billing \(P1\) +others +with crm[\s\S]*shop/,
  );
  code = /--go --confirm (\S+)/.exec(shown)![1]!;
  expect(began()).toEqual([]);
});

test('begins nothing without a terminal to ask at, nor with a code of something else', async () => {
  const unasked = await typed('restore-all', '--go');
  expect([unasked.status, unasked.shown]).toEqual([2, expect.stringContaining('restore-all --go --confirm')]);
  const other = await typed('restore-all', '--targets', 'shop', '--go', '--confirm', code);
  expect([other.status, other.shown]).toEqual([1, expect.stringContaining('is not what was confirmed')]);
  expect(began()).toEqual([]);
});

test('refuses a plan that asks a person where nobody can answer, before anything begins', async () => {
  const asking = readFileSync(config, 'utf8').replace(
    'function: network-up, within: 1m',
    'confirm: "Is it up?"',
  );
  const { status, shown } = await typedWith(written(asking), 'restore-all', '--go', '--confirm', code);
  expect([status, shown]).toEqual([2, expect.stringContaining('the step "network" asks a person')]);
  expect(began()).toEqual([]);
});

test('a function that says no ends it with 1; what was begun goes on', async () => {
  isNetworkUp = false;
  const { status, shown } = await typed('restore-all', '--go', '--confirm', code);
  expect([status, shown]).toEqual([1, expect.stringContaining('It ended at the step "network": no route')]);
  expect(began()).toEqual([['crm', 'code-of-crm']]);
});

test('running it again takes up what is under way and begins the rest, each with what confirms it', async () => {
  isNetworkUp = true;
  const { status, shown } = await typed('restore-all', '--go', '--confirm', code, '--json');
  expect(status).toBe(0);
  expect(began()).toEqual([['shop', 'code-of-shop']]);
  expect(JSON.parse(shown.slice(shown.indexOf('\n{\n') + 1, shown.lastIndexOf('\n}') + 2))).toMatchObject({
    targets: [
      { target: 'crm', outcome: 'made', takenUp: true },
      { target: 'billing', outcome: 'made' },
      { target: 'shop', outcome: 'made' },
    ],
    steps: [{ name: 'databases' }, { name: 'network' }, { name: 'others' }],
  });
  const [called] = asked.filter(({ name }) => name === 'network-up');
  expect(called!.body).toMatchObject({
    step: 'network',
    stage: 'prod',
    restores: [{ target: 'crm', outcome: 'made' }],
  });
});
