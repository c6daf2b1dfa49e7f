import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { tool } from '../tools.ts';

/** What botocore knows of the API: the judge of every request and every answer. */
export type Model = { operations: Record<string, Operation>; shapes: Record<string, Shape> };

export type Operation = {
  name: string;
  input?: { shape: string };
  output?: { shape: string; resultWrapper?: string };
  errors?: { shape: string }[];
};

export type Shape = {
  type: 'structure' | 'list' | 'map' | Scalar;
  members?: Record<string, { shape: string; locationName?: string }>;
  member?: { shape: string; locationName?: string };
  required?: string[];
  enum?: string[];
  min?: number;
  max?: number;
  pattern?: string;
  exception?: boolean;
  error?: { code: string; httpStatusCode: number };
};

export type Scalar = 'string' | 'integer' | 'long' | 'double' | 'boolean' | 'timestamp';

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
