import { exceptionOf, type Model, type Operation } from './model.ts';

/** An answer that refuses, by the code that stands in the XML. */
export class Refusal extends Error {
  readonly code: string;
  readonly status: number | undefined;

  constructor(code: string, message: string, status?: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Codes that RDS gives and its model does not list. */
const UNLISTED: Record<string, number> = {
  InvalidAction: 400,
  InvalidParameterValue: 400,
  InvalidParameterCombination: 400,
  ValidationError: 400,
  InternalFailure: 500,
};

export function refuse(code: string, message: string): never {
  throw new Refusal(code, message);
}

/** The status that the model gives to a code; undefined for a code that this operation could never answer with. */
export function statusOf(model: Model, operation: Operation | undefined, code: string): number | undefined {
  if (UNLISTED[code]) return UNLISTED[code];
  const [name, shape] = exceptionOf(model, code) ?? [];
  const declared = operation?.errors?.some((error) => error.shape === name);
  return declared ? shape?.error?.httpStatusCode : undefined;
}
