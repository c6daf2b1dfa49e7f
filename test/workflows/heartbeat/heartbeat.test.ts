import { CredentialsRefused, UnderstudyError } from '../../../lib/domain/errors.ts';
import type { HeartbeatRow } from '../../../lib/domain/proof/heartbeat-proof.ts';
import type { HeartbeatJob } from '../../../lib/domain/runs/job.ts';
import { checkHeartbeat } from '../../../lib/domain/status/heartbeat-lateness.ts';
import type { Credentials, Heartbeat } from '../../../lib/ports/database.ts';
import { type HeartbeatDeps, writeHeartbeat } from '../../../lib/workflows/heartbeat/heartbeat.ts';
import { credentials } from '../../support/builders.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { memoryDeps } from '../../support/doubles/deps.ts';
import { planWith } from '../../support/plan.ts';

const START = '2026-11-20T12:00:07Z';
const MINUTE = '2026-11-20T12:00:00Z';

/** A source that takes one password and keeps what is written, or fails; the secret has the old one until it is read again. */
function world({ takes = 'old', heartbeat = true } = {}) {
  const clock = manualClock(START);
  const plan = planWith({ target: heartbeat ? 'heartbeat: true' : '' });
  const rows = new Map<string, HeartbeatRow>();
  const source: { failing?: Error } = {};
  const open = ({ password }: Credentials) => {
    if (password !== takes) throw new CredentialsRefused('credentials-refused', 'db refused the credentials');
    if (source.failing) throw source.failing;
  };
  const table: Heartbeat = {
    async write(given, minute) {
      open(given);
      if (rows.has(minute)) return 'there';
      rows.set(minute, { minute, writtenAt: minute.replace('Z', '.000000Z') });
      return 'written';
    },
    rows: async () => [...rows.values()],
  };
  const base = memoryDeps(clock);
  const deps: HeartbeatDeps & typeof base = {
    ...base,
    plan,
    heartbeat: table,
    secrets: { credentials: async (_, again) => credentials({ password: again?.again ? 'new' : 'old' }) },
  };
  return {
    ...base,
    deps,
    rows,
    source,
    target: plan.targets[0]!,
    write: (changes: Partial<HeartbeatJob> = {}) => {
      const job = { job: 'heartbeat', target: 'crm', requestedBy: 'schedule' } as const;
      return writeHeartbeat({ ...job, scheduledFor: MINUTE, ...changes }, deps);
    },
    status: async () => (await base.catalog.statuses(['crm'])).get('crm'),
  };
}

describe('the heartbeat job', () => {
  it('writes a row for its scheduled minute, observes when, and leaves no run', async () => {
    const { write, rows, status, catalog } = world();
    expect(await write()).toEqual({ outcome: 'written', minute: MINUTE });
    expect([...rows.keys()]).toEqual([MINUTE]);
    expect(await status()).toMatchObject({ heartbeatAt: START });
    expect(await catalog.runs('crm', 'heartbeat', 10)).toEqual([]);
    expect(await catalog.openRuns()).toEqual([]);
  });

  it('puts a gap before its row on the timeline, once', async () => {
    const { write, clock, catalog } = world();
    await write();
    await clock.advance(120);
    await write({ scheduledFor: '2026-11-20T12:02:00Z' });
    expect(await catalog.timeline('crm', 10)).toEqual([]);
    await clock.advance(301);
    for (let times = 0; times < 2; times++) await write({ scheduledFor: '2026-11-20T12:07:00Z' });
    const message =
      'no row reached the heartbeat of crm from 2026-11-20T12:02:07Z to 2026-11-20T12:07:08Z: for 5 min at most it took no writes';
    expect(await catalog.timeline('crm', 10)).toMatchObject([
      { at: '2026-11-20T12:02:07Z', code: 'heartbeat-gap', message },
    ]);
  });

  it('writes one row for each minute, whatever the second of its message', async () => {
    const { write, rows } = world();
    await write();
    expect(await write({ scheduledFor: '2026-11-20T12:00:59Z' })).toEqual({
      outcome: 'there',
      minute: MINUTE,
    });
    expect(rows.size).toBe(1);
  });

  it('observes nothing for a row that was there: an old message does not hide a silence', async () => {
    const { write, clock, status, target } = world();
    await write();
    clock.set('2026-11-20T12:20:00Z');
    expect(await write()).toMatchObject({ outcome: 'there' });
    expect(await status()).toMatchObject({ heartbeatAt: START });
    expect(checkHeartbeat(target, (await status())!, clock.now())).toHaveLength(1);
  });

  it('observes a row that it writes late by the time of writing', async () => {
    const { write, clock, status } = world();
    clock.set('2026-11-20T12:20:00Z');
    await write();
    expect(await status()).toMatchObject({ heartbeatAt: '2026-11-20T12:20:00Z' });
  });

  it('writes with the new password when the secret was rotated', async () => {
    const { write, rows } = world({ takes: 'new' });
    expect(await write()).toMatchObject({ outcome: 'written' });
    expect(rows.size).toBe(1);
  });

  it('reads refused credentials once more, and then fails', async () => {
    const { write, status } = world({ takes: 'another' });
    await expect(write()).rejects.toMatchObject({ code: 'credentials-refused' });
    expect(await status()).toBeUndefined();
  });

  it('fails with a log line, and neither alerts nor observes, when the row cannot be written', async () => {
    const { write, source, status, log, catalog } = world();
    const error = { code: 'heartbeat-missing', message: 'there is no table', hint: 'run the SQL' };
    source.failing = new UnderstudyError(error.code, error.message, { hint: error.hint });
    await expect(write()).rejects.toBe(source.failing);
    expect(log.lines).toMatchObject([{ level: 'error', fields: { target: 'crm', minute: MINUTE, error } }]);
    expect(await catalog.openFindings()).toEqual([]);
    expect(await status()).toBeUndefined();
  });

  it('observes its row after an earlier observation failed', async () => {
    const { write, deps, catalog, clock, status } = world();
    deps.catalog = { ...catalog, observe: () => Promise.reject(new Error('throttled')) };
    await expect(write()).rejects.toThrow('throttled');
    deps.catalog = catalog;
    clock.set('2026-11-20T12:01:05Z');
    await write({ scheduledFor: '2026-11-20T12:01:00Z' });
    expect(await status()).toMatchObject({ heartbeatAt: '2026-11-20T12:01:05Z' });
  });

  it.each([
    ['a target without a heartbeat', {}, false, 'scripts/sql/heartbeat.sql'],
    ['a target that does not exist', { target: 'gone' }, true, 'there are crm'],
    ['a minute in the future', { scheduledFor: '2026-11-20T13:00:00Z' }, true, 'now'],
  ])('refuses %s', async (_what, changes, heartbeat, said) => {
    const { write, rows } = world({ heartbeat });
    const hint = expect.stringContaining(said);
    await expect(write(changes)).rejects.toMatchObject({ code: 'input-invalid', hint });
    expect(rows.size).toBe(0);
  });
});
