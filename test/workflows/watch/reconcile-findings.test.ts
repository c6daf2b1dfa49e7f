import type { FindingCode } from '../../../lib/domain/findings/finding.ts';
import type { Policy, Target } from '../../../lib/domain/plan/policy.ts';
import { DAY, HOME, HOUR, platformSource, policy, snapshotPoint, target } from '../../support/builders.ts';
import { STARTER } from '../../support/doubles/hooks.ts';
import { SMOKE } from '../../support/emergency-world.ts';
import { claimRun, raiseFinding } from '../../support/records.ts';
import { instanceOf } from '../../support/rehearsals.ts';
import { snapshotOptions } from '../../support/snapshots.ts';
import { watchWorld } from '../../support/watching.ts';

/** A target with an instance; nothing is scheduled, so that nothing is owed. */
function world(changes: Partial<Policy> = {}, of: Partial<Target> = {}) {
  const made = policy({ objectives: { rpo: { pitr: 900 }, rto: HOUR }, schedules: {}, ...changes });
  const crm = target({ policy: made, platform: { kind: 'rds', id: 'crm-db' }, ...of });
  const plan = { schemaVersion: 1 as const, policies: [made], targets: [crm] };
  return watchWorld(plan, [platformSource({ pitr: { latest: '2026-11-20T11:56:00Z' } })]);
}
const ABROAD = snapshotOptions({ copies: [{ region: 'eu-west-1' }] });
const WITHOUT_INSTANCE: Partial<Target> = { platform: undefined as never };

