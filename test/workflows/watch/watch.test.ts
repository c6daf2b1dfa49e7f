import { toAwsCron } from '../../../lib/adapters/aws/cron.ts';
import { raise } from '../../../lib/alerting/alerts.ts';
import { finding } from '../../../lib/domain/findings/finding.ts';
import type { Plan } from '../../../lib/domain/plan/policy.ts';
import { watch } from '../../../lib/workflows/watch/watch.ts';
import { memoryAlerts } from '../../support/doubles/alerts.ts';
import { memoryCatalog } from '../../support/doubles/catalog/catalog.ts';
import { manualClock } from '../../support/doubles/clock.ts';
import { faulty } from '../../support/doubles/faults.ts';
import { recordingLog } from '../../support/doubles/log.ts';
import { recordingMetrics } from '../../support/doubles/metrics.ts';
import { emptyPlatforms } from '../../support/doubles/platforms.ts';
import { schedulesOf } from '../../support/doubles/schedules.ts';
import { memoryVault } from '../../support/doubles/vault.ts';
import { planWith } from '../../support/plan.ts';

const START = '2026-11-20T12:00:00Z';

function world(plan: Plan = planWith()) {
  const clock = manualClock(START);
  const alerts = memoryAlerts();
  for (const topic of ['alerts', 'pages', 'alarms'] as const)
    alerts.subscribe(topic, { protocol: 'email', endpoint: `${topic}@example.org`, confirmed: true });
  const deployed = schedulesOf(plan);
  const metrics = recordingMetrics();
  const deps = {
    clock,
    alerts,
    metrics,
    plan,
    stage: 'test',
    log: recordingLog(),
    catalog: memoryCatalog(clock),
    vault: memoryVault(clock),
    schedules: { deployed: async () => deployed, expression: toAwsCron },
    ...emptyPlatforms(clock),
  };
  const told = () =>
    alerts.taken
      .splice(0)
      .map(
        ({ topic, json }) =>
          `${topic}: ${json['occasion']} ${json['severity']} ${json['code']} ${json['subject']}`,
      );
  const completed = () => metrics.counted.filter(({ name }) => name === 'WatchCompleted').length;
  return { deps, clock, alerts, told, completed, deployed };
}

