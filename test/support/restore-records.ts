import type { RestoreRecord } from '../../lib/domain/incidents/restore-record.ts';
import { policy } from './builders.ts';

/** A restore that anna began at noon, and that has done nothing yet. */
export function restoreRecord(changes: Partial<RestoreRecord> = {}): RestoreRecord {
  return {
    ...{ target: 'crm', id: '20261120T120000Z', token: 'first', state: 'running', by: 'anna', kind: 'rds' },
    ...{ startedAt: '2026-11-20T12:00:00Z', aliveUntil: '2026-11-23T12:00:00Z', confirmed: 'x' },
    way: { kind: 'moment', asOf: '2026-11-20T11:00:00Z' },
    settings: policy().restore,
    ...{ phase: 'declare', phases: [], phaseBeganAt: '2026-11-20T12:00:00Z', secretsBefore: [] },
    ...{ notes: [], incomplete: [], undone: [], notPutBack: [] },
    ...changes,
  };
}
