import * as z from 'zod';
import { DURATION_PATTERN } from '../domain/time.ts';

const DURATION = 'expected a duration such as 90s, 15m, 26h, 35d, 12w or 12mo';
export const duration = z.string(DURATION).regex(DURATION_PATTERN, DURATION);

/** Checks the first word, after comments and brackets. The server refuses a write further in. */
export function readsOnly(sql: string): boolean {
  const bare = sql.replace(/^(?:\s|\(|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/, '');
  return /^(?:select|with|values|table|show|explain)\b/i.test(bare);
}
