/**
 * understudy.yml (or what UNDERSTUDY_CONFIG names) as a plan. The deployment's schedules are generated from it and
 * every package carries it as plan.json, so that no two parts can disagree about what was promised.
 */
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { resolve } = require('node:path');
const { plain } = require('./plain.cjs');

const root = resolve(__dirname, '../..');
const file = process.env.UNDERSTUDY_CONFIG || 'understudy.yml';

/** The plan, or one error that lists every mistake and ends the packaging. */
const readPlan = () => understood(({ loadPlan }, text) => loadPlan(text, file, new Date()));

/** What `deployment:` says of a stage, as parameters of serverless.yml. */
const parameters = (stage) =>
  understood(({ loadConfig }, text) => {
    const { parametersOf } = require('../../lib/config/deployment.ts');
    return parametersOf(loadConfig(text, file, new Date()).deployment, stage);
  });

function understood(work) {
  if (!process.features.typescript) {
    throw plain(`this needs the project's own Node 24 and runs on ${process.version}: use npx or npm run`);
  }
  const text = textOf(resolve(root, file));
  try {
    return work(require('../../lib/config/load.ts'), text);
  } catch (error) {
    throw plain([error.message, error.hint].filter(Boolean).join('\n'));
  }
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw plain(
      `${file} cannot be read\nname your file with UNDERSTUDY_CONFIG, or start from the sample understudy.yml`,
    );
  }
}

/** plan.json, the same bytes for the same promises. */
const planJson = () => `${JSON.stringify(readPlan(), null, 2)}\n`;

/** Its SHA-256, by which a function notices that its image was built with another plan than was deployed. */
const digest = () => createHash('sha256').update(planJson()).digest('hex');

module.exports = { digest, parameters, planJson, readPlan };
