-- The heartbeat: one row a minute, which shows how much a restored copy has lost.
--
-- Run it once in each database whose target has `heartbeat: true`, as a role that may create schemas there; on RDS the
-- master user will do, a superuser is not needed. Running it again changes nothing.
--
--   psql 'host=db.internal dbname=crm user=postgres' --file=scripts/sql/heartbeat.sql
--
-- The role `understudy` (README, step 1) exists already; where yours is called something else, change the two grants.

begin;

create schema if not exists understudy;

alter table if exists understudy.ledger rename to heartbeat; -- its name until 2026

create table if not exists understudy.heartbeat (
  -- The minute the row was due: a message that is delivered twice leaves one row.
  minute timestamptz primary key,
  -- No later than the commit.
  written_at timestamptz not null default clock_timestamp(),
  -- No earlier than the commit; unknown where the writer died in between.
  committed_by timestamptz
);

comment on table understudy.heartbeat is 'Understudy: one row a minute, kept for 35 days';

-- All that the role needs, and nothing else in the database that may be written.
grant usage on schema understudy to understudy;
grant select, insert, update, delete on understudy.heartbeat to understudy;

commit;
