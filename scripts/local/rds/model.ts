import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { tool } from '../tools.ts';

/** botocore's model of the API, which checks every request and every answer. */
export type Model = { operations: Record<string, Operation>; shapes: Record<string, Shape> };

export type Operation = {
  name: string;
  input?: { shape: string };
  output?: { shape: string; resultWrapper?: string };
  errors?: { shape: string }[];
};

export type Shape = {
  type: string;
  members?: Record<string, { shape: string; locationName?: string }>;
  member?: { shape: string; locationName?: string };
  required?: string[];
  enum?: string[];
  min?: number;
  max?: number;
  pattern?: string;
  error?: { code: string; httpStatusCode: number };
};

/** How a value of a type is written in a request and in an answer. */
export const WRITTEN: Record<string, RegExp> = {
  string: /^.*$/s,
  boolean: /^(true|false)$/,
  integer: /^-?\d+$/,
  long: /^-?\d+$/,
  double: /^-?\d+(\.\d+)?$/,
  timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
};

/** RDS's model of API version 2014-10-31, from the Python package that moto uses too. */
export function loadModel(): Model {
  const file = join(tool('BOTOCORE_DATA'), 'rds/2014-10-31/service-2.json.gz');
  return JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as Model;
}

export type ErrorAnswer = { code: string; message: string; status: number };

/** An answer that refuses, by the code in its XML. */
export class RdsError extends Error {
  readonly code: string;
  readonly status: number | undefined;

  constructor(code: string, message: string, status?: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Codes of RDS that its model does not list. */
const UNLISTED = ['InvalidAction', 'InvalidParameterValue', 'InvalidParameterCombination', 'ValidationError'];

export function rejectCall(code: string, message: string): never {
  throw new RdsError(code, message);
}

/** Refuses a parameter that RDS does not accept. */
export function rejectValue(message: string): never {
  throw new RdsError('InvalidParameterValue', message);
}

/** Refuses parameters that contradict each other, or do not fit their resource. */
export function rejectCombination(message: string): never {
  throw new RdsError('InvalidParameterCombination', message);
}

/** The status of a code in the model; undefined for a code that this operation cannot answer with. */
export function statusOf(model: Model, operation: Operation | undefined, code: string): number | undefined {
  if (code === 'InternalFailure') return 500;
  if (UNLISTED.includes(code)) return 400;
  const declared = (operation?.errors ?? []).map(({ shape }) => model.shapes[shape]?.error);
  return declared.find((error) => error?.code === code)?.httpStatusCode;
}
