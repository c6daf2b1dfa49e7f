import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';
import type { EngineName } from '../../lib/domain/plan/engines.ts';

const ROOT = join(__dirname, '../..');

/** The same for every engine: what one of them needs belongs to lib/adapters/engines, behind a port. */
const NEUTRAL = ['alerting', 'execution', 'points', 'restore', 'workflows'];

/** What a neutral file says of an engine all the same, and why it may. */
const EXCEPTIONS: Record<string, string> = {
  // RDS makes this database when no name is given; only the proof, which is of PostgreSQL, connects to it.
  'lib/restore/instance/plan-rehearsal.ts': 'the name of an engine: postgres',
};

const ENGINES: Record<EngineName, RegExp> = {
  postgres: /\b(?:aurora-)?postgres(?:ql)?\b/,
  mysql: /\b(?:aurora-)?mysql\b/,
  mariadb: /\bmariadb\b/,
  cache: /^cache$|\b(?:redis|valkey|memcached)\b/,
};

const SQL = [
  /\bselect\s[\s\S]*\sfrom\s|^\s*select\s/i,
  /\b(?:insert|merge)\s+into\s|\bdelete\s+from\s|\bupdate\s+\S+\s+set\s/i,
  /\b(?:create|alter|drop|refresh|lock)\s+(?:or\s+replace\s+|temp(?:orary)?\s+|unique\s+|materialized\s+)?(?:table|index|role|user|database|schema|extension|function|view|sequence|type|trigger|domain)\s/i,
  /^\s*(?:vacuum|analyze|explain|truncate|rollback|savepoint|commit)(?:\s|;|$)/i,
  /^\s*begin\s*(?:;|transaction|isolation\s|read\s)/i,
  /^\s*(?:set|reset)\s+(?:local|session|role|transaction)\s|^\s*set\s+\w+\s*(?:=|\sto\s)/i,
  /^\s*(?:grant|revoke)\s[\s\S]*\s(?:to|from)\s|^\s*show\s+\w+\s*;?\s*$/i,
  /\bpg_(?:catalog|class|stat\w*|is_\w+|current_\w+|export_\w+|terminate_\w+|cancel_\w+)\b|\binformation_schema\b/,
];

/** Five digits or capitals, of which the class has a digit (`57014`, `0A000`, `P0001`, `XX000`). */
const SQLSTATE = /(?<![\w-])(?=[0-9A-Z]*\d)[0-9FHPX][0-9A-Z]{4}(?![\w-])/;

/** What a text of TypeScript says of an engine: `an SQL statement: select 1`. */
function engineKnowledge(source: string): string[] {
  const found: string[] = [];
  for (const text of textsOf(source)) {
    if (SQL.some((each) => each.test(text))) found.push(`an SQL statement: ${text}`);
    if (SQLSTATE.test(text)) found.push(`an SQLSTATE: ${text}`);
    if (Object.values(ENGINES).some((each) => each.test(text))) found.push(`the name of an engine: ${text}`);
  }
  return found;
}

test.each([
  ['a statement', "query('select 1')", 'an SQL statement: select 1'],
  ['a statement with values', 'query(`delete from ${t} where a`)', 'an SQL statement: delete from ? where a'],
  ['a definition', "query('create table a (b int)')", 'an SQL statement: create table a (b int)'],
  ['a setting', "query('set local role a')", 'an SQL statement: set local role a'],
  ['a right', "query('grant all on a to b')", 'an SQL statement: grant all on a to b'],
  ['a transaction', "query('begin read only')", 'an SQL statement: begin read only'],
  ['the end of a transaction', "query('rollback')", 'an SQL statement: rollback'],
  ['a system catalog', "read('pg_stat_activity')", 'an SQL statement: pg_stat_activity'],
  ['an SQLSTATE', "if (error.code === '57014') stop()", 'an SQLSTATE: 57014'],
  ['an SQLSTATE in a list', "['0A000'].includes(code)", 'an SQLSTATE: 0A000'],
  ['a condition on an engine', "if (engine === 'postgres') go()", 'the name of an engine: postgres'],
  ['a case of an engine', "switch (engine) { case 'mariadb': }", 'the name of an engine: mariadb'],
  ['a pattern of engines', '/^aurora-mysql/.test(engine)', 'the name of an engine: ^aurora-mysql'],
  ['a table of engines', 'const byEngine = { mysql: 1 }', 'the name of an engine: mysql'],
  ['a condition on a cache', "if (engine === 'cache') go()", 'the name of an engine: cache'],
])('%s is knowledge of an engine', (_what, source, expected) => {
  expect(engineKnowledge(source)).toEqual([expected]);
});

test.each([
  "// select 1 from a; postgres says 57014\ndoes(target.engine, 'dump')",
  "durable.step('begin', () => undefined)",
  "({ hint: 'set snapshot.encryption: any in the policy' })",
  "({ hint: 'delete it by hand, then copy it again' })",
  "if (ref.kind === 'aurora' || ref.kind === 'elasticache') go()",
  '`only PostgreSQL can be, and this is ${engine}`',
  "raise('2026-11-20T01:00:00Z', 'P0', 86_400)",
])('%j is no knowledge of an engine', (source) => {
  expect(engineKnowledge(source)).toEqual([]);
});

test('the files that serve every engine hold no SQL, no SQLSTATE and no name of an engine, but for the exceptions', () => {
  const files = NEUTRAL.flatMap((room) => filesUnder(`lib/${room}`));
  expect(files.length).toBeGreaterThan(50);
  const found = files.flatMap((path) =>
    engineKnowledge(readFileSync(join(ROOT, path), 'utf8')).map((knowledge) => [path, knowledge]),
  );
  expect(found).toEqual(Object.entries(EXCEPTIONS));
});

function filesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`)
    .sort();
}

type Syntax = { type?: string; value?: unknown; pattern?: string; quasis?: { raw: string }[] };

/** Every literal, pattern and name in a source; what a template puts in is `?`. Comments are left out. */
function textsOf(source: string): string[] {
  const texts: string[] = [];
  const look = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, value, pattern, quasis } = node as Syntax;
    if (type === 'StringLiteral' || type === 'Identifier') texts.push(String(value));
    else if (type === 'RegExpLiteral') texts.push(pattern!);
    else if (type === 'TemplateLiteral') texts.push(quasis!.map(({ raw }) => raw).join('?'));
    for (const child of Object.values(node)) look(child);
  };
  look(parseSync(source, { syntax: 'typescript', target: 'es2023' }));
  return texts;
}
