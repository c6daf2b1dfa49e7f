/**
 * understudy.yml (or what UNDERSTUDY_CONFIG names) as a plan. The deployment's schedules are generated from it and
 * every package carries it as plan.json, so that no two parts can disagree about what was promised.
 */
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { resolve } = require('node:path');

const root = resolve(__dirname, '../..');
const file = process.env.UNDERSTUDY_CONFIG || 'understudy.yml';

/** The plan, or one error that lists every mistake and ends the packaging. */
function readPlan() {
  if (!process.features.typescript) {
    throw plain(`this needs the project's own Node 24 and runs on ${process.version}: use npx or npm run`);
  }
  const { loadPlan } = require('../../lib/config/load.ts');
  try {
    return loadPlan(readFileSync(resolve(root, file), 'utf8'), file, new Date());
  } catch (error) {
    throw plain([error.message, error.hint].filter(Boolean).join('\n'));
  }
}

/** plan.json, the same bytes for the same promises. */
const planJson = () => `${JSON.stringify(readPlan(), null, 2)}\n`;

/** Its SHA-256, by which a function notices that its image was built with another plan than was deployed. */
const digest = () => createHash('sha256').update(planJson()).digest('hex');

let told = false;

/**
 * The framework prints an error's stack, at each place that wanted the plan. Whoever mistyped a duration is helped by
 * neither: the message is all there is to see, and once.
 */
function plain(message) {
  const error = new Error(message);
  error.stack = told ? `${file} has mistakes` : `\n\n${message}\n`;
  told = true;
  return error;
}

module.exports = { digest, planJson, readPlan };
