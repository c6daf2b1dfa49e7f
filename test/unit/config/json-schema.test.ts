import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { jsonSchema } from '../../../lib/config/config-schema.ts';
import { FINDINGS } from '../../../lib/domain/findings/finding.ts';
import { RIGHT, withText } from './text.ts';

/** What an editor makes of understudy.yml: the schema goes out as JSON and is read back by somebody else. */
const schema = JSON.parse(JSON.stringify(jsonSchema())) as z.core.JSONSchema.JSONSchema;
const editor = z.fromJSONSchema(schema);
const accepts = (text: string) => editor.safeParse(parse(text)).success;

test('an editor accepts the sample, with nothing in it that only has a default', () => {
  expect(accepts(readFileSync(join(__dirname, '../../../understudy.yml'), 'utf8'))).toBe(true);
  expect(accepts(RIGHT)).toBe(true);
});

test.each<[string, [string, string]]>([
  ['another version', ['version: 1', 'version: 2']],
  ['an unknown key', ['grace: 30m', 'grce: 30m']],
  ['an unknown key deep inside', ['depth: full', 'depth: full, x: 1']],
  ['no duration', ['grace: 30m', 'grace: soon']],
  ['an unknown depth', ['depth: full', 'depth: deep']],
  ['no promise', ['      rto: 1h\n', '']],
  ['a port that is none', ['understudy/crm }', 'understudy/crm, port: 70000 }']],
  ['no secret', ['{ secret: understudy/crm }', '{}']],
])('an editor marks %s', (_, change) => {
  expect(accepts(withText(change))).toBe(false);
});

type Node = {
  properties: Record<string, Node>;
  required?: string[];
  additionalProperties: Node | boolean;
  description?: string;
};
const root = schema as unknown as Node;
const policy = root.properties['policies']!.additionalProperties as Node;

test('the schema says what has to be there and leaves out what has a default', () => {
  expect(root.required).toEqual(['version', 'policies', 'targets']);
  expect(policy.required).toEqual(['objectives', 'schedules', 'retention']);
  expect(Object.keys(policy.properties)).toEqual(
    expect.arrayContaining(['grace', 'usual', 'dump', 'verify', 'proof', 'rehearsal', 'vault', 'severities']),
  );
});

test('every object refuses unknown keys', () => {
  const open: string[] = [];
  const visit = (node: unknown, path: string) => {
    if (typeof node !== 'object' || node === null) return;
    const { type, properties, additionalProperties } = node as Record<string, unknown>;
    if (type === 'object' && properties && additionalProperties !== false) open.push(path);
    for (const [key, value] of Object.entries(node)) visit(value, `${path}.${key}`);
  };
  visit(schema, '');
  expect(open).toEqual([]);
});

test('it describes options in the words of the configuration, and knows every finding', () => {
  expect(policy.properties['grace']!.description).toContain('late');
  const text = JSON.stringify(policy.properties['severities']);
  for (const code of Object.keys(FINDINGS)) expect(text).toContain(`"${code}"`);
});
