import { estimateLeft, type Rehearsed, type Whereabouts } from '../../../scripts/cli/estimate-left.ts';

const THREE = { restore: 600, proof: 120, measurements: 3 };

test.each<[string, Whereabouts, Rehearsed | undefined, string | undefined]>([
  ['nothing is known', { phase: 'restore', seconds: 100 }, undefined, undefined],
  ['it has just begun', { phase: 'restore', seconds: 9, part: 0.5 }, undefined, undefined],
  ['almost nothing is done', { phase: 'restore', seconds: 100, part: 0.04 }, undefined, undefined],
  ['all rows are there', { phase: 'restore', seconds: 100, part: 1 }, undefined, undefined],
  [
    'rows have a pace',
    { phase: 'restore', seconds: 60, part: 0.25 },
    undefined,
    'about 3 min left for the rows, then indexes',
  ],
  ['a dump is fetched', { phase: 'fetching', seconds: 60, part: 0.5 }, undefined, 'about 60 s left to fetch'],
  ['it was rehearsed', { phase: 'restore', seconds: 60 }, THREE, 'about 11 min left, by 3 rehearsals'],
  [
    'it is as fast as in rehearsals',
    { phase: 'restore', seconds: 60, part: 0.5 },
    THREE,
    'about 11 min left, by 3 rehearsals',
  ],
  [
    'it is slower than in rehearsals',
    { phase: 'restore', seconds: 300, part: 0.1 },
    THREE,
    'about 47 min left, by 3 rehearsals',
  ],
  ['it has taken longer than rehearsals', { phase: 'restore', seconds: 601 }, THREE, undefined],
  [
    'it has taken longer, and has a pace',
    { phase: 'restore', seconds: 700, part: 0.5 },
    THREE,
    'about 12 min left for the rows, then indexes',
  ],
  ['the proof is by its own pace', { phase: 'proof', seconds: 30, part: 0.75 }, THREE, 'about 10 s left'],
  ['the proof has no pace', { phase: 'proof', seconds: 20, part: 0 }, THREE, 'about 2 min left'],
  ['the proof was never rehearsed', { phase: 'proof', seconds: 20, part: 0 }, undefined, undefined],
])('what is left where %s', (_where, at, rehearsed, expected) => {
  expect(estimateLeft(at, rehearsed)).toBe(expected);
});
