import { restorePointOf } from '../../../scripts/cli/restore-point.ts';

test.each([
  [{}, {}],
  [{ point: '20261120T010000Z-1' }, { point: '20261120T010000Z-1' }],
  [{ at: '2026-11-20T13:43:00Z' }, { at: '2026-11-20T13:43:00Z' }],
  [{ at: '2026-11-20T14:43+01:00' }, { at: '2026-11-20T13:43:00Z' }],
  [{ at: '2026-11-20T13:43:00.900Z' }, { at: '2026-11-20T13:43:00Z' }],
  [{ latest: true }, {}],
  [{ before: '2026-11-20T13:43:00Z' }, { at: '2026-11-20T13:42:59Z' }],
])('%j means %j', (options, expected) => {
  expect(restorePointOf(options)).toEqual(expected);
});

test.each(['2026-11-20', '2026-11-20 13:43', '2026-11-20T13:43:00', '2026-13-20T13:43:00Z', 'yesterday', ''])(
  'a moment without a zone, or none at all, is refused: %j',
  (at) => {
    expect(() => restorePointOf({ at })).toThrow('is no moment with a zone');
    expect(() => restorePointOf({ before: at })).toThrow('--before');
  },
);

test('a moment in the future is refused, and two answers', () => {
  expect(() => restorePointOf({ at: '2999-01-01T00:00:00Z' })).toThrow('lies in the future');
  expect(() => restorePointOf({ at: 'x', point: 'y' })).toThrow('--point and --at exclude each other');
  expect(() => restorePointOf({ before: '2026-11-20T13:43:00Z', latest: true })).toThrow(
    '--before and --latest exclude each other',
  );
});
