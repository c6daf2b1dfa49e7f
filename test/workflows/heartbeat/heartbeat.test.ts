import { CredentialsRefused, UnderstudyError } from '../../../lib/domain/errors.ts';
import type { HeartbeatRow } from '../../../lib/domain/proof/heartbeat-proof.ts';
import type { HeartbeatJob } from '../../../lib/domain/runs/job.ts';
import { checkHeartbeat } from '../../../lib/domain/status/heartbeat-lateness.ts';
import type { Credentials, Heartbeat, Secrets } from '../../../lib/ports/database.ts';
import { writeHeartbeat } from '../../../lib/workflows/heartbeat/heartbeat.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { recordingLog } from '../../support/doubles/log.ts';
import { planWith } from '../../support/plan.ts';

const START = '2026-11-20T12:00:07Z';
const JOB: HeartbeatJob = {
  job: 'heartbeat',
  target: 'crm',
  scheduledFor: '2026-11-20T12:00:00Z',
  requestedBy: 'schedule',
};
const OLD: Credentials = {
  host: 'db',
  port: 5432,
  database: 'crm',
  user: 'understudy',
  password: 'old',
  sslmode: 'require',
};
const NEW: Credentials = { ...OLD, password: 'new' };

/** A source that takes one password and keeps what is written; `failing` is what it answers instead. */
function world({ takes = 'old', heartbeat = true } = {}) {
  const clock = manualClock(START);
  const plan = planWith({ target: heartbeat ? 'heartbeat: true' : '' });
  const rows = new Map<string, HeartbeatRow>();
  const state: { failing?: Error; takes: string } = { takes };
  const open = ({ password }: Credentials) => {
    if (password !== state.takes)
      throw new CredentialsRefused('credentials-refused', 'db refused the credentials');
    if (state.failing) throw state.failing;
  };
  const source: Heartbeat = {
    async write(credentials, minute) {
      open(credentials);
      if (rows.has(minute)) return 'there';
      rows.set(minute, { minute, writtenAt: minute.replace('Z', '.000000Z') });
      return 'written';
    },
    rows: async () => [...rows.values()],
  };
  const secrets: Secrets = { credentials: async (_, options) => (options?.again ? NEW : OLD) };
  const deps = {
    plan,
    heartbeat: source,
    secrets,
    catalog: memoryCatalog(clock),
    clock,
    log: recordingLog(),
  };
  const status = async () => (await deps.catalog.statuses(['crm'])).get('crm');
  return { deps, clock, rows, state, status, target: plan.targets[0]! };
}

