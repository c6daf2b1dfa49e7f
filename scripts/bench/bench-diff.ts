import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Client } from 'pg';
import { compare } from '../../lib/adapters/engines/postgres/compare/compare.ts';
import { connect } from '../../lib/adapters/engines/postgres/connection.ts';
import { childEnvironment, libpqEnvironment } from '../../lib/adapters/engines/postgres/process.ts';
import type { Cluster } from '../local/cluster.ts';
import {
  BIN,
  credentialsOf,
  formatSpread,
  inTurn,
  middle,
  print,
  printTable,
  say,
  withStage,
} from './kit.ts';

const ROWS = Number(process.env['BENCH_ROWS'] || 10_000_000);
const CHANGED = 100;

type Measured = { seconds: number; bytes: number };

/** A large table that differs in a few rows, compared with one pass of md5 over COPY of it. */
export async function benchDiff(): Promise<void> {
  await withStage(async (cluster) => {
    say(`two tables of ${ROWS} rows`);
    await makePair(cluster, 'by_integer', 'id bigint primary key', 'i');
    await makePair(cluster, 'by_uuid', 'id uuid primary key', 'md5(i::text)::uuid');
    const runs = await inTurn({
      md5: () => md5(cluster, 'by_integer'),
      integer: () => diff(cluster, 'by_integer'),
      uuid: () => diff(cluster, 'by_uuid'),
    });
    const seconds = ({ seconds }: Measured) => seconds;
    const megabytes = ({ bytes }: Measured) => bytes / 1e6;
    const base = middle(runs.md5.map(seconds));
    const row = (name: string, of: Measured[]) => [
      name,
      formatSpread(of, seconds, 1),
      `${(middle(of.map(seconds)) / base).toFixed(2)} ×`,
      formatSpread(of, megabytes, 1),
    ];
    print(`${ROWS.toLocaleString('en')} rows, ${CHANGED} of them changed, deleted or added.\n`);
    printTable(
      ['', 's', 'against md5', 'MB received'],
      [
        row('`copy … to stdout` through md5', runs.md5),
        row('diff, key bigint', runs.integer),
        row('diff, key uuid', runs.uuid),
      ],
    );
  });
}

async function makePair(cluster: Cluster, name: string, key: string, value: string): Promise<void> {
  await cluster.sql('postgres', `create database ${name}`);
  await cluster.sql(
    name,
    `create table t (${key}, owner int, at timestamptz, what text, amount numeric(12, 2));
     insert into t select ${value}, i % 1000, timestamptz '2026-01-01' + i * interval '1 s', 'entry ' || md5(i::text), i / 100.0 from generate_series(1, ${ROWS}) i`,
  );
  await cluster.sql(name, 'vacuum (analyze) t');
  await cluster.sql('postgres', `create database ${name}_living template ${name}`);
  // Spread over the whole table.
  const some = (count: number, shift: number) =>
    `(select ${value} from (select n * ${Math.floor(ROWS / 100)} + ${shift} as i from generate_series(1, ${count}) n) each_row)`;
  await cluster.sql(
    `${name}_living`,
    `update t set what = 'changed' where id in ${some(60, 0)}; delete from t where id in ${some(30, 1)};
     insert into t select ${value}, 1, now(), 'added', 1 from generate_series(${ROWS + 1}, ${ROWS + 10}) i`,
  );
}

async function md5(cluster: Cluster, name: string): Promise<Measured> {
  const began = performance.now();
  const env = { ...childEnvironment(), ...(await libpqEnvironment(credentialsOf(cluster, name))) };
  const copy = `${join(BIN, 'psql')} -XAtc 'copy t to stdout'`;
  const counted = `${copy} | tee >(md5sum >&2) | wc -c`;
  const { stdout } = await promisify(execFile)('bash', ['-c', counted], { env });
  return { seconds: (performance.now() - began) / 1000, bytes: Number(stdout) };
}

async function diff(cluster: Cluster, name: string): Promise<Measured> {
  const clients = [
    await connect(credentialsOf(cluster, name)),
    await connect(credentialsOf(cluster, `${name}_living`)),
  ];
  const [copy, living] = clients as [Client, Client];
  const began = performance.now();
  const manifest = { tables: [{ schema: 'public', name: 't', rows: String(ROWS) }] };
  const { tables } = await compare(copy, living, manifest as never, {
    first: 5,
    values: false,
    signal: new AbortController().signal,
  });
  const seconds = (performance.now() - began) / 1000;
  const { missing, extra, changed } = tables[0]!;
  if (missing + extra + changed !== CHANGED)
    throw new Error(`found ${JSON.stringify({ missing, extra, changed })}`);
  const bytes = clients.reduce((sum, client) => sum + received(client), 0);
  await Promise.all(clients.map((client) => client.end()));
  return { seconds, bytes };
}

const received = (client: Client) =>
  (client as unknown as { connection: { stream: { bytesRead: number } } }).connection.stream.bytesRead;
