import { Logger } from '@aws-lambda-powertools/logger';
import { MetricUnit, Metrics as PowertoolsMetrics } from '@aws-lambda-powertools/metrics';
import type { Log, Metrics } from '../ports/messages.ts';

/** JSON lines on stdout for Lambda. Never receives credentials. */
export function lambdaLog(): Log {
  const logger = new Logger();
  return {
    info: (message, fields) => logger.info(message, fields ?? {}),
    warn: (message, fields) => logger.warn(message, fields ?? {}),
    error: (message, fields) => logger.error(message, fields ?? {}),
  };
}

/**
 * Metrics as embedded metrics: a log line that CloudWatch reads. Dimensions are policy and job, never the target,
 * which is a property of the event: 10,000 targets must not cost 10,000 metrics.
 */
export function embeddedMetrics(): Metrics {
  const metrics = new PowertoolsMetrics({ namespace: 'Understudy' });
  return {
    count(name, value, dimensions = {}, properties = {}) {
      const single = metrics.singleMetric();
      for (const [key, text] of Object.entries(dimensions)) if (text) single.addDimension(key, text);
      for (const [key, text] of Object.entries(properties)) single.addMetadata(key, text);
      single.addMetric(name, name.endsWith('Seconds') ? MetricUnit.Seconds : MetricUnit.Count, value);
    },
  };
}
