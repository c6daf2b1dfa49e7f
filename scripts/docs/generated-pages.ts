import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchema } from '../../lib/config/config-schema.ts';
import { ROOT } from '../local/tools.ts';
import { findingsIndex, findingsPage } from './findings-page.ts';

const FINDINGS = 'docs/reference/findings';

/** Every generated page: its path, and its text as it should be. */
export function generatedPages(): Record<string, string> {
  const names = readdirSync(join(ROOT, FINDINGS)).sort();
  const pages = names.map((name) => ({ name, text: findingsPage(read(`${FINDINGS}/${name}`)) }));
  return {
    'docs/understudy.schema.json': `${JSON.stringify(jsonSchema(), null, 2)}\n`,
    [`${FINDINGS}.md`]: findingsIndex(read(`${FINDINGS}.md`), pages),
    ...Object.fromEntries(pages.map(({ name, text }) => [`${FINDINGS}/${name}`, text])),
  };
}

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