describe('the watch', () => {
  it('has nothing to say of a new target, and says by its metric that it has looked', async () => {
    const { deps, told, completed } = world();
    await watch(deps);
    expect(told()).toEqual([]);
    expect(completed()).toBe(1);
  });

  it('says once that a job never came, reminds once a day, and takes it back when it came', async () => {
    const { deps, clock, told } = world();
    await watch(deps);
    clock.set('2026-11-21T01:31:00Z');
    await watch(deps);
    expect(told()).toEqual(['alerts: opened P0 job-silent dump', 'pages: opened P0 job-silent dump']);
    for (const moment of ['2026-11-21T01:36:00Z', '2026-11-21T04:00:00Z', '2026-11-21T05:20:00Z']) {
      clock.set(moment);
      await watch(deps);
    }
    expect(told()).toEqual([]);
    await deps.catalog.claim({
      job: 'dump',
      target: 'crm',
      scheduledFor: '2026-11-21T01:00:00Z',
      requestedBy: 'a person',
      now: clock.now(),
      leaseSeconds: 7200,
    });
    await watch(deps);
    expect(told()).toEqual(['alerts: resolved P0 job-silent dump', 'pages: resolved P0 job-silent dump']);
  });

  it('reminds of what stays open once a day and not before', async () => {
    const { deps, clock, told } = world();
    await raise(
      deps,
      finding('job-failed', { target: { id: 'crm' }, subject: 'dump', message: 'it failed' }),
    );
    expect(told()).toHaveLength(2);
    clock.set('2026-11-21T00:50:00Z');
    await watch(deps);
    expect(told()).toEqual([]);
    clock.set('2026-11-21T12:01:00Z');
    await watch(deps);
    expect(told()).toEqual(expect.arrayContaining(['pages: reminder P1 job-failed dump']));
  });

  it('says that the RPO will be breached before it looks again', async () => {
    const { deps, clock, told } = world();
    await watch(deps);
    clock.set('2026-11-21T13:54:00Z');
    await watch(deps);
    expect(told()).not.toContainEqual(expect.stringContaining('rpo-breached'));
    clock.set('2026-11-21T13:56:00Z');
    await watch(deps);
    expect(told()).toContain('pages: opened P0 rpo-breached dump');
  });

  it.each<[string, (deployed: ReturnType<typeof world>['deployed']) => void, string]>([
    ['missing', (deployed) => void deployed.shift(), 'schedule-missing'],
    ['switched off', (deployed) => void Object.assign(deployed[0]!, { enabled: false }), 'schedule-disabled'],
    [
      'another one',
      (deployed) => void Object.assign(deployed[0]!, { expression: 'cron(0 9 ? * MON *)' }),
      'schedule-different',
    ],
  ])('says that a schedule is %s', async (_, change, code) => {
    const { deps, deployed, told } = world();
    change(deployed);
    await watch(deps);
    expect(told()).toContainEqual(expect.stringContaining(code));
  });

  it('says that nobody hears a topic, and of an address that never confirmed, without the secret in it', async () => {
    const { deps, alerts, told } = world();
    alerts.subscribe('pages', {
      protocol: 'https',
      endpoint: 'https://pager.example.org/hook/SECRET',
      confirmed: false,
    });
    alerts.remove('alarms');
    alerts.restore('alarms');
    await watch(deps);
    const said = told();
    expect(said).toContain('pages: opened P1 no-subscribers alarms');
    expect(said).toContainEqual(
      expect.stringContaining('subscription-unconfirmed pages https pager.example.org'),
    );
    expect(said.join()).not.toContain('SECRET');
  });

  it('looks at everything else when one question cannot be answered, and does not say that it has completed', async () => {
    const { deps, clock, told, completed } = world();
    await watch(deps);
    clock.set('2026-11-21T01:31:00Z');
    const broken = {
      ...deps,
      schedules: { ...deps.schedules, deployed: () => Promise.reject(new Error('throttled')) },
    };
    expect((await watch(broken)).unjudged).toEqual([expect.stringContaining('throttled')]);
    expect(told()).toContain('pages: opened P0 job-silent dump');
    expect(completed()).toBe(1);
  });

  it('tells of an upload that it ended, also when it could not end a dead run', async () => {
    const { deps, clock, told } = world();
    deps.vault.leaveOpen('crm/2026/11/20/20261120T010000Z-1.dump');
    await deps.catalog.claim({
      job: 'expire',
      target: 'crm',
      scheduledFor: START,
      requestedBy: 'x',
      now: new Date(START),
      leaseSeconds: 60,
    });
    await clock.advance(7200);
    const broken = faulty(deps.catalog);
    broken.fail('claim', new Error('throttled'));
    const { unjudged } = await watch({ ...deps, catalog: broken.port });
    expect(unjudged).toEqual([expect.stringContaining('throttled')]);
    expect(told().join()).toContain('upload-abandoned');
    expect(await deps.vault.openUploads('')).toEqual([]);
  });

  it('closes what it knows of a target that has left the plan, in words that do not call it well', async () => {
    const { deps, told } = world();
    await raise(deps, finding('rpo-breached', { target: { id: 'gone' }, subject: 'dump', message: 'late' }));
    told();
    await watch(deps);
    expect(told()).toContain('pages: dropped P0 rpo-breached dump');
  });

  it('closes a finding whose code only another version of Understudy knows, and completes its look', async () => {
    const { deps, told } = world();
    const known = finding('rpo-breached', { target: { id: 'crm' }, subject: 'pages', message: 'late' });
    await raise(deps, { ...known, code: 'alerts-unheard' as typeof known.code });
    told();
    expect((await watch(deps)).unjudged).toEqual([]);
    expect(told()).toContain('pages: dropped P0 alerts-unheard pages');
    expect(await deps.catalog.openFindings('crm')).not.toContainEqual(
      expect.objectContaining({ code: 'alerts-unheard' }),
    );
  });

  it('tells of a failed run whose teller died before telling, and takes a failure back whose last run is good', async () => {
    const { deps, told } = world();
    const claimed = await deps.catalog.claim({
      job: 'dump',
      target: 'crm',
      scheduledFor: START,
      requestedBy: 'x',
      now: new Date(START),
      leaseSeconds: 60,
    });
    if (claimed.outcome !== 'claimed') throw new Error('not claimed');
    await deps.catalog.finish(claimed.claim, {
      state: 'failed',
      endedAt: START,
      summary: 'pg_dump exited with 1',
      error: { code: 'x', message: 'x' },
    });
    await watch(deps);
    expect(told()).toContain('pages: opened P1 job-failed dump');
    const again = await deps.catalog.claim({
      job: 'dump',
      target: 'crm',
      scheduledFor: START,
      requestedBy: 'x',
      now: new Date(START),
      leaseSeconds: 60,
    });
    if (again.outcome !== 'claimed') throw new Error('not claimed');
    await deps.catalog.finish(again.claim, { state: 'succeeded', endedAt: START, summary: 'good' });
    await deps.catalog.refreshStatus('crm');
    await watch(deps);
    expect(told()).toContain('pages: resolved P1 job-failed dump');
  });
});

