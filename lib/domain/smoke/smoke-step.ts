/** P0 failing ends a restore, P1 is asked about, P2 is noted. */
export type SmokePriority = 'P0' | 'P1' | 'P2';

/** The address of an application: without a user, a query and a fragment. */
export const APPLICATION = /^https?:\/\/[^/?#@\s]+(?:\/[^?#\s]*)?$/;

/** The smoke steps of a target, and the address of its application. */
export type Smoke = { url?: string | undefined; steps: SmokeStep[] };

type Named = {
  name: string;
  priority: SmokePriority;
  /** Of one try, in seconds: a request with its whole answer, or a query. */
  timeout: number;
  retries: number;
  /** Seconds between two tries. */
  retryAfter: number;
};

/** A request to the application. Its texts may contain references: `${token}`, `${secret:NAME#field}`. */
export type HttpStep = Named & {
  /** Runs at the end in any case, the last one first. */
  cleanup: boolean;
  http: {
    method: string;
    /** `/path` below the application's address, or the address of another host. */
    url: string;
    headers: Record<string, string>;
    body?: string | undefined;
    json?: unknown;
    /** Follow redirects, on the same host only. */
    follow: boolean;
  };
  expect: {
    /** Any of these; empty for every status from 200 to 299. */
    status: number[];
    /** A part of the header's value. */
    headers: Record<string, string>;
    json: Record<string, string | number | boolean | null>;
    text?: string | undefined;
  };
  /** Values for later steps: name → JSON path or header. */
  capture: Record<string, string>;
};

/** A question to the database that returns one value. */
export type SqlStep = Named & { sql: string; expect: SqlExpectation };
export type SqlExpectation =
  | { equals: string | number | boolean }
  | { minimum: number }
  | { fresherThan: number };

export type SmokeStep = HttpStep | SqlStep;

/** What became of one step. `why` quotes no secret, no captured value and nothing of an answer. */
export type SmokeResult = {
  step: string;
  priority: SmokePriority;
  ok: boolean;
  why?: string;
};

/** The record of one run of the smoke steps. */
export type SmokeReport = {
  target: string;
  url?: string;
  startedAt: string;
  endedAt: string;
  results: SmokeResult[];
};

export const isSql = (step: SmokeStep): step is SqlStep => 'sql' in step;
export const isHttp = (step: SmokeStep): step is HttpStep => 'http' in step;
export const sqlSteps = ({ steps }: Smoke): SqlStep[] => steps.filter(isSql);
export const httpSteps = ({ steps }: Smoke): HttpStep[] => steps.filter(isHttp);
const isCleanup = (step: SmokeStep) => isHttp(step) && step.cleanup;

/** The steps as they run: what cleans up comes last, and undoes the newest first. */
export function inOrder(steps: readonly SmokeStep[]): SmokeStep[] {
  return [...steps.filter((step) => !isCleanup(step)), ...steps.filter(isCleanup).reverse()];
}

/** How long it may take to connect to a database, in seconds: a question's own time begins after it. */
const CONNECTING_TAKES = 15;

/** The longest time that the steps may take in all, in seconds. */
export function longest(steps: readonly SmokeStep[]): number {
  return steps.reduce((sum, step) => {
    const once = step.timeout + (isSql(step) ? CONNECTING_TAKES : 0);
    return sum + once * (step.retries + 1) + step.retryAfter * step.retries;
  }, 0);
}

/** The steps that failed, of a priority. */
export function failedOf(results: readonly SmokeResult[], priority: SmokePriority): SmokeResult[] {
  return results.filter((result) => !result.ok && result.priority === priority);
}

export const formatFailed = ({ step, priority, why }: SmokeResult) =>
  `smoke step "${step}" (${priority}) failed: ${why}`;
