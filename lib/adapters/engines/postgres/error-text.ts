/**
 * Removes what a server's errors quote of rows: they are sent to people, by e-mail too. `lines` are a program's
 * stderr. Names of objects stay; a value in quotation marks, bytes of a row, and the text that a function raises are
 * removed.
 */
export function withoutValues(lines: readonly string[]): string[] {
  const said: string[] = [];
  let raised = false;
  let following = false;
  lines.forEach((line, index) => {
    const error = ERROR.exec(line);
    if (error) {
      const by = raisedBy(lines.slice(index + 1));
      raised = by !== undefined;
      following = true;
      const [, before, message] = error;
      said.push(`${before}${by ? `an error that ${by} raises` : plain(message!)}`);
    } else if (BEGINS.test(line)) {
      following = /^(?:DETAIL|HINT|CONTEXT):/.test(line) && following;
      if (!(raised && /^(?:DETAIL|HINT):/.test(line))) said.push(line);
    } else if (!following) said.push(line);
  });
  return said;
}

/** `pg_restore: error: could not execute query: ERROR:  …`, `2026-11-20 … FATAL:  …`. */
const ERROR = /^(.*?\b(?:ERROR|FATAL|PANIC|WARNING): {2})(.*)$/;
/** Other lines that start a message; any line after them continues it. */
const BEGINS =
  /^(?:DETAIL|HINT|CONTEXT|QUERY|STATEMENT|LINE \d+|Command was|pg_\w+|initdb|psql|psql:.*):|^\d{4}-\d\d-\d\d |^$/;

/** A function that words its own errors: RAISE in PL/pgSQL, or any error of a language outside of PostgreSQL. */
function raisedBy(following: readonly string[]): string | undefined {
  for (const line of following) {
    if (ERROR.test(line) || /^(?:Command was|pg_\w+):/.test(line)) return undefined;
    const raise = /^CONTEXT: {2}PL\/pgSQL function (.*) line \d+ at RAISE$/.exec(line);
    const other = /^(?:CONTEXT: {2}|)(?:PL\/Perl|PL\/Python|PL\/Tcl|PL\/\w+) function "(.*)"/.exec(line);
    const name = raise?.[1] ?? other?.[1];
    if (name) return `function ${name}`;
    if (/^CONTEXT:/.test(line) && !/^CONTEXT: {2}(?:Traceback|while|in )/.test(line)) return undefined;
  }
  return undefined;
}

/** Words that precede the quoted name of an object. */
const NAMES = new RegExp(
  `\\b(?:${[
    'relation|table|view|sequence|index|column|constraint|schema|function|procedure|aggregate|routine|operator|class|family|type|domain',
    'role|user|extension|language|collation|database|server|wrapper|provider|parameter|trigger|rule|policy|publication|subscription',
    'encoding|directory|library|file|module|option|locale|tablespace|partition|attribute|dictionary|configuration|parser|template',
    'method|conversion|object|socket|host|at|transform|inherits|permission denied to create|permission denied to set the',
  ].join('|')}) $`,
);

function plain(message: string): string {
  return message
    .replace(/(?:: |=)".*"/, ': "…"')
    .replace(/ ?\b0x[0-9a-f]{2}\b/gi, '')
    .replace(/"[^"]*"/g, (quoted, at: number, all: string) =>
      NAMES.test(all.slice(0, at)) ? quoted : '"…"',
    );
}
