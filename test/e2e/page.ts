import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/local/tools.ts';

const BACK = '## How to go back\n';

/** The commands of a page beneath docs/emergency in their order, and those of its way back; continued lines are one. */
export function commandsOf(page: string): { there: string[]; back: string[] } {
  const [there, back] = textOf(page).split(BACK);
  if (back === undefined) throw new Error(`${page} does not say how to go back`);
  return { there: linesOf(there!), back: linesOf(back) };
}

/** What a page writes into understudy.yml. */
export const yamlOf = (page: string): string | undefined => blocksIn(textOf(page), 'yaml')[0];

const linesOf = (text: string) =>
  blocksIn(text, 'sh')
    .flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
    .filter((line) => line.trim() !== '');

function blocksIn(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, block]) => block!,
  );
}

const textOf = (page: string) => readFileSync(join(ROOT, `docs/emergency/${page}.md`), 'utf8');
