import { reduce } from '../../../scripts/fuzz/oracle/reduce.ts';
import { Random } from '../../../scripts/fuzz/random.ts';
import { generateStatements, planDatabase } from '../../../scripts/fuzz/schema/generate-statements.ts';

/** All statements of a seed, if a server took every one but those that match. */
function statements(seed: number, refuse = /^$/): string[] {
  const { shape, draft } = planDatabase(seed, 17);
  const found: string[] = [shape.options, ...shape.settings];
  const growing = generateStatements(draft);
  for (let batch = growing.next(new Set()); !batch.done; ) {
    found.push(...batch.value);
    batch = growing.next(new Set(batch.value.filter((statement) => refuse.test(statement))));
  }
  return found;
}

describe('the random databases of the fuzz run', () => {
  it('are the same for one seed, and differ for another', () => {
    expect(statements(7)).toEqual(statements(7));
    expect(statements(7)).not.toEqual(statements(8));
  });

  it('hold every kind of object that a dump may hold, over three hundred seeds', () => {
    const all = Array.from({ length: 300 }, (_, seed) => statements(seed).join('\n')).join('\n');
    const kinds = `partition by hash, attach partition, detach partition, inherits (, as enum, create domain,
      as range, begin atomic, create aggregate, create procedure, create materialized view,
      with no data, union all, window w, lateral, grouping sets, json_table, exclude using, not valid,
      on delete set null (, create policy, default privileges, with grant option, create rule,
      constraint trigger, referencing old table, create publication, create event trigger,
      create foreign table, user mapping, text search configuration, create operator, create cast,
      create collation, create statistics, lo_from_bytea, create extension,
      generated always as identity, stored, "__proto__", security_barrier, create conversion`.split(/,\s+/);
    expect(kinds.filter((kind) => !all.includes(kind))).toEqual([]);
  });

  it('make nothing more on a table that the server refused', () => {
    const refused = statements(3, /^create (unlogged )?table/);
    expect(refused.some((statement) => /^create index/.test(statement))).toBe(false);
    expect(statements(3).some((statement) => /^create (unique )?index/.test(statement))).toBe(true);
  });
});

describe('reduce', () => {
  it('leaves the items that show a fault, in order, and no others', async () => {
    const items = Array.from({ length: 60 }, (_, index) => index);
    const asked: number[][] = [];
    const left = await reduce(items, async (some) => {
      asked.push(some);
      return some.includes(7) && some.includes(41);
    });
    expect(left).toEqual([7, 41]);
    expect(asked.length).toBeLessThan(60);
  });

  it('asks no more often than it is allowed to', async () => {
    let asked = 0;
    const shows = async () => {
      asked++;
      return false;
    };
    await reduce([1, 2, 3, 4, 5, 6, 7, 8], shows, 5);
    expect(asked).toBe(5);
  });
});

test('Random.some picks items of a list and repeats none', () => {
  const some = new Random(1).some([1, 2, 3, 4, 5], 9);
  expect([...some].sort()).toEqual([1, 2, 3, 4, 5]);
});
