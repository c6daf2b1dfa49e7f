/**
 * An expression without what a dump and restore may change in its writing and not in its meaning: parentheses, casts
 * and blanks. `(ARRAY['a'::character varying])::text[]` comes back as `ARRAY[('a'::character varying)::text]`,
 * `'-1'::integer` as `(-1)`, `NULL::integer` in a later branch of a UNION as `NULL::integer AS int4`, and
 * `EXTRACT('YEAR' FROM x)` as `EXTRACT(year FROM x)`. Every column, function, operator and constant and their order
 * stay, and quoted text is left alone.
 */
export function loosely(definition: string): string {
  const tokens = withoutCastNames(definition.match(TOKEN) ?? []);
  return tokens.map(simplified).reduce(joined, '').trim();
}

function simplified(token: string, index: number, tokens: string[]): string {
  if (token.startsWith('"') || token.startsWith('$')) return token;
  if (isField(tokens, index)) return token.replaceAll("'", '').toLowerCase();
  if (token.startsWith("'")) return /^'-?\d+(?:\.\d+)?'$/.test(token) ? token.slice(1, -1) : token;
  return /^(?:::|[()\s])/.test(token) ? ' ' : token;
}

/** The field, as in `EXTRACT(year FROM x)`. */
function isField(tokens: string[], index: number): boolean {
  return (
    tokens[index - 2] === 'EXTRACT' &&
    /^\($/.test(tokens[index - 1] ?? '') &&
    /^'?\w+'?$/.test(tokens[index]!)
  );
}

/** Drops `AS int4` after `::integer`: the name that a bare cast gets. */
function withoutCastNames(tokens: string[]): string[] {
  const dropped = new Set<number>();
  tokens.forEach((token, index) => {
    if (token !== 'AS' || tokens[index - 1] !== ' ' || tokens[index + 1] !== ' ') return;
    const cast = /^::(.*)$/s.exec(tokens[index - 2] ?? '')?.[1];
    const name = tokens[index + 2]?.replaceAll('"', '');
    if (cast !== undefined && name === nameOfCast(cast))
      for (const each of [0, 1, 2]) dropped.add(index + each);
  });
  return tokens.filter((_, index) => !dropped.has(index));
}

/** The server's names of types that SQL spells differently. */
const INTERNAL: Record<string, string> = {
  integer: 'int4',
  smallint: 'int2',
  bigint: 'int8',
  real: 'float4',
  'double precision': 'float8',
  boolean: 'bool',
  'character varying': 'varchar',
  character: 'bpchar',
  'bit varying': 'varbit',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
  'time without time zone': 'time',
  'time with time zone': 'timetz',
};

function nameOfCast(type: string): string {
  const plain = type.replace(/(?:\[\])+$/, '').replace(/\(\d+(?:,\d+)?\)/, '');
  if (Object.hasOwn(INTERNAL, plain)) return INTERNAL[plain]!;
  return (plain.match(/"(?:[^"]|"")+"|[^.]+/g)?.at(-1) ?? plain).replaceAll('"', '');
}

/** Blanks matter only between words, and never inside quotes. */
function joined(text: string, token: string): string {
  if (token === ' ') return text.endsWith(' ') ? text : `${text} `;
  if (/\w$/.test(text) || !text.endsWith(' ') || /^\w/.test(token)) return glue(text, token);
  return text.trimEnd() + token;
}

/** Appends a token, with a blank only between two words. */
function glue(text: string, token: string): string {
  const bare = text.trimEnd();
  return text !== bare && /[\w'"]$/.test(bare) && /^[\w'"]/.test(token) ? `${bare} ${token}` : bare + token;
}

const NAME = /"(?:[^"]|"")+"|\w+/.source;
const SPACED =
  /double precision|character varying|bit varying|(?:timestamp|time)(?:\(\d\))? with(?:out)? time zone/
    .source;
/** `::character varying(20)[]`, `::app.mood`, `::"Odd Type"`. */
const CAST = `::(?:${SPACED}|(?:${NAME})(?:\\.(?:${NAME}))?)(?:\\(\\d+(?:,\\d+)?\\))?(?:\\[\\])*`;
const TOKEN = new RegExp(
  `'(?:[^']|'')*'|"(?:[^"]|"")*"|\\$(\\w*)\\$[\\s\\S]*?\\$\\1\\$|${CAST}|[()]|\\s+|\\w+|[^\\w\\s()]`,
  'g',
);
