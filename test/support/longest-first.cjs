const { statSync } = require('node:fs');
const Sequencer = require('@jest/test-sequencer').default;

/** Where the long tests are, the longest first. Those that spawn the command are short files. */
const LONG = ['test/e2e/', 'test/integration/platform/', 'test/integration/local-rds/', 'test/integration/'];

/**
 * The long files first, so that no worker begins one when the others are done. jest knows how long a file took only
 * once it has run here; before, it takes the larger file for the longer one.
 */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    if (sorted.some(({ duration }) => duration !== undefined)) return sorted;
    return sorted.sort((a, b) => rank(a) - rank(b) || sizeOf(b) - sizeOf(a));
  }
};

function rank({ path }) {
  const place = LONG.findIndex((start) => path.includes(`/${start}`));
  return place === -1 ? LONG.length : place;
}

const sizeOf = ({ path }) => statSync(path).size;
