import type { Smoke, SmokeStep, SqlExpectation } from '../domain/smoke/smoke-step.ts';
import { seconds } from '../domain/time.ts';
import type { ConfigTarget } from './config-schema.ts';

type Written = NonNullable<ConfigTarget['smoke']>;

/** Smoke steps with their durations in seconds and all defaults. */
export function resolveSmoke(written: ConfigTarget['smoke']): Smoke {
  if (!written) return { steps: [] };
  return {
    ...(written.url === undefined ? {} : { url: written.url }),
    steps: written.steps.map(resolveStep),
  };
}

function resolveStep(step: Written['steps'][number]): SmokeStep {
  const named = {
    name: step.name,
    priority: step.priority ?? (step.cleanup ? 'P2' : 'P0'),
    timeout: seconds(step.timeout),
    retries: step.retries,
    retryAfter: seconds(step.retryAfter),
  } as const;
  const { status = [], headers = {}, json = {}, text, ...ofSql } = step.expect ?? {};
  if (step.sql !== undefined) return { ...named, sql: step.sql, expect: expectationOf(ofSql) };
  return {
    ...named,
    cleanup: step.cleanup,
    http: step.http!,
    expect: { status: [status].flat(), headers, json, ...(text === undefined ? {} : { text }) },
    capture: step.capture ?? {},
  };
}

function expectationOf({
  equals,
  minimum,
  fresherThan,
}: Pick<
  NonNullable<Written['steps'][number]['expect']>,
  'equals' | 'minimum' | 'fresherThan'
>): SqlExpectation {
  if (equals !== undefined) return { equals };
  if (minimum !== undefined) return { minimum };
  return { fresherThan: seconds(fresherThan!) };
}
