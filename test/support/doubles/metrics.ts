import type { Metrics } from '../../../lib/ports/messages.ts';

export type Counted = {
  name: string;
  value: number;
  dimensions: Record<string, string>;
  properties: Record<string, string>;
};
export type RecordingMetrics = Metrics & {
  counted: Counted[];
  /** Sum of everything counted under a name; 0 when nothing was. */
  sum(name: string): number;
};

/** Keeps what was counted. A dimension without a value is none, as in CloudWatch. */
export function recordingMetrics(): RecordingMetrics {
  const counted: Counted[] = [];
  return {
    counted,
    sum: (name) => counted.filter((each) => each.name === name).reduce((sum, each) => sum + each.value, 0),
    count(name, value, dimensions = {}, properties = {}) {
      if (typeof value !== 'number' || Number.isNaN(value)) throw new RangeError(`${value} is not a number`);
      const given = Object.entries(dimensions).flatMap(([key, text]) => (text ? [[key, text]] : []));
      counted.push({ name, value, dimensions: Object.fromEntries(given), properties: { ...properties } });
    },
  };
}
