#!/usr/bin/env node
// The few calls of the AWS CLI that the scenario pages make, for machines without it: `aws SERVICE OPERATION --name value`.
import { readFileSync } from 'node:fs';

const [service, operation, ...options] = process.argv.slice(2);
const pascal = (words) => words.replace(/(^|-)(.)/g, (_, _dash, letter) => letter.toUpperCase());
const sdk = await import(`@aws-sdk/client-${service === 'secretsmanager' ? 'secrets-manager' : service}`);
const Client = sdk[{ ecs: 'ECSClient', secretsmanager: 'SecretsManagerClient' }[service]];

const input = {};
let query;
for (let at = 0; at < options.length; at++) {
  const name = options[at].slice(2);
  if (name === 'force-new-deployment') {
    input.forceNewDeployment = true;
    continue;
  }
  const value = options[++at];
  if (name === 'query') query = value;
  else if (name !== 'output') set(name, value);
}
// As the CLI asks: moto answers a request without a stage with another version than AWS.
if (operation === 'get-secret-value') input.VersionStage = 'AWSCURRENT';

const answer = await new Client({}).send(new sdk[`${pascal(operation)}Command`](input));
const path = (query ?? '').split(/[.[\]]+/).filter(Boolean);
const shown = path.reduce((found, step) => found[step], answer);
process.stdout.write(`${typeof shown === 'string' ? shown : JSON.stringify(shown)}\n`);

function set(name, value) {
  const key = pascal(name);
  const text = value.startsWith('file://') ? readFileSync(value.slice(7), 'utf8') : value;
  if (service === 'secretsmanager') input[key] = text;
  else if (name === 'services') input.services = [text];
  else input[key[0].toLowerCase() + key.slice(1)] = /^\d+$/.test(text) ? Number(text) : text;
}
