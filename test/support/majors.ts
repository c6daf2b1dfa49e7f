import { fixture } from './source.ts';

/** What may become of a copy: what it is, the statements, and the difference that the proof must name. */
export type Damage = [what: string, sql: string, named: string];

/** One damage for each feature in test/fixtures/majors, by the major that has it first. */
export const DAMAGE: Record<number, Damage[]> = {};
for (const [, major, what, named, sql] of fixture('majors/damage.sql').matchAll(
  /^-- (\d+) \| (.*) \| (.*)\n((?:(?!--).*\n)+)/gm,
))
  DAMAGE[Number(major)] = [...(DAMAGE[Number(major)] ?? []), [what!, sql!.trimEnd(), named!]];
