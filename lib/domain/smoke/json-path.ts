/** `$`, then names and places: `$.records[0].id`, `$['first name']`. */
const PATH = /^\$(?:\.[A-Za-z_][\w-]*|\[\d+\]|\['[^']*'\])*$/;
const PART = /\.([A-Za-z_][\w-]*)|\[(\d+)\]|\['([^']*)'\]/g;

export const isJsonPath = (text: string): boolean => PATH.test(text);

/** The value at a path; undefined where there is none, which JSON cannot hold. */
export function valueAtPath(document: unknown, path: string): unknown {
  let value = document;
  for (const [, name, place, quoted] of path.matchAll(PART)) {
    const key = name ?? quoted;
    if (place !== undefined) value = Array.isArray(value) ? value[Number(place)] : undefined;
    else value = isObject(value) && Object.hasOwn(value, key!) ? value[key!] : undefined;
  }
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
