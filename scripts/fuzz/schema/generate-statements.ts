import { Random } from '../random.ts';
import { type DatabaseShape, makeDatabaseShape } from './database-shape.ts';
import { makeConstraint, makeIndex, makeStatistics } from './make-constraint.ts';
import { makeComment, makeGrant, makeOwner, makePolicy, makeSequence } from './make-grant.ts';
import { makePartitioned } from './make-partitioned.ts';
import { makeInternalAggregate, makeRoutine, makeTrigger } from './make-routine.ts';
import { insertInto, makeRows } from './make-rows.ts';
import { makeTable } from './make-table.ts';
import { makeType } from './make-type.ts';
import { makeRule, makeView } from './make-view.ts';
import { newIdentifier } from './new-identifier.ts';
import { makeAccessMethod, makeOperatorClass, RARE_KINDS } from './rare-kinds.ts';
import { SchemaDraft } from './schema-draft.ts';

type Make = (draft: SchemaDraft) => void;

/** The makers of a schema's parts, and how often each is used. */
const WEIGHTS: readonly [number, Make][] = [
  [5, makeTable],
  [3, makePartitioned],
  [4, makeType],
  [5, makeRoutine],
  [7, makeView],
  [5, makeConstraint],
  [4, makeIndex],
  [1, makeStatistics],
  [3, makeTrigger],
  [1, makeRule],
  [2, makePolicy],
  [4, makeGrant],
  [3, makeOwner],
  [3, makeComment],
  [2, makeSequence],
  [4, makeRows],
  [4, (draft) => draft.random.pick(RARE_KINDS)(draft)],
];

/** Kinds that only a superuser may restore: in few databases, because the rest of those is never proven. */
const SUPERUSERS: readonly Make[] = [makeOperatorClass, makeAccessMethod, makeInternalAggregate];

export type DatabasePlan = { shape: DatabaseShape; draft: SchemaDraft };

export function planDatabase(seed: number, major: number): DatabasePlan {
  const random = new Random(seed);
  return { shape: makeDatabaseShape(random, major), draft: new SchemaDraft(random, major) };
}

/**
 * The statements of one random database, a few at a time. They are written without asking a server, so it refuses
 * some; the caller passes those back, and later statements do not use what they would have made. The same seed gives
 * the same statements.
 */
export function* generateStatements(draft: SchemaDraft): Generator<string[], void, ReadonlySet<string>> {
  const { random } = draft;
  const step = function* (make: Make): Generator<string[], void, ReadonlySet<string>> {
    const before = draft.statements.length;
    make(draft);
    const batch = draft.statements.slice(before);
    if (batch.length > 0) draft.forget(batch, yield batch);
  };
  for (let count = random.between(0, 3); count > 0; count--) yield* step(makeSchema);
  // Some databases have few kinds, so that those meet each other often.
  const among = random.chance(0.5) ? WEIGHTS : random.some(WEIGHTS, 7).concat(WEIGHTS.slice(0, 2));
  const bag = among.flatMap(([weight, make]) => Array.from({ length: weight }, () => make));
  if (random.chance(0.07)) bag.push(...SUPERUSERS);
  for (let count = random.between(15, 45); count > 0; count--) yield* step(random.pick(bag));
  for (const table of draft.of('table', 'partitioned'))
    if (random.chance(0.6)) yield* step((of) => insertInto(of, table));
  for (const view of draft.of('materialized'))
    if (random.chance(0.5)) yield* step((of) => of.add(`refresh materialized view ${view.sql}`));
}

function makeSchema(draft: SchemaDraft): void {
  const schema = newIdentifier(draft.random, 's', draft.takenIn('schemas'), 0.5);
  draft.schemas.push(schema);
  draft.add(`create schema ${schema}${draft.random.chance(0.3) ? ` authorization ${draft.role()}` : ''}`);
}
