import { migrationsIn } from '../../lib/adapters/engines/postgres/migrations.ts';
import { compareExpected } from '../../lib/domain/incidents/migrations.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

/** The tables as each tool makes them, and rows that must not count. */
const TABLES = `
  create table _prisma_migrations (id varchar(36) primary key, checksum varchar(64) not null, finished_at timestamptz,
    migration_name varchar(255) not null, logs text, rolled_back_at timestamptz, started_at timestamptz not null default now(),
    applied_steps_count int not null default 0);
  insert into _prisma_migrations (id, checksum, finished_at, migration_name, rolled_back_at) values
    ('a', 'x', now(), '20260101_init', null), ('b', 'x', null, '20260102_failed', null), ('c', 'x', now(), '20260103_back', now());
  create schema drizzle;
  create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint);
  insert into drizzle.__drizzle_migrations (hash, created_at) values ('0ff1ce', 1);
  create table knex_migrations (id serial primary key, name varchar(255), batch int, migration_time timestamptz);
  insert into knex_migrations (name, batch) values ('1_users.js', 1);
  create table migrations (id serial primary key, "timestamp" bigint not null, name varchar not null);
  insert into migrations ("timestamp", name) values (1, 'Init1');
  create table "SequelizeMeta" (name varchar(255) primary key);
  insert into "SequelizeMeta" values ('1-users.js');
  create table flyway_schema_history (installed_rank int primary key, version varchar(50), description varchar(200),
    type varchar(20), script varchar(1000), checksum int, installed_by varchar(100), installed_on timestamp, execution_time int, success boolean);
  insert into flyway_schema_history (installed_rank, script, success) values (1, 'V1__init.sql', true), (2, 'V2__no.sql', false);
  create table databasechangelog (id varchar(255), author varchar(255), filename varchar(255), dateexecuted timestamp);
  insert into databasechangelog values ('1', 'anna', 'db.xml', now());
  create table django_migrations (id bigserial primary key, app varchar(255), name varchar(255), applied timestamptz);
  insert into django_migrations (app, name) values ('crm', '0001_initial');
  create table alembic_version (version_num varchar(32) primary key);
  insert into alembic_version values ('ae1027a6acf');
  create table schema_migrations (version bigint primary key, dirty boolean not null);
  insert into schema_migrations values (7, false);
  create schema rails;
  create table rails.schema_migrations (version varchar primary key);
  insert into rails.schema_migrations values ('20260101000000');
  create schema other;
  create table other.migrations (id int, note text);
`;

let source: TestDatabase;
beforeAll(async () => {
  source = await createDatabase(TABLES);
});
afterAll(() => source?.drop());

test('the tables of eleven tools are known by their names and columns, and others are left alone', async () => {
  const found = await migrationsIn(source.credentials);
  expect(found.map(({ tool, table, applied }) => `${tool} ${table}: ${applied.join(' ')}`).sort()).toEqual([
    'Alembic public.alembic_version: ae1027a6acf',
    'Django public.django_migrations: crm.0001_initial',
    'Drizzle drizzle.__drizzle_migrations: 0ff1ce',
    'Flyway public.flyway_schema_history: V1__init.sql',
    'Knex public.knex_migrations: 1_users.js',
    'Liquibase public.databasechangelog: db.xml:anna:1',
    'Prisma public._prisma_migrations: 20260101_init',
    'Rails rails.schema_migrations: 20260101000000',
    'Sequelize public.SequelizeMeta: 1-users.js',
    'TypeORM public.migrations: Init1',
    'golang-migrate public.schema_migrations: 7',
  ]);
});

test('what an application expects is compared with the table that has it, by the names in it', async () => {
  const found = await migrationsIn(source.credentials);
  expect(compareExpected(['V1__init.sql'], found)).toBe(
    'Flyway, public.flyway_schema_history: the new database has the 1 migration that the application expects, and no other',
  );
  expect(compareExpected(['20260101_init', '20260102_failed'], found)).toContain(
    'Prisma, public._prisma_migrations: the new database lacks 1 migration that the application expects (20260102_failed)',
  );
});
