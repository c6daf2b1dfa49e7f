import type { Model, Operation, Shape } from './model.ts';

const NAMESPACE = 'http://rds.amazonaws.com/doc/2014-10-31/';

/** An answer as XML, and everything in it that the operation's output shape does not allow. */
export function encodeResponse(
  model: Model,
  operation: Operation,
  requestId: string,
  output: unknown,
): { xml: string; violations: string[] } {
  const violations: string[] = [];
  const { output: described, name } = operation;
  if (!described && output !== undefined) violations.push(`${name} has no answer`);
  const inner = described ? write(model, described.shape, output ?? {}, name, violations) : '';
  const result = described?.resultWrapper ? tag(described.resultWrapper, inner) : inner;
  const metadata = tag('ResponseMetadata', tag('RequestId', requestId));
  return { xml: document(`${name}Response`, result + metadata), violations };
}

export function encodeError(
  requestId: string,
  error: { code: string; message: string; status: number },
): string {
  const type = error.status < 500 ? 'Sender' : 'Receiver';
  const content =
    tag('Type', type) + tag('Code', escapeXml(error.code)) + tag('Message', escapeXml(error.message));
  return document('ErrorResponse', tag('Error', content) + tag('RequestId', requestId));
}

function write(model: Model, shapeName: string, value: unknown, path: string, violations: string[]): string {
  const shape = model.shapes[shapeName]!;
  const text = TYPES[shape.type]?.(value);
  if (shape.type === 'structure' && isRecord(value))
    return writeStructure(model, shape, value, path, violations);
  if (shape.type === 'list' && Array.isArray(value)) return writeList(model, shape, value, path, violations);
  if (text === undefined || (shape.enum && !shape.enum.includes(text))) {
    violations.push(`${path} should be ${shape.enum ?? shape.type}, not ${JSON.stringify(value)}`);
    return '';
  }
  return escapeXml(text);
}

function writeStructure(
  model: Model,
  shape: Shape,
  value: Record<string, unknown>,
  path: string,
  violations: string[],
): string {
  const members = shape.members ?? {};
  for (const name of Object.keys(value))
    if (!members[name] && value[name] !== undefined) violations.push(`${path} has no member ${name}`);
  for (const name of shape.required ?? [])
    if (value[name] === undefined) violations.push(`${path} lacks ${name}`);
  return Object.entries(members)
    .filter(([name]) => value[name] !== undefined)
    .map(([name, member]) =>
      tag(
        member.locationName ?? name,
        write(model, member.shape, value[name], `${path}.${name}`, violations),
      ),
    )
    .join('');
}

function writeList(model: Model, shape: Shape, value: unknown[], path: string, violations: string[]): string {
  const { shape: member, locationName = 'member' } = shape.member!;
  return value
    .map((item, index) => tag(locationName, write(model, member, item, `${path}[${index}]`, violations)))
    .join('');
}

const TYPES: Partial<Record<Shape['type'], (value: unknown) => string | undefined>> = {
  string: (value) => (typeof value === 'string' ? value : undefined),
  boolean: (value) => (typeof value === 'boolean' ? String(value) : undefined),
  integer: (value) => (Number.isInteger(value) ? String(value) : undefined),
  long: (value) => (Number.isInteger(value) ? String(value) : undefined),
  double: (value) => (typeof value === 'number' ? String(value) : undefined),
  timestamp: (value) => (isDate(value) ? (value as Date).toISOString() : undefined),
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isDate(value);
const isDate = (value: unknown) => Object.prototype.toString.call(value) === '[object Date]';
const tag = (name: string, content: string) => `<${name}>${content}</${name}>`;
const document = (name: string, content: string) => `<${name} xmlns="${NAMESPACE}">${content}</${name}>`;
const escapeXml = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
