import { type Model, type Operation, rejectCall, rejectValue, type Shape, WRITTEN } from './model.ts';

/** Decodes the parameters of a Query request by the operation's input shape. Refuses all others. */
export function decodeRequest(model: Model, operation: Operation, body: URLSearchParams) {
  const fields = new Map(body);
  for (const name of ['Action', 'Version']) fields.delete(name);
  const input = operation.input && read(model, operation.input.shape, '', fields);
  if (fields.size > 0)
    rejectCall('ValidationError', `${operation.name} does not know ${[...fields.keys()].join(', ')}`);
  return (input ?? {}) as Record<string, unknown>;
}

/** Takes what it reads out of the fields, so that only unknown ones stay. */
function read(model: Model, name: string, path: string, fields: Map<string, string>): unknown {
  const shape = model.shapes[name]!;
  if (shape.type === 'structure') return structure(model, shape, path, fields);
  if (shape.type === 'list') return list(model, shape, path, fields);
  const text = fields.get(path);
  fields.delete(path);
  return text === undefined ? undefined : scalar(shape, path, text);
}

function structure(model: Model, shape: Shape, path: string, fields: Map<string, string>): unknown {
  const at = (name: string) => (path === '' ? name : `${path}.${name}`);
  const value: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    const found = read(model, member.shape, at(member.locationName ?? name), fields);
    if (found !== undefined) value[name] = found;
  }
  if (path !== '' && Object.keys(value).length === 0) return undefined;
  const missing = shape.required?.find((name) => value[name] === undefined);
  if (missing) rejectCall('ValidationError', `1 validation error detected: Value null at '${at(missing)}'`);
  return value;
}

function list(model: Model, shape: Shape, path: string, fields: Map<string, string>): unknown[] | undefined {
  // A list without members is sent as an empty parameter of the list's own name.
  if (fields.get(path) === '') return fields.delete(path) ? [] : undefined;
  const { shape: member, locationName = 'member' } = shape.member!;
  const prefix = `${path}.${locationName}.`;
  const given = [...fields.keys()].filter((key) => key.startsWith(prefix));
  const numbers = new Set(given.map((key) => key.slice(prefix.length).split('.')[0]));
  if (numbers.size === 0) return undefined;
  return Array.from({ length: numbers.size }, (_, index) => {
    const at = `${prefix}${index + 1}`;
    return read(model, member, at, fields) ?? rejectCall('ValidationError', `${at} is missing in its list`);
  });
}

function scalar(shape: Shape, path: string, text: string): unknown {
  const { type, min = -Infinity, max = Infinity, pattern, enum: among } = shape;
  const value = parse(shape, text);
  const size = typeof value === 'number' ? value : text.length;
  const fits =
    WRITTEN[type]?.test(text) &&
    (among?.includes(text) ?? true) &&
    (pattern === undefined || new RegExp(`^(?:${pattern})$`).test(text)) &&
    size >= min &&
    size <= max;
  if (fits) return value;
  rejectValue(`Invalid value '${text}' for ${path}: ${JSON.stringify(shape)}`);
}

function parse({ type }: Shape, text: string): unknown {
  if (type === 'string') return text;
  if (type === 'boolean') return text === 'true';
  return type === 'timestamp' ? new Date(text) : Number(text);
}
