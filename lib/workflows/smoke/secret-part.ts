import { Refusal } from '../../domain/errors.ts';
import { valueAtPath } from '../../domain/smoke/json-path.ts';

/** A secret, or the field of its JSON that `${secret:NAME#a.b}` names. Errors name the field and quote nothing. */
export function secretPart(text: string, { secret, field }: { secret: string; field?: string }): string {
  if (field === undefined) return text;
  const value = valueAtPath(
    parsed(text),
    `$${field
      .split('.')
      .map((name) => `['${name}']`)
      .join('')}`,
  );
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw new Refusal('secret-unreadable', `the secret ${secret} has no field ${field}`, {
    hint: 'write it as JSON with that field, or refer to another: ${secret:NAME#field}',
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
