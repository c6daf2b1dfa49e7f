#!/usr/bin/env node
/** Writes the generated parts of the documentation: `npm run docs`. A test fails where they differ. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../local/tools.ts';
import { generatedPages } from './generated-pages.ts';

for (const [path, text] of Object.entries(generatedPages())) writeFileSync(join(ROOT, path), text);
