import { type ErrorAnswer, type Model, type Operation, type Shape, WRITTEN } from './model.ts';

const NAMESPACE = 'http://rds.amazonaws.com/doc/2014-10-31/';

/** Encodes an answer as XML, and lists what the operation's output shape does not allow. */
export function encodeResponse(model: Model, operation: Operation, requestId: string, output: unknown) {
  const violations: string[] = [];
  const { output: described, name } = operation;
  if (!described && output !== undefined) violations.push(`${name} has no answer`);
  const write = writer(model, violations);
  const inner = described ? write(described.shape, output ?? {}, name) : '';
  const result = described?.resultWrapper ? tag(described.resultWrapper, inner) : inner;
  const metadata = tag('ResponseMetadata', tag('RequestId', requestId));
  return { xml: document(`${name}Response`, result + metadata), violations };
}

export function encodeError(requestId: string, { code, message, status }: ErrorAnswer): string {
  const type = tag('Type', status < 500 ? 'Sender' : 'Receiver');
  const content = type + tag('Code', escapeXml(code)) + tag('Message', escapeXml(message));
  return document('ErrorResponse', tag('Error', content) + tag('RequestId', requestId));
}

function writer(model: Model, violations: string[]) {
  return function write(name: string, value: unknown, path: string): string {
    const shape = model.shapes[name]!;
    if (shape.type === 'list' && Array.isArray(value)) {
      const { shape: member, locationName = 'member' } = shape.member!;
      return value.map((item, at) => tag(locationName, write(member, item, `${path}[${at}]`))).join('');
    }
    if (shape.type === 'structure' && isRecord(value)) {
      const members = shape.members ?? {};
      const given = Object.keys(value).filter((key) => value[key] !== undefined);
      for (const key of given) if (!members[key]) violations.push(`${path} has no member ${key}`);
      for (const key of shape.required ?? [])
        if (!given.includes(key)) violations.push(`${path} lacks ${key}`);
      return Object.entries(members)
        .filter(([key]) => given.includes(key))
        .map(([key, { shape: member, locationName = key }]) =>
          tag(locationName, write(member, value[key], `${path}.${key}`)),
        )
        .join('');
    }
    const text = textOf(shape, value);
    if (text === undefined) violations.push(`${path} should be ${shape.enum ?? shape.type}, not ${value}`);
    return escapeXml(text ?? '');
  };
}

function textOf({ type, enum: among }: Shape, value: unknown): string | undefined {
  const text = isDate(value) ? (value as Date).toISOString() : String(value);
  const is = { string: 'string', boolean: 'boolean', timestamp: 'object' }[type] ?? 'number';
  const fits = typeof value === is && WRITTEN[type]?.test(text) && (among?.includes(text) ?? true);
  return fits ? text : undefined;
}

const isDate = (value: unknown) => Object.prototype.toString.call(value) === '[object Date]';
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isDate(value);
const tag = (name: string, content: string) => `<${name}>${content}</${name}>`;
const document = (name: string, content: string) => `<${name} xmlns="${NAMESPACE}">${content}</${name}>`;
const escapeXml = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
