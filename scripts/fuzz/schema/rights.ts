import { Expressions } from './expressions.ts';
import { named } from './tables.ts';
import { ROLES, type World } from './world.ts';

const TAKES: Record<string, string> = {
  'MATERIALIZED VIEW': 'TABLE',
  VIEW: 'TABLE',
  'FOREIGN TABLE': 'TABLE',
  AGGREGATE: 'FUNCTION',
};
const PRIVILEGES: Record<string, string[]> = {
  TABLE: ['select', 'insert, update', 'all', 'references, trigger', 'truncate, delete'],
  SEQUENCE: ['usage', 'select', 'all'],
  FUNCTION: ['execute'],
  PROCEDURE: ['execute'],
  TYPE: ['usage'],
  DOMAIN: ['usage'],
  SCHEMA: ['usage', 'create', 'all'],
};

/** Grants, chains of them, revokes from PUBLIC and from the owner itself, column grants, default privileges. */
export function makeGrant(world: World): void {
  const { random } = world;
  const roles = [...ROLES, 'public'];
  const thing = random.pick([
    ...world.things.filter(({ kind }) => PRIVILEGES[TAKES[kind] ?? kind]),
    ...world.schemas.map((sql) => ({ kind: 'SCHEMA', sql })),
  ]);
  const kind = TAKES[thing.kind] ?? thing.kind;
  const what = random.pick([
    ...PRIVILEGES[kind]!,
    ...(world.major >= 17 && kind === 'TABLE' ? ['maintain'] : []),
  ]);
  const on = `on ${kind} ${thing.sql}`;
  const table = world.any('table', 'view', 'partitioned');
  random.pick<() => void>([
    () => world.add(`grant ${what} ${on} to ${random.pick(roles)}`),
    () => world.add(`grant ${what} ${on} to ${random.some(ROLES, 3).join(', ')}`),
    () => world.add(`grant ${what} ${on} to ${world.role()} with grant option`),
    () =>
      world.add(
        `grant ${what} ${on} to fuzz_app with grant option; set role fuzz_app; grant ${what} ${on} to ${world.role()}; reset role`,
      ),
    () => world.add(`revoke ${what} ${on} from ${random.pick([...roles, 'postgres'])}`),
    () => world.add(`revoke all ${on} from public, postgres`),
    () =>
      table &&
      table.columns.length > 0 &&
      world.add(
        `grant select (${table.columns.map(({ name }) => name).join(', ')}), update (${table.columns[0]!.name}) on ${table.sql} to ${random.pick(roles)}${random.pick(['', ' with grant option'])}`,
      ),
    () =>
      world.add(
        `alter default privileges ${random.pick(['', `for role ${world.role()} `])}${random.pick(['', `in schema ${random.pick(world.schemas)} `])}${random.pick(['grant select on tables to', 'revoke execute on functions from', 'grant usage on types to', 'grant all on sequences to', 'grant usage on schemas to', 'revoke usage on types from', 'grant execute on routines to', ...(world.major >= 18 ? ['grant select on large objects to'] : [])])} ${random.pick(roles)}`,
      ),
  ])();
}

const OWNED = [
  'TABLE',
  'VIEW',
  'MATERIALIZED VIEW',
  'FUNCTION',
  'PROCEDURE',
  'AGGREGATE',
  'TYPE',
  'DOMAIN',
  'SEQUENCE',
  'STATISTICS',
  'FOREIGN TABLE',
  'COLLATION',
  'OPERATOR',
  'TEXT SEARCH CONFIGURATION',
  'TEXT SEARCH DICTIONARY',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'PUBLICATION',
  'SERVER',
  'SCHEMA',
];

export function makeOwner(world: World): void {
  const { random } = world;
  const things = world.things.filter(({ kind }) => OWNED.includes(kind));
  if (things.length === 0) return;
  const { kind, sql } = random.pick(things);
  world.add(`alter ${kind} ${sql} owner to ${world.role()}`);
}

export function makeComment(world: World): void {
  const { random } = world;
  const things = [...world.things, ...world.schemas.map((sql) => ({ kind: 'SCHEMA', sql }))];
  const { kind, sql } = random.pick(things);
  world.add(
    `comment on ${kind} ${sql} is ${random.pick(["'plain'", "'it''s \"so\"'", "E'two\\nlines\\ttab'", "'ünïcode'", "'\\back'", "'$$'", "'--'", "''''", "'::text'"])}`,
  );
}

export function makePolicy(world: World): void {
  const { random } = world;
  const table = world.any('table', 'partitioned', 'partition');
  if (!table) return;
  const name = world.loose('own', table.taken);
  const e = new Expressions(random, named(table.columns), { query: true });
  const command = random.pick(['', ' for select', ' for insert', ' for update', ' for all', ' for delete']);
  const using = command === ' for insert' ? '' : ` using (${e.bool()})`;
  const check =
    ['', ' for insert', ' for update', ' for all'].includes(command) && random.chance(0.5)
      ? ` with check (${e.bool()})`
      : '';
  world.add(
    `create policy ${name} on ${table.sql} as ${random.pick(['permissive', 'restrictive'])}${command} to ${random.pick([`${random.some(ROLES, 2).join(', ')}`, 'public', 'current_user'])}${using}${check}`,
  );
  if (random.chance(0.4))
    world.add(`alter table ${table.sql} ${random.pick(['enable', 'force', 'enable'])} row level security`);
  if (random.chance(0.2)) world.add(`comment on policy ${name} on ${table.sql} is 'a policy'`);
}

export function makeSequence(world: World): void {
  const { random } = world;
  const { sql } = world.name('s');
  world.add(
    `create ${random.chance(0.08) ? 'unlogged ' : ''}sequence ${sql}${random.pick(['', ' as smallint', ' increment -1', ' start 5 minvalue -5 maxvalue 50 cycle', ' cache 20', ' increment 10 start 7'])}`,
  );
  world.sequences.push(sql);
  world.things.push({ kind: 'SEQUENCE', sql });
  if (random.chance(0.5)) world.add(`select nextval('${sql.replaceAll("'", "''")}')`);
  if (random.chance(0.2))
    world.add(`select setval('${sql.replaceAll("'", "''")}', 9, ${random.pick(['true', 'false'])})`);
  const table = world.any('table', 'partitioned', 'foreign');
  if (table && table.columns.length > 0 && random.chance(0.4))
    world.add(`alter sequence ${sql} owned by ${table.sql}.${random.pick(table.columns).name}`);
}
