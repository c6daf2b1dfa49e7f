import type { Clock } from '../../../lib/ports/clock.ts';
import { memoryMessages } from './job-messages.ts';
import { memoryPlatform } from './platform.ts';
import { memoryScratchInstances, memoryScratchSecrets } from './scratch-instances.ts';

/** What a look at AWS needs, with nothing there. */
export function emptyPlatforms(clock: Clock) {
  return {
    platform: memoryPlatform(),
    messages: memoryMessages(clock),
    scratch: memoryScratchInstances(),
    scratchSecrets: memoryScratchSecrets(),
    secrets: { credentials: async () => Promise.reject(new Error('there is no secret')) },
    keyState: async () => 'usable' as const,
    home: 'eu-central-1',
  };
}
