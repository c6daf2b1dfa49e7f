import middy from '@middy/core';
import { UnderstudyError } from '../lib/domain/errors.ts';
import {
  platformDeps,
  schedules,
  scratchAt,
  scratchInstances,
  scratchSecretStore,
  secrets,
  vault,
} from '../lib/runtime/compose.ts';
import { watch } from '../lib/workflows/watch/watch.ts';

/** Every five minutes → what is late, silent, dead, left over or without subscribers. */
export const handler = middy<unknown, { findings: number }>().handler(async () => {
  const { findings, unjudged } = await watch({
    ...platformDeps(),
    vault: vault(),
    scratch: scratchInstances(),
    scratchAt,
    scratchSecrets: scratchSecretStore(),
    secrets: secrets(),
    schedules: schedules(),
  });
  if (unjudged.length > 0)
    throw new UnderstudyError('watch-incomplete', `the watch could not find out: ${unjudged.join('; ')}`);
  return { findings: findings.length };
});
