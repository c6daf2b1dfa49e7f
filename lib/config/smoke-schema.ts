import * as z from 'zod';
import { isJsonPath } from '../domain/smoke/json-path.ts';
import { CAPTURE_NAME } from '../domain/smoke/references.ts';
import { APPLICATION } from '../domain/smoke/smoke-step.ts';
import { duration, readsOnly } from './schema-words.ts';

const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const header = z.string().regex(HEADER, 'expected the name of a header');
const JSON_PATH = 'expected a JSON path such as $.records[0].id';
const jsonPath = z.string().refine(isJsonPath, JSON_PATH);
const headers = z.record(header, z.string());
const status = z.int().min(100).max(599);

const http = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).default('GET'),
  url: z
    .string()
    .regex(
      /^(?:\/|https?:\/\/[^/?#@\s]+(?:[/?#]|$)|\$\{)[^\s]*$/,
      'expected /path, an address such as https://login.example.com/token without a user in it, or ${captured}',
    )
    .describe('/path below smoke.url, or the address of another host'),
  headers: headers.default({}),
  body: z.string().optional().describe('As it is sent'),
  json: z.json().optional().describe('Sent as JSON, with its content-type'),
  follow: z.boolean().default(false).describe('Follow redirects, on the same host only'),
});

const expect = z.strictObject({
  status: z
    .union([status, z.array(status).min(1)], { error: 'expected a status such as 200, or a list of them' })
    .optional()
    .describe('Default: 200 to 299'),
  headers: headers.optional().describe('A text that the value of each contains'),
  json: z
    .record(
      jsonPath,
      z.union([z.string(), z.number(), z.boolean(), z.null()], {
        error: 'expected a text, a number, true, false or null',
      }),
    )
    .optional()
    .describe('JSON path → value'),
  text: z.string().min(1).optional().describe('A text that the answer contains'),
  equals: z
    .union([z.string(), z.number(), z.boolean()], { error: 'expected a text, a number, true or false' })
    .optional(),
  minimum: z.number().optional(),
  fresherThan: duration.optional().describe('The value is a moment, at most this old'),
});

const OF_HTTP = ['status', 'headers', 'json', 'text'] as const;
const OF_SQL = ['equals', 'minimum', 'fresherThan'] as const;

const step = z
  .strictObject({
    name: z.string().min(1).max(100),
    priority: z
      .enum(['P0', 'P1', 'P2'])
      .optional()
      .describe('P0 ends a restore, P1 is asked about, P2 is noted. Default: P0, and P2 with cleanup'),
    http: http.optional(),
    sql: z
      .string()
      .min(1)
      .refine(readsOnly, 'a smoke step must begin with select, with, values, table, show or explain')
      .optional()
      .describe('One SELECT that returns one value'),
    expect: expect.optional(),
    capture: z
      .record(
        z.string().regex(CAPTURE_NAME, 'expected a name of letters, digits, - and _'),
        z
          .string()
          .refine((from) => isJsonPath(from) || HEADER.test(from), `${JSON_PATH}, or the name of a header`),
      )
      .optional()
      .describe('Name → JSON path or header: later steps have the value as ${name}'),
    timeout: duration.default('10s').describe('Of one try, with the whole answer'),
    retries: z.int().min(0).max(20).default(0),
    retryAfter: duration.default('2s').describe('Between two tries'),
    cleanup: z
      .boolean()
      .default(false)
      .describe('Runs at the end in any case, the last one of the file first'),
  })
  .superRefine((value, context) => {
    const say = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', path, message });
    if ((value.http === undefined) === (value.sql === undefined))
      say(`expected exactly one of http and sql; found ${value.http === undefined ? 'none' : 'both'}`);
    if (value.http?.body !== undefined && value.http.json !== undefined)
      say('a request has only one of body and json', 'http', 'json');
    const { method = 'GET', body, json } = value.http ?? {};
    if (['GET', 'HEAD'].includes(method) && (body !== undefined || json !== undefined))
      say(`${method} sends no ${body === undefined ? 'json' : 'body'}; say method: POST`, 'http', 'method');
    const given = <Key extends string>(keys: readonly Key[]) =>
      keys.filter((key) => value.expect?.[key as keyof typeof value.expect] !== undefined);
    if (value.sql !== undefined && value.http === undefined) {
      for (const key of given(OF_HTTP)) say(`${key} is of an answer to http`, 'expect', key);
      const found = given(OF_SQL);
      if (found.length !== 1)
        say(`expected exactly one of ${OF_SQL.join(', ')}; found ${found.join(' and ') || 'none'}`, 'expect');
      if (value.capture !== undefined) say('only http captures values', 'capture');
      if (value.cleanup) say('only http cleans up: sql cannot change anything', 'cleanup');
      if (/\$\{/.test(value.sql)) say('sql takes no ${…}', 'sql');
    } else if (value.http !== undefined)
      for (const key of given(OF_SQL)) say(`${key} is of an answer to sql`, 'expect', key);
    if (value.cleanup && value.capture !== undefined) say('a cleanup step captures nothing', 'capture');
  });

/** Smoke tests of a target: steps against its application and its database. */
export const smoke = z.strictObject({
  url: z
    .string()
    .regex(APPLICATION, 'expected the address of the application, such as https://app.example.com')
    .optional()
    .describe('The application; --url and a restore can name another'),
  steps: z.array(step).min(1),
});
