import type { Cluster } from '../local/cluster.ts';

/**
 * Makes a database of about so many megabytes on disk, with four kinds of table: events with JSON, documents that
 * hardly compress, narrow measurements, and prose with NULLs. The same size gives the same rows.
 */
export async function makeDatabase(cluster: Cluster, name: string, megabytes: number): Promise<void> {
  await cluster.sql('postgres', `create database ${name}`);
  await cluster.sql(name, SCHEMA);
  for (const insert of inserts(megabytes)) await cluster.sql(name, insert);
  await cluster.sql(name, 'vacuum (freeze, analyze)');
  await cluster.sql(name, 'checkpoint');
}

const SCHEMA = `
create type kind as enum ('created', 'changed', 'seen', 'deleted');
create table events (id bigint generated always as identity primary key, at timestamptz not null, actor uuid not null, kind kind not null, payload jsonb not null, amount numeric(12, 2), address inet, ok boolean not null);
create table documents (id int primary key, title text not null, body bytea not null, tags text[] not null, issued date);
create table measurements (series int not null, at timestamp not null, value double precision not null, quality smallint);
create table notes (id bigint primary key, author varchar(40), body text not null, changed interval);
alter table documents alter body set storage external;
`;

/** Rows in a megabyte of disk, indexes included; measured. */
const PER_MEGABYTE = { events: 4_100, documents: 435, measurements: 19_000, notes: 2_000 };
const SHARE = { events: 0.4, documents: 0.2, measurements: 0.2, notes: 0.2 };
type Table = keyof typeof SHARE;

function inserts(megabytes: number): string[] {
  const rows = (table: Table) => Math.round(megabytes * SHARE[table] * PER_MEGABYTE[table]);
  return [
    `insert into events (at, actor, kind, payload, amount, address, ok)
      select timestamptz '2026-01-01' + i * interval '7 s', md5((i % 9000)::text)::uuid, (enum_range(null::kind))[1 + i % 4],
        jsonb_build_object('session', md5(i::text), 'page', i % 977, 'from', case when i % 5 = 0 then '' else 'campaign ' || i % 40 end),
        case when i % 6 = 0 then null else (i * 7919 % 10000000) / 100.0 end, ('10.' || i % 250 || '.' || i / 250 % 250 || '.7')::inet, i % 3 > 0
      from generate_series(1::bigint, ${rows('events')}) i`,
    `insert into documents
      select i, 'document ' || i, (select string_agg(sha256((i * 64 + n)::text::bytea), '') from generate_series(1, 60) n), array['tag' || i % 7, 'year ' || i % 30], date '2020-01-01' + i % 2000
      from generate_series(1, ${rows('documents')}) i`,
    `insert into measurements
      select i % 500, timestamp '2026-01-01' + i * interval '1 s', sin(i) * 1000, case when i % 10 = 0 then null else i % 4 end
      from generate_series(1, ${rows('measurements')}) i`,
    `insert into notes
      select i, case when i % 8 = 0 then null else 'author ' || i % 300 end,
        (select string_agg((array['the', 'customer', 'asked', 'for', 'an', 'invoice', 'that', 'was', 'never', 'sent', 'and', 'called', 'again', 'later'])[1 + (i * n) % 14] || case when n % 9 = 0 then ', ' || i % 5000 else '' end, ' ') from generate_series(1, 60) n),
        make_interval(hours => (i % 400)::int)
      from generate_series(1::bigint, ${rows('notes')}) i`,
  ];
}
