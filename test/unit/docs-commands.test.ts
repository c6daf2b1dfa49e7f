import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FINDINGS } from '../../lib/domain/findings/registry.ts';
import { COMMON } from '../../scripts/cli/registry/command-definition.ts';
import { COMMANDS } from '../../scripts/cli/registry/commands.ts';

const ROOT = join(__dirname, '../..');
const PAGES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true })
    .map((name) => join('docs', String(name)))
    .filter((name) => name.endsWith('.md') && !name.startsWith('docs/decisions')),
];

/** The commands of ./understudy in a text: in its shell blocks a line each, else between backticks. */
function commandsIn(text: string): string[] {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!);
  const spans = [...text.replace(/```[\s\S]*?```/g, '').matchAll(/`([^`]+)`/g)].map(([, span]) => span!);
  return [...blocks.flatMap((block) => block.split('\n')), ...spans].flatMap((line) => {
    const [, command] = /\.\/understudy ((?:"[^"]*"|[^"|#;&>)])*)/.exec(line.replaceAll(/\s+/g, ' ')) ?? [];
    // An option alone is spoken of, not run.
    return command?.trim() && !/^--(local|(config|stage) \S+)$/.test(command.trim()) ? [command.trim()] : [];
  });
}

const inPages = PAGES.flatMap((page) =>
  commandsIn(readFileSync(join(ROOT, page), 'utf8')).map((command) => [page, command] as const),
);
const inFindings = Object.entries(FINDINGS).flatMap(([code, { next }]) =>
  commandsIn(next).map((command) => [code, command] as const),
);

test('the pages and the findings show many commands of ./understudy', () => {
  expect(inPages.length).toBeGreaterThan(80);
  expect(inFindings.length).toBeGreaterThan(30);
});

/** What the command line would not understand of a command, by the registry that it is made from. */
function mistakesOf(command: string): string[] {
  const words = [...command.matchAll(/(?:"[^"]*"|\S)+/g)].map(([word]) => word.replaceAll('"', ''));
  const name = words.find((word) => COMMANDS.some((each) => each.name === word));
  const definition = COMMANDS.find((each) => each.name === name);
  if (!definition) return ['no such command'];
  const options = [...COMMON, ...(definition.options ?? [])].map(({ flags }) => flags);
  const mistakes: string[] = [];
  const given: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const flags = options.find((each) => each.split(/[ ,]+/).includes(word));
    if (flags?.includes('<')) at++;
    else if (word.startsWith('-') && !flags) mistakes.push(`no such option: ${word}`);
    else if (!word.startsWith('-')) given.push(word);
  }
  const args = definition.args ?? [];
  const [, ...values] = given;
  const needed = args.filter(({ optional }) => !optional).length;
  if (values.length > args.length) mistakes.push(`too many arguments: ${values.join(' ')}`);
  // A command may be named without its arguments, to say what it does.
  if (values.length > 0 && values.length < needed) mistakes.push(`too few arguments: ${values.join(' ')}`);
  values.forEach((value, index) => {
    const { words: known } = args[index] ?? {};
    const isPlaceholder = /^[A-Z{]/.test(value);
    if (Array.isArray(known) && !isPlaceholder && !known.includes(value))
      mistakes.push(`no such word: ${value}`);
  });
  return mistakes;
}

test.each([...inPages, ...inFindings])(
  '%s shows a command that exists with its options and arguments: ./understudy %s',
  (_, command) => {
    expect(mistakesOf(command)).toEqual([]);
  },
);

test.each([
  ['statsu', 'no such command'],
  ['run dmp crm', 'no such word: dmp'],
  ['status --stage prod crm extra', 'too many arguments'],
  ['run --wait dump', 'too few arguments'],
  ['points crm --al', 'no such option'],
])('the check of pages finds the mistake in ./understudy %s: %s', (command, mistake) => {
  expect(mistakesOf(command).join()).toContain(mistake);
});
