import { HOME } from '../builders.ts';
import { memoryAlerts } from './alerts.ts';
import { memoryCatalog } from './catalog/catalog.ts';
import { type ManualClock, manualClock } from './clock.ts';
import { memoryMessages } from './job-messages.ts';
import { recordingLog } from './log.ts';
import { recordingMetrics } from './metrics.ts';

/** What every job is given, in memory: nothing is on record, and no alert was sent. */
export function memoryDeps(clock: ManualClock = manualClock()) {
  return {
    clock,
    alerts: memoryAlerts(),
    catalog: memoryCatalog(clock, HOME),
    messages: memoryMessages(clock),
    metrics: recordingMetrics(),
    log: recordingLog(),
    stage: 'test',
    home: HOME,
  };
}
