import type { Cluster } from '../local/cluster.ts';

/** A realistic CRM with some 310,000 generated rows, and a dump role that may only read. */
export async function makeCrm(cluster: Cluster): Promise<void> {
  await cluster.sql(
    'postgres',
    "create role crm_app; create role understudy login password 'dump-only' in role pg_read_all_data, pg_read_all_stats",
  );
  await cluster.sql('postgres', 'create database crm owner crm_app');
  await cluster.sql('crm', SCHEMA);
  await cluster.sql('crm', ROWS);
  await cluster.sql('crm', 'vacuum analyze');
}

const SCHEMA = `
set role crm_app;
create type lead_stage as enum ('new', 'contacted', 'qualified', 'won', 'lost');
create table workspaces (id int generated always as identity primary key, name text not null unique, plan varchar(20) not null check (plan in ('free', 'team', 'enterprise')), created_at timestamptz not null default now());
create table leads (
  id bigint generated always as identity primary key, workspace_id int not null references workspaces, email text not null, name text, stage lead_stage not null default 'new',
  score numeric(5, 2), custom jsonb, created_at timestamptz not null default now(), updated_at timestamptz, unique (workspace_id, email));
create table invoices (
  id bigint generated always as identity primary key, workspace_id int not null references workspaces, lead_id bigint references leads, number text not null unique,
  cents bigint not null check (cents >= 0), currency char(3) not null default 'EUR', issued_on date not null, approved boolean not null default false);
create table documents (id bigint generated always as identity primary key, invoice_id bigint references invoices on delete cascade, file_key text not null, sha256 bytea not null, bytes int not null);
create index leads_by_stage on leads (workspace_id, stage) where stage in ('new', 'contacted');
create index documents_by_invoice on documents (invoice_id);
create function touch() returns trigger language plpgsql as $$ begin new.updated_at := now(); return new; end $$;
create trigger leads_touch before update on leads for each row execute function touch();
create view revenue as select workspace_id, currency, sum(cents) / 100.0 as total from invoices where approved group by 1, 2;
create materialized view pipeline as select workspace_id, stage, count(*) from leads group by 1, 2;
alter table invoices enable row level security;
create policy own_workspace on invoices using (workspace_id = current_setting('crm.workspace', true)::int);
reset role;
alter role understudy bypassrls;
`;

const ROWS = `
insert into workspaces (name, plan) select 'workspace ' || i, (array['free', 'team', 'enterprise'])[1 + i % 3] from generate_series(1, 400) i;
insert into leads (workspace_id, email, name, stage, score, custom, created_at)
  select 1 + i % 400, 'lead' || i || '@example.org', case when i % 7 = 0 then null else initcap(substr(md5(i::text), 1, 9)) end, (enum_range(null::lead_stage))[1 + i % 5],
    (i % 1000) / 10.0, jsonb_build_object('source', i % 9, 'note', case when i % 11 = 0 then '' else md5((i * 3)::text) end), now() - (i % 700) * interval '1 hour' from generate_series(1, 150000) i;
insert into invoices (workspace_id, lead_id, number, cents, issued_on, approved)
  select 1 + i % 400, i, 'INV-' || lpad(i::text, 7, '0'), (i * 7919) % 5000000, date '2026-01-01' + i % 320, i % 3 > 0 from generate_series(1, 100000) i;
insert into documents (invoice_id, file_key, sha256, bytes) select i, 'uploads/' || md5(i::text) || '.pdf', sha256(i::text::bytea), 1000 + i % 90000 from generate_series(1, 60000) i;
refresh materialized view pipeline;
`;

/** Writes to the CRM until the signal aborts, as its users would: new leads, changed leads, approved invoices. */
export async function keepWriting(cluster: Cluster, signal: AbortSignal): Promise<number> {
  const client = await cluster.connect('crm');
  let written = 0;
  try {
    while (!signal.aborted) {
      written++;
      await client.query('insert into leads (workspace_id, email, name) values ($1, $2, $3)', [
        1 + (written % 400),
        `live${written}-${Date.now()}@example.org`,
        'Live',
      ]);
      await client.query("update leads set stage = 'won' where id = $1", [1 + ((written * 37) % 150_000)]);
      await client.query('update invoices set approved = true where id = $1', [
        1 + ((written * 61) % 100_000),
      ]);
    }
    return written;
  } finally {
    await client.end();
  }
}
