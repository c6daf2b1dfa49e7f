import { Random } from '../random.ts';
import { makeConstraint, makeIndex, makeStatistics } from './constraints.ts';
import { type DatabaseShape, databaseShape } from './database.ts';
import { makeInternalAggregate, makeRoutine, makeTrigger } from './functions.ts';
import { newName } from './names.ts';
import { makePartitioned } from './partitions.ts';
import { makeAccessMethod, makeOperatorClass, RARE } from './rest.ts';
import { makeComment, makeGrant, makeOwner, makePolicy, makeSequence } from './rights.ts';
import { insertInto, makeRows } from './rows.ts';
import { makeTable } from './tables.ts';
import { makeType } from './types.ts';
import { makeRule, makeView } from './views.ts';
import { World } from './world.ts';

type Make = (world: World) => void;

/** What a schema is made of, and how often beside the others. */
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
  [4, (world) => world.random.pick(RARE)(world)],
];

/** Kinds that only a superuser may restore: in few databases, or nothing else of them would ever be proven. */
const SUPERUSERS: readonly Make[] = [makeOperatorClass, makeAccessMethod, makeInternalAggregate];

export type Plan = { shape: DatabaseShape; world: World };

export function plan(seed: number, major: number): Plan {
  const random = new Random(seed);
  return { shape: databaseShape(random, major), world: new World(random, major) };
}

/**
 * The statements of one random database, a few at a time. They are written without asking a server, so it refuses some;
 * whoever runs them says which, and what they would have made is not spoken of again. Always the same for a seed.
 */
export function* grow(world: World): Generator<string[], void, ReadonlySet<string>> {
  const { random } = world;
  const step = function* (make: Make): Generator<string[], void, ReadonlySet<string>> {
    const before = world.statements.length;
    make(world);
    const batch = world.statements.slice(before);
    if (batch.length > 0) world.forget(batch, yield batch);
  };
  for (let count = random.between(0, 3); count > 0; count--) yield* step(makeSchema);
  // Some databases are about few kinds, so that those meet each other often.
  const among = random.chance(0.5) ? WEIGHTS : random.some(WEIGHTS, 7).concat(WEIGHTS.slice(0, 2));
  const bag = among.flatMap(([weight, make]) => Array.from({ length: weight }, () => make));
  if (random.chance(0.07)) bag.push(...SUPERUSERS);
  for (let count = random.between(15, 45); count > 0; count--) yield* step(random.pick(bag));
  for (const table of world.of('table', 'partitioned'))
    if (random.chance(0.6)) yield* step((of) => insertInto(of, table));
  for (const view of world.of('materialized'))
    if (random.chance(0.5)) yield* step((of) => of.add(`refresh materialized view ${view.sql}`));
}

function makeSchema(world: World): void {
  const schema = newName(world.random, 's', world.takenIn('schemas'), 0.5);
  world.schemas.push(schema);
  world.add(`create schema ${schema}${world.random.chance(0.3) ? ` authorization ${world.role()}` : ''}`);
}
