import { type ColumnType, TYPES } from './column-types.ts';
import { quoteText } from './new-identifier.ts';
import type { SchemaDraft } from './schema-draft.ts';

/** Enums, composites, ranges, and domains over any of them and over each other. */
export function makeType(draft: SchemaDraft): void {
  const { random } = draft;
  random.pick([makeEnum, makeDomain, makeDomain, makeDomain, makeComposite, makeRange])(draft);
}

function makeEnum(draft: SchemaDraft): void {
  const { random } = draft;
  const { sql } = draft.name('mood');
  const labels = random.some(
    ['ok', 'sad', 'Mixed', 'a b', "it's", 'a,b', 'ü', '', 'zwei\nZeilen'],
    random.between(1, 5),
  );
  draft.add(`create type ${sql} as enum (${labels.map(quoteText).join(', ')})`);
  if (random.chance(0.3)) draft.add(`alter type ${sql} add value 'late' before ${quoteText(labels[0]!)}`);
  if (random.chance(0.15)) draft.add(`alter type ${sql} rename value ${quoteText(labels[0]!)} to 'renamed'`);
  const values = labels.slice(1).map(quoteText);
  remember(draft, sql, 'TYPE', {
    sort: 'other',
    values: values.length > 0 ? values : ['null'],
    ordered: true,
    defaults: values.flatMap((value) => [value, `${value}::${sql}`]),
  });
}

function makeDomain(draft: SchemaDraft): void {
  const { random } = draft;
  const { sql } = draft.name('dom');
  const base = draft.type();
  const checks: Partial<Record<ColumnType['sort'], string[]>> = {
    text: [
      "value in ('a', 'b', '') or value is null or true",
      'length(value) < 500',
      "value::text <> upper('never')",
      "value ~ ''",
      "(value)::varchar in ('a', lower('Y')) or length(value) >= 0",
    ],
    int: [
      'value > -2147483648 or true',
      'value between -9223372036854775807 and 9223372036854775807',
      'value in (0, 1) or value is not null',
      'value <> -77',
    ],
    number: ['value <> 7.25', "value <> '7'::numeric"],
    time: ["value > '4713-01-01 BC' or true", 'extract(year from value) > 0 or true'],
    bool: ['value or not value'],
    json: ["jsonb_typeof(value) <> 'q'"],
  };
  const possible = checks[base.sort] ?? ['value is not null or true'];
  const parts = [`create domain ${sql} as ${base.sql}`];
  if (base.sort === 'text' && random.chance(0.2)) parts.push('collate "C"');
  if (random.chance(0.5)) parts.push(`default ${defaultOf(draft, base)}`);
  if (random.chance(0.5))
    parts.push(`constraint ${draft.loose('positive', new Set())} check (${random.pick(possible)})`);
  if (random.chance(0.3)) parts.push(`check (${random.pick(possible)})`);
  if (random.chance(0.15))
    parts.push(draft.major >= 17 && random.chance(0.5) ? 'constraint given not null' : 'not null');
  draft.add(parts.join(' '));
  if (random.chance(0.25))
    draft.add(`alter domain ${sql} add constraint late check (${random.pick(possible)}) not valid`);
  if (random.chance(0.15)) draft.add(`comment on constraint late on domain ${sql} is 'later'`);
  remember(draft, sql, 'DOMAIN', { ...base });
}

function makeComposite(draft: SchemaDraft): void {
  const { random } = draft;
  const { sql } = draft.name('pair');
  const fields = random.some([...TYPES, ...draft.types], random.between(1, 4));
  const taken = new Set<string>();
  const names = fields.map(() => draft.loose('f', taken));
  draft.add(
    `create type ${sql} as (${fields.map((field, index) => `${names[index]} ${field.sql}${field.sort === 'text' && random.chance(0.2) ? ' collate "C"' : ''}`).join(', ')})`,
  );
  if (random.chance(0.2))
    draft.add(`alter type ${sql} drop attribute ${names[0]}`, `alter type ${sql} add attribute added int`);
  if (random.chance(0.2)) draft.add(`comment on column ${sql}.${names.at(-1)} is 'a field'`);
  const value = `row(${fields.map((field) => random.pick(field.values)).join(', ')})`;
  remember(draft, sql, 'TYPE', {
    sort: 'other',
    values: [value, 'null'],
    ordered: fields.every((field) => field.ordered),
    defaults: [`${value}::${sql}`],
  });
}

function makeRange(draft: SchemaDraft): void {
  const { random } = draft;
  const { sql, schema } = draft.name('span');
  const options = [
    'subtype = text',
    'subtype = float8, subtype_diff = float8mi',
    'subtype = time',
    'subtype = text, collation = "C"',
  ];
  const named = random.chance(0.4)
    ? `, multirange_type_name = ${schema}.${draft.loose('spans', draft.takenIn(schema))}`
    : '';
  const chosen = random.pick(options);
  draft.add(`create type ${sql} as range (${chosen}${named})`);
  const value = chosen.includes('text')
    ? "'[a,b)'"
    : chosen.includes('time')
      ? "'[01:00,02:00)'"
      : "'[1.5,2]'";
  remember(draft, sql, 'TYPE', {
    sort: 'other',
    values: [value, "'empty'"],
    ordered: true,
    defaults: [value],
  });
}

function remember(draft: SchemaDraft, sql: string, kind: string, type: Omit<ColumnType, 'sql'>): void {
  draft.types.push({ sql, ...type });
  draft.things.push({ kind, sql });
}

/** A DEFAULT of this type: a value, a function of PostgreSQL or of this database, a sequence. */
export function defaultOf(draft: SchemaDraft, type: ColumnType): string {
  const { random } = draft;
  const own = draft.routines.filter(
    (routine) => routine.kind === 'function' && routine.signature.endsWith('()'),
  );
  if (type.sort === 'int' && draft.sequences.length > 0 && random.chance(0.3))
    return `nextval(${quoteText(random.pick(draft.sequences))})`;
  if (type.sort === 'text' && own.length > 0 && random.chance(0.3)) return `${random.pick(own).sql}()`;
  if (random.chance(0.08)) return 'null';
  return random.pick([...(type.defaults ?? []), ...(type.defaults ?? []), ...type.values]);
}
