import { Refusal } from './errors.ts';
import type { Model, Operation, Shape } from './model.ts';

type Fields = Map<string, string>;

/** The parameters of a Query request, as the operation's input shape describes them. Whatever does not fit is refused. */
export function decodeRequest(
  model: Model,
  operation: Operation,
  body: URLSearchParams,
): Record<string, unknown> {
  const fields: Fields = new Map(body);
  for (const name of ['Action', 'Version']) fields.delete(name);
  const input = operation.input
    ? structure(model, shapeOf(model, operation.input.shape), '', fields)
    : undefined;
  const unknown = [...fields.keys()];
  if (unknown.length > 0)
    throw new Refusal(
      'ValidationError',
      `${operation.name} does not know the parameter ${unknown.join(', ')}`,
    );
  return (input ?? {}) as Record<string, unknown>;
}

/** What is read is taken out of the fields, so that what stays is what nobody knows. */
function read(model: Model, shape: Shape, path: string, fields: Fields): unknown {
  if (shape.type === 'structure') return structure(model, shape, path, fields);
  if (shape.type === 'list') return list(model, shape, path, fields);
  const text = fields.get(path);
  fields.delete(path);
  return text === undefined ? undefined : scalar(shape, path, text);
}

function structure(model: Model, shape: Shape, path: string, fields: Fields): unknown {
  const value: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    const at = join(path, member.locationName ?? name);
    const found = read(model, shapeOf(model, member.shape), at, fields);
    if (found !== undefined) value[name] = found;
  }
  if (path !== '' && Object.keys(value).length === 0) return undefined;
  for (const name of shape.required ?? []) {
    if (value[name] === undefined)
      throw new Refusal(
        'ValidationError',
        `1 validation error detected: Value null at '${join(path, name)}' failed to satisfy constraint: Member must not be null`,
      );
  }
  return value;
}

function list(model: Model, shape: Shape, path: string, fields: Fields): unknown[] | undefined {
  // A list without members is sent as an empty parameter of the list's own name.
  if (fields.get(path) === '') {
    fields.delete(path);
    return [];
  }
  const prefix = `${path}.${shape.member?.locationName ?? 'member'}.`;
  const numbers = new Set(
    [...fields.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length).split('.')[0]),
  );
  if (numbers.size === 0) return undefined;
  const member = shapeOf(model, shape.member!.shape);
  return Array.from({ length: numbers.size }, (_, index) => {
    const value = read(model, member, `${prefix}${index + 1}`, fields);
    if (value === undefined)
      throw new Refusal('ValidationError', `${prefix}${index + 1} is missing in its list`);
    return value;
  });
}

function scalar(shape: Shape, path: string, text: string): unknown {
  const value = parse(shape, text);
  const size = typeof value === 'number' ? value : String(value).length;
  const fits =
    value !== undefined &&
    (shape.enum?.includes(text) ?? true) &&
    size >= (shape.min ?? -Infinity) &&
    size <= (shape.max ?? Infinity) &&
    (shape.pattern === undefined || new RegExp(`^(?:${shape.pattern})$`).test(text));
  if (!fits)
    throw new Refusal(
      'InvalidParameterValue',
      `Invalid value '${text}' for ${path}: expected ${describe(shape)}`,
    );
  return value;
}

function parse(shape: Shape, text: string): unknown {
  switch (shape.type) {
    case 'string':
      return text;
    case 'boolean':
      return { true: true, false: false }[text];
    case 'integer':
    case 'long':
      return /^-?\d+$/.test(text) ? Number(text) : undefined;
    case 'double':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
    case 'timestamp':
      return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) ? new Date(text) : undefined;
    default:
      return undefined;
  }
}

const describe = ({ type, min, max, pattern, ...shape }: Shape) =>
  [type, shape.enum && `one of ${shape.enum}`, min && `at least ${min}`, max && `at most ${max}`, pattern]
    .filter(Boolean)
    .join(', ');
const join = (path: string, name: string) => (path === '' ? name : `${path}.${name}`);
const shapeOf = (model: Model, name: string): Shape => model.shapes[name]!;