describe('a row of the heartbeat', () => {
  it('is written for the minute it was scheduled for, and observed when it was written', async () => {
    const { deps, rows, status } = world();
    expect(await writeHeartbeat(JOB, deps)).toEqual({ outcome: 'written', minute: '2026-11-20T12:00:00Z' });
    expect([...rows.keys()]).toEqual(['2026-11-20T12:00:00Z']);
    expect(await status()).toMatchObject({ heartbeatAt: START });
  });

  it('that comes after a gap puts that on the timeline, once: so long the source took no writes at most', async () => {
    const { deps, clock } = world();
    const at = (scheduledFor: string) => writeHeartbeat({ ...JOB, scheduledFor }, deps);
    await at('2026-11-20T12:00:00Z');
    await clock.advance(120);
    await at('2026-11-20T12:02:00Z');
    expect(await deps.catalog.timeline('crm', 10)).toEqual([]);
    await clock.advance(301);
    await at('2026-11-20T12:07:00Z');
    await at('2026-11-20T12:07:00Z');
    expect(await deps.catalog.timeline('crm', 10)).toMatchObject([
      {
        at: '2026-11-20T12:02:07Z',
        code: 'heartbeat-gap',
        message:
          'no row reached the heartbeat of crm from 2026-11-20T12:02:07Z to 2026-11-20T12:07:08Z: for 5 min at most it took no writes',
      },
    ]);
  });

  it('is one row a minute, whatever second somebody names', async () => {
    const { deps, rows } = world();
    await writeHeartbeat(JOB, deps);
    const again = await writeHeartbeat({ ...JOB, scheduledFor: '2026-11-20T12:00:59Z' }, deps);
    expect(again).toEqual({ outcome: 'there', minute: '2026-11-20T12:00:00Z' });
    expect(rows.size).toBe(1);
  });

  it('leaves no run', async () => {
    const { deps } = world();
    await writeHeartbeat(JOB, deps);
    expect(await deps.catalog.runs('crm', 'heartbeat', 10)).toEqual([]);
    expect(await deps.catalog.openRuns()).toEqual([]);
  });

  it('that was there before is no news: an old message does not hide a silence', async () => {
    const { deps, clock, status, target } = world();
    await writeHeartbeat(JOB, deps);
    clock.set('2026-11-20T12:20:00Z');
    expect(await writeHeartbeat(JOB, deps)).toMatchObject({ outcome: 'there' });
    expect(await status()).toMatchObject({ heartbeatAt: START });
    expect(checkHeartbeat(target, (await status())!, clock.now())).toHaveLength(1);
  });

  it('that comes late is news: it was written now', async () => {
    const { deps, clock, status } = world();
    clock.set('2026-11-20T12:20:00Z');
    await writeHeartbeat(JOB, deps);
    expect(await status()).toMatchObject({ heartbeatAt: '2026-11-20T12:20:00Z' });
  });

  it('is written with the new password when the secret was rotated just now', async () => {
    const { deps, rows } = world({ takes: 'new' });
    expect(await writeHeartbeat(JOB, deps)).toMatchObject({ outcome: 'written' });
    expect(rows.size).toBe(1);
  });

  it('is tried with fresh credentials once, and then no more', async () => {
    const { deps, status } = world({ takes: 'another' });
    await expect(writeHeartbeat(JOB, deps)).rejects.toMatchObject({ code: 'credentials-refused' });
    expect(await status()).toBeUndefined();
  });

  it('that cannot be written is logged with its hint and thrown; nobody is told and nothing is observed', async () => {
    const { deps, state, status } = world();
    state.failing = new UnderstudyError('heartbeat-missing', 'there is no table', { hint: 'run the SQL' });
    await expect(writeHeartbeat(JOB, deps)).rejects.toBe(state.failing);
    expect(deps.log.lines).toEqual([
      expect.objectContaining({
        level: 'error',
        fields: {
          target: 'crm',
          minute: '2026-11-20T12:00:00Z',
          error: { code: 'heartbeat-missing', message: 'there is no table', hint: 'run the SQL' },
        },
      }),
    ]);
    expect(await deps.catalog.openFindings()).toEqual([]);
    expect(await status()).toBeUndefined();
  });

  it('is observed by the next one when its own observation failed', async () => {
    const { deps, clock, status } = world();
    const broken = { ...deps.catalog, observe: () => Promise.reject(new Error('throttled')) };
    await expect(writeHeartbeat(JOB, { ...deps, catalog: broken })).rejects.toThrow('throttled');
    clock.set('2026-11-20T12:01:05Z');
    await writeHeartbeat({ ...JOB, scheduledFor: '2026-11-20T12:01:00Z' }, deps);
    expect(await status()).toMatchObject({ heartbeatAt: '2026-11-20T12:01:05Z' });
  });

  it.each([
    ['a target without a heartbeat, naming the SQL', JOB, false, 'scripts/sql/heartbeat.sql'],
    ['a target that does not exist', { ...JOB, target: 'gone' }, true, 'there are crm'],
    ['a moment of the future', { ...JOB, scheduledFor: '2026-11-20T13:00:00Z' }, true, 'now'],
  ])('is refused for %s', async (_, job, heartbeat, hint) => {
    const { deps, rows } = world({ heartbeat });
    await expect(writeHeartbeat(job, deps)).rejects.toMatchObject({
      code: 'input-invalid',
      hint: expect.stringContaining(hint),
    });
    expect(rows.size).toBe(0);
  });
});
