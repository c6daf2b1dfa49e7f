import type { Log, LogFields } from '../../../lib/ports/messages.ts';

export type LogLine = { level: 'info' | 'warn' | 'error'; message: string; fields: LogFields };
export type RecordingLog = Log & {
  lines: LogLine[];
  /** The messages of one level, in order. */
  said(level: LogLine['level']): string[];
};

/** Keeps every line as it was when it was written: what the caller changes afterwards does not change the record. */
export function recordingLog(): RecordingLog {
  const lines: LogLine[] = [];
  const write =
    (level: LogLine['level']) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, fields: structuredClone(fields) });
  return {
    lines,
    said: (level) => lines.filter((line) => line.level === level).map((line) => line.message),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
}