describe('an alert', () => {
  const found = finding('rpo-breached', { target: { id: 'crm' }, subject: 'dump', message: 'late' });

  it('reaches the pager although topic alerts is gone; that is on record, counted for its own alarm, and told elsewhere', async () => {
    const { deps, alerts, told } = world();
    alerts.remove('alerts');
    await raise(deps, found);
    expect(told()).toEqual([
      'pages: opened P0 rpo-breached dump',
      'pages: opened P1 alert-undelivered alerts',
    ]);
    expect(deps.metrics.counted).toContainEqual(expect.objectContaining({ name: 'AlertUndelivered' }));
    expect(await deps.catalog.openFindings()).toContainEqual(
      expect.objectContaining({
        code: 'rpo-breached',
        untold: expect.objectContaining({ topics: ['alerts'] }),
      }),
    );
  });

  it('is tried again at the topic that did not take it and at no other, until it arrives', async () => {
    const { deps, alerts, clock, told } = world();
    alerts.remove('alerts');
    await raise(
      deps,
      finding('job-failed', { target: { id: 'crm' }, subject: 'dump', message: 'it failed' }),
    );
    told();
    for (const minute of ['05', '10', '15']) {
      clock.set(`2026-11-20T12:${minute}:00Z`);
      await watch(deps);
    }
    expect(told()).toEqual([]);
    alerts.restore('alerts');
    clock.set('2026-11-20T12:20:00Z');
    await watch(deps);
    expect(told()).toEqual(
      expect.arrayContaining([
        'alerts: opened P1 job-failed dump',
        'alerts: resolved P1 alert-undelivered alerts',
      ]),
    );
  });

  it('goes out although nothing can be recorded, and is on record although nothing can go out', async () => {
    const deaf = world();
    const blind = faulty(deaf.deps.catalog);
    blind.fail('putFinding', new Error('throttled'));
    await raise({ ...deaf.deps, catalog: blind.port }, found);
    expect(deaf.told()).toEqual([
      'alerts: opened P0 rpo-breached dump',
      'pages: opened P0 rpo-breached dump',
    ]);

    const mute = world();
    mute.alerts.remove('alerts');
    mute.alerts.remove('pages');
    await raise(mute.deps, found);
    expect(await mute.deps.catalog.openFindings('crm')).toHaveLength(1);
  });
});
