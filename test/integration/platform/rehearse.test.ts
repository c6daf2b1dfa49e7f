import type { InstanceRehearsalOutcome } from '../../../lib/workflows/rehearse-instance.ts';
import { createPlatform, type Platform } from '../../support/platform.ts';

let platform: Platform;

beforeAll(async () => {
  platform = await createPlatform();
  const { rds } = platform;
  await platform.source('crm', { id: 'crm-prod' });
  await rds.instance('crm-prod').sql(
    'crm',
    `create table public.leads (id int primary key, name text); insert into public.leads select n, 'lead ' || n from generate_series(1, 500) n;
     create table public.events (id serial primary key, at timestamptz default now()); insert into public.events (at) select now() from generate_series(1, 100);
     grant all on all tables in schema public to public; grant all on all sequences in schema public to public;`,
  );
}, 60_000);

afterAll(() => platform.close());

test('a snapshot restored onto a scratch instance is proven within bounds, and nothing is left of it', async () => {
  const { rds, ask } = platform;
  const t0 = Date.now();
  const lap = (what: string) => console.log(what, Date.now() - t0);
  const dumped = await ask<{ point: string }>('dump', '2026-11-20T01:00:00Z');
  lap('dump');
  await ask('verify', '2026-11-20T01:00:00Z', { point: dumped.point });
  lap('verify');
  await rds.instance('crm-prod').sql('crm', 'insert into public.events (at) select now() from generate_series(1, 10)');
  console.log(await ask('snapshot', '2026-11-20T02:00:00Z'));
  lap('snapshot');
  await rds.instance('crm-prod').sql('crm', 'delete from public.events where id <= 5');

  const outcome = await ask<InstanceRehearsalOutcome>('rehearse-instance', '2026-11-20T03:00:00Z', { from: 'snapshot' });
  lap('rehearse');
  console.log(JSON.stringify(outcome, null, 1));
  expect(outcome).toMatchObject({ outcome: 'rehearsed', evidence: { outcome: 'passed', strength: 'bounded', differences: [] } });
  console.log(rds.calls.map(c=>c.action + ' ' + (c.error??'')).join('\n'));
  expect(await platform.leftOver()).toEqual([]);
  expect(rds.violations).toEqual([]);
}, 120_000);
