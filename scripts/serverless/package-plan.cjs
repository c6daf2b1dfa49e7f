/**
 * Plugin: writes plan.json to where packages are made from. It stands before serverless-esbuild, which zips whatever
 * lies in its build directory into every function's package; the image's Dockerfile copies the other one.
 */
const { mkdirSync, rmSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { planJson, root } = require('./plan.cjs');

class PackagePlan {
  constructor() {
    this.hooks = {
      'before:package:createDeploymentArtifacts': write,
      'before:deploy:function:packageFunction': write,
    };
  }
}

function write() {
  // What an interrupted packaging left behind would be zipped again.
  rmSync(join(root, '.esbuild'), { recursive: true, force: true });
  const plan = planJson();
  for (const path of ['.understudy/plan.json', '.esbuild/.build/plan.json']) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), plan);
  }
}

module.exports = PackagePlan;
