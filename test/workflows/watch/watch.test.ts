import { raise } from '../../../lib/alerting/alerts.ts';
import { finding } from '../../../lib/domain/findings/finding.ts';
import { faulty } from '../../support/doubles/faults.ts';
import { planWith } from '../../support/plan.ts';
import { claimRun, raiseFinding } from '../../support/records.ts';
import { watchWorld } from '../../support/watching.ts';

const START = '2026-11-20T12:00:00Z';
const world = () => watchWorld(planWith());

describe('the watch', () => {
  it('finds nothing about a new target, and counts that it has completed', async () => {
    const { look, told, completed } = world();
    await look();
    expect(told()).toEqual([]);
    expect(completed()).toBe(1);
  });

  it('alerts once that a job never came, and resolves it when the job comes', async () => {
    const { look, catalog, clock, told } = world();
    await look();
    clock.set('2026-11-21T01:31:00Z');
    await look();
    expect([told(), told('pages')]).toEqual([
      ['opened P0 job-silent crm dump'],
      ['opened P0 job-silent crm dump'],
    ]);
    for (const moment of ['2026-11-21T01:36:00Z', '2026-11-21T04:00:00Z', '2026-11-21T05:20:00Z']) {
      clock.set(moment);
      await look();
    }
    expect(told()).toEqual([]);
    const run = { job: 'dump', target: 'crm', scheduledFor: '2026-11-21T01:00:00Z' };
    await claimRun(catalog, run, clock.now(), { requestedBy: 'a person' });
    await look();
    expect(told()).toEqual(['resolved P0 job-silent crm dump']);
  });

  it('reminds of an open finding after a day, and no sooner', async () => {
    const { look, deps, clock, told } = world();
    await raiseFinding(deps, 'job-failed', 'dump');
    expect(told()).toEqual(['opened P1 job-failed crm dump']);
    clock.set('2026-11-21T00:50:00Z');
    await look();
    expect(told()).toEqual([]);
    clock.set('2026-11-21T12:01:00Z');
    await look();
    expect(told()).toContain('reminder P1 job-failed crm dump');
  });

  it('alerts that an RPO will be breached before the next look', async () => {
    const { look, clock, told } = world();
    await look();
    clock.set('2026-11-21T13:54:00Z');
    await look();
    expect(told().join()).not.toContain('rpo-breached');
    clock.set('2026-11-21T13:56:00Z');
    await look();
    expect(told('pages')).toContain('opened P0 rpo-breached crm dump');
  });

  it.each<[string, (deployed: ReturnType<typeof world>['deployed']) => void, string]>([
    ['is missing', (deployed) => void deployed.shift(), 'schedule-missing'],
    ['is switched off', ([first]) => void Object.assign(first!, { enabled: false }), 'schedule-disabled'],
    [
      'is another than planned',
      ([first]) => void Object.assign(first!, { expression: 'cron(0 9 ? * MON *)' }),
      'schedule-different',
    ],
  ])('alerts that a schedule %s', async (_what, change, code) => {
    const { look, deployed, told } = world();
    change(deployed);
    await look();
    expect(told()).toContainEqual(expect.stringContaining(code));
  });

  it('alerts that a topic has no subscriber or an unconfirmed one, without the secret of its address', async () => {
    const { look, alerts, told } = world();
    const endpoint = 'https://pager.example.org/hook/SECRET';
    alerts.subscribe('pages', { protocol: 'https', endpoint, confirmed: false });
    alerts.remove('alarms');
    alerts.restore('alarms');
    await look();
    const lines = told();
    expect(lines).toContain('opened P1 no-subscribers understudy alarms');
    const unconfirmed = 'subscription-unconfirmed understudy pages https pager.example.org';
    expect(lines).toContainEqual(expect.stringContaining(unconfirmed));
    expect(lines.join()).not.toContain('SECRET');
  });

  it('looks at everything else when one question has no answer, and does not count that it has completed', async () => {
    const { look, deps, clock, told, completed } = world();
    await look();
    clock.set('2026-11-21T01:31:00Z');
    deps.schedules.deployed = () => Promise.reject(new Error('throttled'));
    expect((await look()).unjudged).toEqual([expect.stringContaining('throttled')]);
    expect(told()).toContain('opened P0 job-silent crm dump');
    expect(completed()).toBe(1);
  });

  it('alerts about an upload that it aborted although it could not end a dead run', async () => {
    const { look, deps, vault, clock, told } = world();
    vault.leaveOpen('crm/2026/11/20/20261120T010000Z-1.dump');
    const run = { job: 'expire', target: 'crm', scheduledFor: START };
    await claimRun(deps.catalog, run, START, { leaseSeconds: 60 });
    await clock.advance(7200);
    const broken = faulty(deps.catalog);
    broken.fail('claim', new Error('throttled'));
    deps.catalog = broken.port;
    expect((await look()).unjudged).toEqual([expect.stringContaining('throttled')]);
    expect(told().join()).toContain('upload-abandoned');
    expect(await vault.openUploads('')).toEqual([]);
  });

  it('drops a finding about a target that has left the plan', async () => {
    const { look, deps, told } = world();
    await raiseFinding(deps, 'rpo-breached', 'dump', 'gone');
    await look();
    expect(told()).toContain('dropped P0 rpo-breached gone dump');
  });

  it('drops a finding whose code only another version of Understudy knows, and completes its look', async () => {
    const { look, deps, told, open } = world();
    const known = finding('rpo-breached', { target: { id: 'crm' }, subject: 'pages', message: 'late' });
    await raise(deps, { ...known, code: 'alerts-unheard' as typeof known.code });
    expect((await look()).unjudged).toEqual([]);
    expect(told()).toContain('dropped P0 alerts-unheard crm pages');
    expect((await open()).join()).not.toContain('alerts-unheard');
  });

  it('alerts about a failed run whose worker died before its alert, and resolves it when the run succeeds', async () => {
    const { look, catalog, told } = world();
    const run = { job: 'dump', target: 'crm', scheduledFor: START };
    const failure = { summary: 'pg_dump exited with 1', error: { code: 'x', message: 'x' } };
    const failed = await claimRun(catalog, run, START);
    await catalog.finish(failed, { state: 'failed', endedAt: START, ...failure });
    await look();
    expect(told()).toContain('opened P1 job-failed crm dump');
    const again = await claimRun(catalog, run, START);
    await catalog.finish(again, { state: 'succeeded', endedAt: START, summary: 'good' });
    await catalog.refreshStatus('crm');
    await look();
    expect(told()).toContain('resolved P1 job-failed crm dump');
  });
});

