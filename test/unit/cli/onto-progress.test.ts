import { ontoProgress } from '../../../scripts/cli/onto-progress.ts';

/** A progress whose clock the test sets, in seconds. */
function progress() {
  let at = 0;
  const said: string[] = [];
  const rehearsed = { restore: 600, proof: 120, measurements: 1 };
  const made = ontoProgress(
    (line) => void said.push(line),
    rehearsed,
    () => at * 1000,
  );
  const set = (seconds: number) => {
    at = seconds;
  };
  return { ...made, said, at: set };
}

test('the line has what has arrived and what is left, and begins anew with each phase', () => {
  const { phase, onRead, onArrived, format, said, at } = progress();
  phase('connect');
  at(1);
  expect(format()).toBe('connect; 1 s');
  phase('restore');
  at(61);
  onRead({ tables: 3, rows: 0, of: 12 });
  expect(format()).toBe('restore; 3 of 12 tables; 60 s; about 11 min left, by 1 rehearsal');
  onArrived({ rows: 500, ofRows: 1000, indexes: 2, ofIndexes: 7, bytes: 3_000_000 });
  expect(format()).toBe(
    'restore; 3 of 12 tables, 500 of 1,000 rows; 2 of 7 indexes; 3.0 MB; 60 s; about 11 min left, by 1 rehearsal',
  );
  phase('analyze');
  expect(format()).toBe('analyze; 0 s');
  expect(said).toEqual(['connect took 1 s', 'restore took 60 s']);
});

test('a proof goes by its tables', () => {
  const { phase, onRead, format, at } = progress();
  phase('proof');
  onRead({ tables: 3, rows: 300, of: 4 });
  at(30);
  expect(format()).toBe('proof; 3 of 4 tables, 300 rows; 30 s; about 10 s left');
});

test('never more rows are there than there are', () => {
  const { phase, onRead, onArrived, format } = progress();
  phase('restore');
  onRead({ tables: 1, rows: 0, of: 1 });
  onArrived({ rows: 1200, ofRows: 1000, indexes: 0, ofIndexes: 0, bytes: 0 });
  expect(format()).toContain('1,000 of 1,000 rows');
});
