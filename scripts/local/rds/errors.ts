import type { Model, Operation } from './model.ts';

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
const UNLISTED = ['InvalidAction', 'InvalidParameterValue', 'InvalidParameterCombination', 'ValidationError'];

export function refuse(code: string, message: string): never {
  throw new Refusal(code, message);
}

/** A parameter that RDS does not take. */
export function invalid(message: string): never {
  throw new Refusal('InvalidParameterValue', message);
}

/** Parameters that do not fit each other, or what they are asked of. */
export function unfit(message: string): never {
  throw new Refusal('InvalidParameterCombination', message);
}

/** The status that the model gives to a code; undefined for a code that this operation could never answer with. */
export function statusOf(model: Model, operation: Operation | undefined, code: string): number | undefined {
  if (code === 'InternalFailure') return 500;
  if (UNLISTED.includes(code)) return 400;
  const declared = (operation?.errors ?? []).map(({ shape }) => model.shapes[shape]?.error);
  return declared.find((error) => error?.code === code)?.httpStatusCode;
}
