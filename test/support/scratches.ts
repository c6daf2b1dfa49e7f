import { runName, scratchName } from '../../lib/domain/names.ts';
import { TAGS } from '../../lib/domain/points/platform-source.ts';
import type { ScratchRecord } from '../../lib/domain/runs/scratch-record.ts';
import type { ScratchOrder } from '../../lib/ports/platform.ts';

/** A rehearsal of yesterday, its instance, and its record. Where it is noon, both have expired half an hour ago. */
export const REHEARSAL = { job: 'rehearse-snapshot', target: 'crm', scheduledFor: '2026-11-19T02:00:00Z' };
export const SCRATCH = scratchName('test', 'crm', REHEARSAL);
const EXPIRED = '2026-11-20T11:30:00Z';

export function scratchTags(changes: Record<string, string> = {}): Record<string, string> {
  return {
    [TAGS.run]: runName(REHEARSAL),
    [TAGS.target]: 'crm',
    [TAGS.policy]: 'production',
    [TAGS.stage]: 'test',
    [TAGS.expires]: EXPIRED,
    ...changes,
  };
}

export function scratchOrder(changes: Partial<ScratchOrder> = {}): ScratchOrder {
  return {
    kind: 'rds',
    name: SCRATCH,
    from: { snapshot: 'snap-02' },
    engine: 'postgres',
    engineVersion: '15.18',
    instanceClass: 'db.t4g.medium',
    subnetGroup: 'quarantine',
    securityGroups: ['sg-quarantine'],
    tags: scratchTags(),
    ...changes,
  };
}

export function scratchRecord(changes: Partial<ScratchRecord> = {}): ScratchRecord {
  return {
    target: 'crm',
    policy: 'production',
    name: SCRATCH,
    kind: 'rds',
    run: runName(REHEARSAL),
    state: 'making',
    beganAt: REHEARSAL.scheduledFor,
    expiresAt: EXPIRED,
    ...changes,
  };
}
