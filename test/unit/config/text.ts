import { loadPlan } from '../../../lib/config/load.ts';
import { InputError } from '../../../lib/domain/errors.ts';
import type { Plan } from '../../../lib/domain/plan/policy.ts';

export const NOW = new Date('2026-11-20T12:00:00Z');

/** A file that is right. Tests put mistakes into it, by the text they replace. */
export const RIGHT = `version: 1
policies:
  production:
    objectives:
      rpo: { dump: 26h }
      rto: 1h
    schedules:
      dump: "0 1 * * *"
      verify: "30 1 * * *"
      rehearse: "0 2 * * SUN"
      expire: "0 5 * * *"
    grace: 30m
    usual: { dump: 15m, verify: 10m }
    retention: { daily: 35d, weekly: 12w, monthly: 12mo }
    dump: { compression: auto }
    verify: { depth: full }
    proof: { depth: fingerprints }
    rehearsal: { point: newest, atMostEvery: 8d }
    vault: { lock: governance, lockFor: 30d }
    severities: { size-anomaly: P3 }
targets:
  crm:
    policy: production
    priority: P1
    connection: { secret: understudy/crm }
    assertions:
      - name: leads are there
        sql: select count(*) from leads
        minimum: 1000
`;

/** Another that is right: an instance of RDS with dumps, snapshots, copies and a promise by winding back. */
export const SNAPPED = `version: 1
policies:
  production:
    objectives:
      rpo: { dump: 26h, snapshot: 13h, pitr: 15m }
      rto: 1h
    schedules:
      dump: "0 1 * * *"
      rehearse: "0 2 * * SUN"
      snapshot: "0 0,12 * * *"
      rehearse-snapshot: "0 3 * * SUN"
      rehearse-moment: "0 4 1 * *"
      preflight: "0 6 * * *"
      expire: "0 5 * * *"
    retention: { daily: 35d }
    pitr: { window: 14d }
    snapshot:
      copies:
        - { region: eu-west-1, kmsKey: alias/abroad }
        - { region: eu-west-1, account: "444455556666", role: "arn:aws:iam::444455556666:role/r", kmsKey: alias/vaulted }
targets:
  crm:
    policy: production
    rds: crm-db
    heartbeat: true
    connection: { secret: understudy/crm }
`;

/** The right file with some of its text replaced; every text must be there, so that no test is about nothing. */
export function withText(...changes: [from: string, to: string][]): string {
  return replaced(RIGHT, ...changes);
}

export function replaced(file: string, ...changes: [from: string, to: string][]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the sample has no "${from}"`);
    return text.replace(from, () => to);
  }, file);
}

export const load = (text: string): Plan => loadPlan(text, 'u.yml', NOW);

/** Every mistake in a file, as `line path: message`. Anything but an InputError fails the test. */
export function mistakesOf(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.mistakes.map((mistake) => mistake.replace(/^u\.yml:/, ''));
  }
  return [];
}
