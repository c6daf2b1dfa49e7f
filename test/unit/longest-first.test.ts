import { join } from 'node:path';

type Test = { path: string; context: object; duration?: number };

const ROOT = join(__dirname, '../..');
const LongestFirst = jest.requireActual<
  new (
    options: object,
  ) => { sort(tests: Test[]): Test[]; time(test: Test): number | undefined }
>('../support/longest-first.cjs');

/** Sorts these files, of which some took so many milliseconds the last time. */
function sorted(files: string[], took: Record<string, number> = {}): string[] {
  const cacheDirectory = join(ROOT, '.understudy/nothing');
  const context = { config: { id: 'x', cacheDirectory }, hasteFS: { getSize: () => 1 } };
  const sequencer = new LongestFirst({ contexts: [context], globalConfig: {} });
  sequencer.time = ({ path }) => took[path.slice(ROOT.length + 1)];
  return sequencer
    .sort(files.map((file) => ({ path: join(ROOT, file), context })))
    .map(({ path }) => path.slice(ROOT.length + 1));
}

const DEMO = 'test/e2e/demo.test.ts';
const PROOF = 'test/integration/proof.test.ts';
const PLATFORM = 'test/integration/platform/preflight.test.ts';
const UNIT = 'test/unit/docs.test.ts';
const SMALL = 'test/unit/longest-first.test.ts';

test('where nothing is known, the places of the long tests come first, and the larger files of a place', () => {
  expect(sorted([SMALL, UNIT, PROOF, PLATFORM, DEMO])).toEqual([DEMO, PLATFORM, PROOF, UNIT, SMALL]);
});

test('where durations are known, these decide', () => {
  expect(sorted([DEMO, PROOF, UNIT], { [DEMO]: 1, [PROOF]: 2, [UNIT]: 3 })).toEqual([UNIT, PROOF, DEMO]);
});
