/**
 * Plugin: writes plan.json to where packages are made from. It runs before serverless-esbuild, which zips its
 * build directory into every function's package; the image's Dockerfile copies the other one.
 */
const { mkdirSync, rmSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { planJson } = require('./plan.cjs');

class PackagePlan {
  constructor(serverless) {
    const write = () => writePlan(serverless.serviceDir);
    this.hooks = {
      'before:package:createDeploymentArtifacts': write,
      'before:deploy:function:packageFunction': write,
    };
  }
}

function writePlan(directory) {
  // Leftovers of an interrupted packaging would be zipped again.
  rmSync(join(directory, '.esbuild'), { recursive: true, force: true });
  const plan = planJson();
  for (const path of ['.understudy/plan.json', '.esbuild/.build/plan.json'].map((name) =>
    join(directory, name),
  )) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, plan);
  }
}

module.exports = PackagePlan;
