/**
 * Plugin: writes plan.json, and the authorities in UNDERSTUDY_CA_FILE, to where packages are made from. It runs before
 * serverless-esbuild, which zips its build directory into every function's package; the image's Dockerfile copies the
 * other ones.
 */
const { mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
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
  const authorities = privateAuthorities();
  for (const place of ['.understudy', '.esbuild/.build'].map((name) => join(directory, name))) {
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'plan.json'), plan);
    // The image's build copies a file that must exist; a zip has none that says nothing.
    if (authorities || place.endsWith('.understudy'))
      writeFileSync(join(place, 'private-authorities.pem'), authorities);
  }
}

function privateAuthorities() {
  const file = process.env.UNDERSTUDY_CA_FILE;
  if (!file) return '';
  const text = readFileSync(file, 'utf8');
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new Error(`${file}, the file in UNDERSTUDY_CA_FILE, has no PEM certificate`);
}

module.exports = PackagePlan;
