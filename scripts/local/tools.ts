import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The repository's root. */
export const ROOT = resolve(import.meta.dirname ?? __dirname, '../..');
export const STATE = join(ROOT, '.understudy');

const OVERRIDABLE = 'PG_BIN PG_BINS PGBOUNCER MOTO_SERVER CFN_LINT BOTOCORE_DATA UNDERSTUDY_PG_USER'.split(
  ' ',
);

/** The tools that scripts/prepare found on this machine; the environment overrides them. */
export function tools(): Record<string, string> {
  const file = join(STATE, 'tools.env');
  const found: Record<string, string> = {};
  if (existsSync(file)) {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const match = /^([A-Z_]+)='(.*)'$/.exec(line);
      if (match) found[match[1]!] = match[2]!.replaceAll("'\\''", "'");
    }
  }
  for (const name of OVERRIDABLE) {
    const given = process.env[name];
    if (given) found[name] = given;
  }
  return found;
}

/** A required tool; throws how to get it. */
export function tool(name: string): string {
  const path = tools()[name];
  if (path) return path;
  throw new Error(`${name} is not known; run bash scripts/prepare/prepare.sh first`);
}
