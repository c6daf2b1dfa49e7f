import { Expressions } from './expressions.ts';
import { namedColumns } from './make-table.ts';
import { ROLES, type SchemaDraft } from './schema-draft.ts';

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
export function makeGrant(draft: SchemaDraft): void {
  const { random } = draft;
  const roles = [...ROLES, 'public'];
  const thing = random.pick([
    ...draft.things.filter(({ kind }) => PRIVILEGES[TAKES[kind] ?? kind]),
    ...draft.schemas.map((sql) => ({ kind: 'SCHEMA', sql })),
  ]);
  const kind = TAKES[thing.kind] ?? thing.kind;
  const what = random.pick([
    ...PRIVILEGES[kind]!,
    ...(draft.major >= 17 && kind === 'TABLE' ? ['maintain'] : []),
  ]);
  const on = `on ${kind} ${thing.sql}`;
  const table = draft.any('table', 'view', 'partitioned');
  random.pick<() => void>([
    () => draft.add(`grant ${what} ${on} to ${random.pick(roles)}`),
    () => draft.add(`grant ${what} ${on} to ${random.some(ROLES, 3).join(', ')}`),
    () => draft.add(`grant ${what} ${on} to ${draft.role()} with grant option`),
    () =>
      draft.add(
        `grant ${what} ${on} to fuzz_app with grant option; set role fuzz_app; grant ${what} ${on} to ${draft.role()}; reset role`,
      ),
    () => draft.add(`revoke ${what} ${on} from ${random.pick([...roles, 'postgres'])}`),
    () => draft.add(`revoke all ${on} from public, postgres`),
    () =>
      table &&
      table.columns.length > 0 &&
      draft.add(
        `grant select (${table.columns.map(({ name }) => name).join(', ')}), update (${table.columns[0]!.name}) on ${table.sql} to ${random.pick(roles)}${random.pick(['', ' with grant option'])}`,
      ),
    () =>
      draft.add(
        `alter default privileges ${random.pick(['', `for role ${draft.role()} `])}${random.pick(['', `in schema ${random.pick(draft.schemas)} `])}${random.pick(['grant select on tables to', 'revoke execute on functions from', 'grant usage on types to', 'grant all on sequences to', 'grant usage on schemas to', 'revoke usage on types from', 'grant execute on routines to', ...(draft.major >= 18 ? ['grant select on large objects to'] : [])])} ${random.pick(roles)}`,
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

export function makeOwner(draft: SchemaDraft): void {
  const { random } = draft;
  const things = draft.things.filter(({ kind }) => OWNED.includes(kind));
  if (things.length === 0) return;
  const { kind, sql } = random.pick(things);
  draft.add(`alter ${kind} ${sql} owner to ${draft.role()}`);
}

export function makeComment(draft: SchemaDraft): void {
  const { random } = draft;
  const things = [...draft.things, ...draft.schemas.map((sql) => ({ kind: 'SCHEMA', sql }))];
  const { kind, sql } = random.pick(things);
  draft.add(
    `comment on ${kind} ${sql} is ${random.pick(["'plain'", "'it''s \"so\"'", "E'two\\nlines\\ttab'", "'ünïcode'", "'\\back'", "'$$'", "'--'", "''''", "'::text'"])}`,
  );
}

export function makePolicy(draft: SchemaDraft): void {
  const { random } = draft;
  const table = draft.any('table', 'partitioned', 'partition');
  if (!table) return;
  const name = draft.loose('own', table.taken);
  const e = new Expressions(random, namedColumns(table.columns), { query: true });
  const command = random.pick(['', ' for select', ' for insert', ' for update', ' for all', ' for delete']);
  const using = command === ' for insert' ? '' : ` using (${e.bool()})`;
  const check =
    ['', ' for insert', ' for update', ' for all'].includes(command) && random.chance(0.5)
      ? ` with check (${e.bool()})`
      : '';
  draft.add(
    `create policy ${name} on ${table.sql} as ${random.pick(['permissive', 'restrictive'])}${command} to ${random.pick([`${random.some(ROLES, 2).join(', ')}`, 'public', 'current_user'])}${using}${check}`,
  );
  if (random.chance(0.4))
    draft.add(`alter table ${table.sql} ${random.pick(['enable', 'force', 'enable'])} row level security`);
  if (random.chance(0.2)) draft.add(`comment on policy ${name} on ${table.sql} is 'a policy'`);
}

export function makeSequence(draft: SchemaDraft): void {
  const { random } = draft;
  const { sql } = draft.name('s');
  draft.add(
    `create ${random.chance(0.08) ? 'unlogged ' : ''}sequence ${sql}${random.pick(['', ' as smallint', ' increment -1', ' start 5 minvalue -5 maxvalue 50 cycle', ' cache 20', ' increment 10 start 7'])}`,
  );
  draft.sequences.push(sql);
  draft.things.push({ kind: 'SEQUENCE', sql });
  if (random.chance(0.5)) draft.add(`select nextval('${sql.replaceAll("'", "''")}')`);
  if (random.chance(0.2))
    draft.add(`select setval('${sql.replaceAll("'", "''")}', 9, ${random.pick(['true', 'false'])})`);
  const table = draft.any('table', 'partitioned', 'foreign');
  if (table && table.columns.length > 0 && random.chance(0.4))
    draft.add(`alter sequence ${sql} owned by ${table.sql}.${random.pick(table.columns).name}`);
}