describe('an alert', () => {
  it('reaches the pager when topic alerts is gone, and its loss is recorded, counted and paged', async () => {
    const { deps, alerts, catalog, metrics } = world();
    alerts.remove('alerts');
    await raiseFinding(deps, 'rpo-breached', 'dump');
    expect(alerts.told('pages')).toEqual([
      'opened P0 rpo-breached crm dump',
      'opened P1 alert-undelivered understudy alerts',
    ]);
    expect(metrics.counted).toContainEqual(expect.objectContaining({ name: 'AlertUndelivered' }));
    const untold = expect.objectContaining({ topics: ['alerts'] });
    expect(await catalog.openFindings()).toContainEqual(
      expect.objectContaining({ code: 'rpo-breached', untold }),
    );
  });

  it('is sent again to the topic that did not take it, and to no other, until it arrives', async () => {
    const { look, deps, alerts, clock, told } = world();
    alerts.remove('alerts');
    await raiseFinding(deps, 'job-failed', 'dump');
    told('pages');
    for (const minute of ['05', '10', '15']) {
      clock.set(`2026-11-20T12:${minute}:00Z`);
      await look();
    }
    expect(alerts.taken).toEqual([]);
    alerts.restore('alerts');
    clock.set('2026-11-20T12:20:00Z');
    await look();
    const arrived = ['opened P1 job-failed crm dump', 'resolved P1 alert-undelivered understudy alerts'];
    expect(told()).toEqual(expect.arrayContaining(arrived));
  });

  it('is sent although the catalog records nothing', async () => {
    const { deps, told } = world();
    const blind = faulty(deps.catalog);
    blind.fail('putFinding', new Error('throttled'));
    await raiseFinding({ ...deps, catalog: blind.port }, 'rpo-breached', 'dump');
    expect(told()).toEqual(['opened P0 rpo-breached crm dump']);
    expect(told('pages')).toEqual(['opened P0 rpo-breached crm dump']);
  });

  it('is recorded although no topic takes it', async () => {
    const { deps, alerts, open } = world();
    alerts.remove('alerts');
    alerts.remove('pages');
    await raiseFinding(deps, 'rpo-breached', 'dump');
    expect(await open()).toContain('rpo-breached crm dump');
  });
});
