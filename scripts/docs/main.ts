#!/usr/bin/env node
/** Writes what the documentation has from the code: `npm run docs`. A test fails where it differs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedPages } from './generated-pages.ts';

for (const [path, text] of Object.entries(generatedPages()))
  writeFileSync(join(import.meta.dirname, '../..', path), text);