describe('the watch (open findings)', () => {
  it('drops what is about a place that the policy no longer copies to, and keeps the rest', async () => {
    const { look, told, open, deps } = world(ABROAD);
    for (const place of ['eu-west-1', 'eu-north-1']) {
      await raiseFinding(deps, 'copy-impossible', place);
      await raiseFinding(deps, 'job-failed', `copy to ${place}`);
    }
    told();
    await look();
    expect(told().sort()).toEqual([
      'dropped P1 copy-impossible crm eu-north-1',
      'dropped P1 job-failed crm copy to eu-north-1',
    ]);
    expect(await open()).toEqual(['copy-impossible crm eu-west-1', 'job-failed crm copy to eu-west-1']);
  });

  it('drops what is about an automated or foreign snapshot that is gone, and keeps the rest', async () => {
    const { look, open, deps, catalog } = world();
    const points = (['automated', 'automated', 'foreign', 'snapshot'] as const).map((kind, at) =>
      snapshotPoint(`2026-11-0${at + 1}T01:00:00Z`, {
        kind,
        state: at === 1 ? 'corrupt' : 'expired',
        place: 'eu-north-1',
      }),
    );
    for (const point of points) {
      await catalog.adoptPoint(point);
      await raiseFinding(deps, 'proof-mismatch', point.id);
    }
    await look();
    expect(await open()).toEqual([
      `proof-mismatch crm ${points[1]!.id}`,
      `proof-mismatch crm ${points[3]!.id}`,
    ]);
  });

  const FOREIGN = snapshotPoint('2026-11-01T01:00:00Z', { kind: 'foreign', state: 'expired' });
  it.each<[FindingCode, string, string, Partial<Target>?]>([
    ['restore-key-unusable', 'a foreign snapshot that is gone', FOREIGN.id],
    ['restore-key-unusable', 'a copy in a place of no policy', '20261101T010000Z-snapshot@eu-north-1'],
    ['instance-deleted', 'an instance under a former name', 'crm-db-1'],
    ['instance-deleted', 'an instance, of a target without one', 'crm-db', WITHOUT_INSTANCE],
    ['backups-disabled', 'an instance, of a target without one', 'crm-db', WITHOUT_INSTANCE],
    ['posture-public', 'an instance, of a target without one', 'crm-db', WITHOUT_INSTANCE],
    ['assertion-failed', 'an assertion that was taken out', 'leads'],
    ['assertion-failed', 'an assertion about snapshots that was taken out', 'leads, of a snapshot'],
    ['smoke-failed', 'a smoke step that was taken out', 'leads, of a snapshot'],
  ])('drops %s about %s', async (code, _what, subject, of = {}) => {
    const { look, open, deps, catalog } = world({}, of);
    await catalog.adoptPoint(FOREIGN);
    await raiseFinding(deps, code, subject);
    await look();
    expect((await open()).filter((each) => each.startsWith(code))).toEqual([]);
  });

  it('keeps what is about an assertion, an instance and a Region of the plan, and drops another Region’s', async () => {
    const assertions = [{ name: 'leads', sql: 'select 1', when: 'always', is: '1' }] as never;
    const smoke = {
      steps: [{ name: 'leads', priority: 'P0', sql: 'select 1', expect: { equals: 1 } }],
    } as never;
    const { look, open, deps } = world({}, { assertions, smoke });
    await raiseFinding(deps, 'assertion-failed', 'leads, of a moment');
    await raiseFinding(deps, 'smoke-failed', 'leads, of a moment');
    await raiseFinding(deps, 'smoke-unasked', 'log in, of a moment');
    await raiseFinding(deps, 'posture-public', 'crm-db');
    for (const place of [HOME, 'eu-north-1'])
      await raiseFinding(deps, 'snapshot-quota-near', place, 'understudy');
    await look();
    expect((await open()).filter((each) => /^(assertion|posture|smoke|snapshot-quota)/.test(each))).toEqual([
      'assertion-failed crm leads, of a moment',
      'posture-public crm crm-db',
      'smoke-failed crm leads, of a moment',
      `snapshot-quota-near understudy ${HOME}`,
    ]);
  });

  it.each([
    ['keeps', 'where a hook starts an application', STARTER, ['smoke-unasked crm log in, of a moment']],
    ['drops', 'where none does', undefined, []],
  ])('%s what is about a smoke step by HTTP %s', async (_, _where, application, kept) => {
    const { look, open, deps } = world(instanceOf({ application }), { smoke: SMOKE });
    await raiseFinding(deps, 'smoke-unasked', 'log in, of a moment');
    await look();
    expect((await open()).filter((each) => each.startsWith('smoke'))).toEqual(kept);
  });

  it.each<[string, string, Policy['schedules'], string[]]>([
    ['closes after a day', 'nothing starts again', {}, []],
    [
      'keeps',
      'its schedule starts again',
      { snapshot: { cron: '0 1 * * *', timezone: 'UTC' } },
      ['job-failed crm snapshot'],
    ],
  ])('%s the failure of a job that %s', async (_does, _which, schedules, still) => {
    const { clock, look, catalog, told, open } = world({ schedules });
    const run = { job: 'snapshot', target: 'crm', scheduledFor: '2026-11-20T11:00:00Z' };
    await claimRun(catalog, run, clock.now(), { leaseSeconds: 60 });
    await clock.advance(HOUR);
    for (let looks = 0; looks < 2; looks++) await look();
    expect(told()).toContain('opened P1 job-failed crm snapshot');
    await clock.advance(DAY);
    for (let looks = 0; looks < 3; looks++) await look();
    expect((await open()).filter((each) => each.startsWith('job-failed'))).toEqual(still);
    expect(told().filter((line) => /(opened|resolved) P1 job-failed/.test(line))).toEqual([]);
  });

  it('keeps the failure of a job that comes with another one, though nothing schedules it', async () => {
    const { look, clock, deps, open } = world();
    for (const job of ['verify', 'copy']) await raiseFinding(deps, 'job-failed', job);
    await clock.advance(2 * DAY);
    for (let looks = 0; looks < 2; looks++) await look();
    expect(await open()).toEqual(expect.arrayContaining(['job-failed crm copy', 'job-failed crm verify']));
  });

  it.each(['copy-late', 'heartbeat-silent', 'rehearsal-overdue', 'job-silent', 'rpo-breached'] as const)(
    'resolves %s when it finds it no longer',
    async (code) => {
      const { look, deps, clock, open } = world();
      await raiseFinding(deps, code, 'x');
      await clock.advance(300);
      await look();
      expect((await open()).filter((each) => each.startsWith(code))).toEqual([]);
    },
  );

  it('keeps what a notice said of backups that are off where the policy promises no moments', async () => {
    const { look, deps, open, platform } = world({ objectives: { rpo: { snapshot: 26 * HOUR }, rto: HOUR } });
    platform.putSource(platformSource({ backups: { retention: 0 } }));
    await raiseFinding(deps, 'backups-disabled', 'crm-db');
    await look();
    expect(await open()).toContain('backups-disabled crm crm-db');
  });
});
