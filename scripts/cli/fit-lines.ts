import { stripVTControlCharacters } from 'node:util';

/** Text that must stay on one line to be read or pasted: a command, a moment, a figure with its unit. */
const WHOLE =
  /`[^`]+`|\.\/understudy(?: [^\s,;()]+)*|\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?(?: UTC)?|[\d.,]+ (?:kB|MB|GB|TB|min|d|h|s|%)(?![\w])/g;
const GLUE = '\u0000';
/** A line that is a command: it must stay in one piece for the shell. */
const COMMAND = /^\s*(?:next: )?(?:\.\/understudy|aws|pg_restore|psql|createdb|eval|bash) /;

/** The width of a stream in columns. Without a terminal it is COLUMNS, or 80. */
export function columnsOf(stream: { columns?: number }, environment = process.env): number {
  return stream.columns || Number(environment['COLUMNS']) || 80;
}

/** Must text be fitted to a width? Output to a pipe without COLUMNS keeps its lines whole, for grep. */
export function hasWidth(stream: { isTTY?: boolean }, environment = process.env): boolean {
  return stream.isTTY === true || Number(environment['COLUMNS']) > 0;
}

/** The width of a text in columns, without its colours. */
export function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** The first line of a message: a server's error may have many, and a table's cell has one. */
export function firstLine(text: string, longest = Number.POSITIVE_INFINITY): string {
  const [first = '', ...more] = text.trim().split('\n');
  if (first.length > longest) return `${first.slice(0, longest - 1).trimEnd()}…`;
  return more.length > 0 ? `${first} …` : first;
}

/** Breaks a text between words. A word that is longer than a line stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of wordsOf(text, width)) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function wordsOf(text: string, width: number): string[] {
  return text
    .replace(WHOLE, (whole) => (widthOf(whole) <= width ? whole.replaceAll(' ', GLUE) : whole))
    .split(/(?<! ) (?! )/)
    .map((word) => word.replaceAll(GLUE, ' '));
}

/** Fits lines to a width: breaks a longer one between words, and aligns the rest with the text after its label or mark. */
export function fitLines(lines: readonly string[], width: number): string[] {
  return lines.flatMap((whole) => {
    const indent = indentOf(whole, width);
    return whole.split('\n').flatMap((line, index) => {
      const text = index === 0 ? line : ' '.repeat(indent) + line.trim();
      if (widthOf(text) <= width || COMMAND.test(stripVTControlCharacters(text))) return [text];
      const [head, rest] = splitAt(text, indent);
      const [first = '', ...others] = wrap(rest, width - indent);
      return [head + first, ...others.map((other) => ' '.repeat(indent) + other)];
    });
  });
}

/** Where the text after a label begins: `  phases      check 0.2 s`, `✔ dump of crm  1 table`, `   next: …`. */
function indentOf(line: string, width: number): number {
  const plain = stripVTControlCharacters(line);
  const [label = ''] = /^\s*(?:\S+(?: \S+){0,3} {2,}|next: |[✔✖⚠?] )?/.exec(plain) ?? [];
  return label.length <= width / 3 ? label.length : Math.min(4, Math.floor(width / 4));
}

/** Splits after so many visible characters; colours keep their place. */
function splitAt(text: string, count: number): [string, string] {
  let seen = 0;
  let at = 0;
  while (seen < count && at < text.length) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of colours
    const colour = /^\u001b\[\d+m/.exec(text.slice(at));
    at += colour ? colour[0].length : 1;
    seen += colour ? 0 : 1;
  }
  return [text.slice(0, at), text.slice(at)];
}
