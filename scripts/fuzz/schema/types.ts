import { text } from './names.ts';
import { TYPES, type Type } from './values.ts';
import type { World } from './world.ts';

/** Enums, composites, ranges, and domains over any of them and over each other. */
export function makeType(world: World): void {
  const { random } = world;
  random.pick([makeEnum, makeDomain, makeDomain, makeDomain, makeComposite, makeRange])(world);
}

function makeEnum(world: World): void {
  const { random } = world;
  const { sql } = world.name('mood');
  const labels = random.some(
    ['ok', 'sad', 'Mixed', 'a b', "it's", 'a,b', 'ü', '', 'zwei\nZeilen'],
    random.between(1, 5),
  );
  world.add(`create type ${sql} as enum (${labels.map(text).join(', ')})`);
  if (random.chance(0.3)) world.add(`alter type ${sql} add value 'late' before ${text(labels[0]!)}`);
  if (random.chance(0.15)) world.add(`alter type ${sql} rename value ${text(labels[0]!)} to 'renamed'`);
  const values = labels.slice(1).map(text);
  remember(world, sql, 'TYPE', {
    sort: 'other',
    values: values.length > 0 ? values : ['null'],
    ordered: true,
    defaults: values.flatMap((value) => [value, `${value}::${sql}`]),
  });
}

function makeDomain(world: World): void {
  const { random } = world;
  const { sql } = world.name('dom');
  const base = world.type();
  const checks: Partial<Record<Type['sort'], string[]>> = {
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
  if (random.chance(0.5)) parts.push(`default ${defaultOf(world, base)}`);
  if (random.chance(0.5))
    parts.push(`constraint ${world.loose('positive', new Set())} check (${random.pick(possible)})`);
  if (random.chance(0.3)) parts.push(`check (${random.pick(possible)})`);
  if (random.chance(0.15))
    parts.push(world.major >= 17 && random.chance(0.5) ? 'constraint given not null' : 'not null');
  world.add(parts.join(' '));
  if (random.chance(0.25))
    world.add(`alter domain ${sql} add constraint late check (${random.pick(possible)}) not valid`);
  if (random.chance(0.15)) world.add(`comment on constraint late on domain ${sql} is 'later'`);
  remember(world, sql, 'DOMAIN', { ...base });
}

function makeComposite(world: World): void {
  const { random } = world;
  const { sql } = world.name('pair');
  const fields = random.some([...TYPES, ...world.types], random.between(1, 4));
  const taken = new Set<string>();
  const names = fields.map(() => world.loose('f', taken));
  world.add(
    `create type ${sql} as (${fields.map((field, index) => `${names[index]} ${field.sql}${field.sort === 'text' && random.chance(0.2) ? ' collate "C"' : ''}`).join(', ')})`,
  );
  if (random.chance(0.2))
    world.add(`alter type ${sql} drop attribute ${names[0]}`, `alter type ${sql} add attribute added int`);
  if (random.chance(0.2)) world.add(`comment on column ${sql}.${names.at(-1)} is 'a field'`);
  const value = `row(${fields.map((field) => random.pick(field.values)).join(', ')})`;
  remember(world, sql, 'TYPE', {
    sort: 'other',
    values: [value, 'null'],
    ordered: fields.every((field) => field.ordered),
    defaults: [`${value}::${sql}`],
  });
}

function makeRange(world: World): void {
  const { random } = world;
  const { sql, schema } = world.name('span');
  const options = [
    'subtype = text',
    'subtype = float8, subtype_diff = float8mi',
    'subtype = time',
    'subtype = text, collation = "C"',
  ];
  const named = random.chance(0.4)
    ? `, multirange_type_name = ${schema}.${world.loose('spans', world.takenIn(schema))}`
    : '';
  const chosen = random.pick(options);
  world.add(`create type ${sql} as range (${chosen}${named})`);
  const value = chosen.includes('text')
    ? "'[a,b)'"
    : chosen.includes('time')
      ? "'[01:00,02:00)'"
      : "'[1.5,2]'";
  remember(world, sql, 'TYPE', {
    sort: 'other',
    values: [value, "'empty'"],
    ordered: true,
    defaults: [value],
  });
}

function remember(world: World, sql: string, kind: string, type: Omit<Type, 'sql'>): void {
  world.types.push({ sql, ...type });
  world.things.push({ kind, sql });
}

/** Something for a DEFAULT of this type: a value, a function of PostgreSQL's, one of ours, a sequence. */
export function defaultOf(world: World, type: Type): string {
  const { random } = world;
  const own = world.routines.filter(
    (routine) => routine.kind === 'function' && routine.signature.endsWith('()'),
  );
  if (type.sort === 'int' && world.sequences.length > 0 && random.chance(0.3))
    return `nextval(${text(random.pick(world.sequences))})`;
  if (type.sort === 'text' && own.length > 0 && random.chance(0.3)) return `${random.pick(own).sql}()`;
  if (random.chance(0.08)) return 'null';
  return random.pick([...(type.defaults ?? []), ...(type.defaults ?? []), ...type.values]);
}
