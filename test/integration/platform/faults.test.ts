import { DeleteDBInstanceCommand, RestoreDBInstanceFromDBSnapshotCommand } from '@aws-sdk/client-rds';
import { scratchName } from '../../../lib/domain/names.ts';
import { TAGS } from '../../../lib/domain/platform.ts';
import type { ScratchRecord } from '../../../lib/domain/scratch.ts';
import { utc } from '../../../lib/domain/time.ts';
import { catalog, scratchInstances, scratchSecretStore } from '../../../lib/runtime/compose.ts';
import type { InstanceRehearsalOutcome } from '../../../lib/workflows/rehearse-instance.ts';
import { invokeLocally } from '../../../scripts/local/handlers.ts';
import type { LocalRds } from '../../../scripts/local/rds/local-rds.ts';
import { instancePlan } from '../../support/instances.ts';
import { createPlatform, eventually, type Platform } from '../../support/platform.ts';

/** Short, for a restore that never ends. */
const SLOW = 'rehearsal: { instance: { deadline: 4s } }';
const POINT = '20261120T020000Z-snapshot@eu-central-1';

let platform: Platform;
let rds: LocalRds;
const plan = (policy?: string) =>
  instancePlan({
    ...(policy ? { policy } : {}),
    targets: { lake: 'aurora: lake-prod' },
  });

beforeAll(async () => {
  platform = await createPlatform(() => plan());
  ({ rds } = platform);
  await platform.source('crm', { id: 'crm-prod' });
  await platform.source('lake', { id: 'lake-prod', cluster: true });
  for (const target of ['crm', 'lake'])
    expect(await platform.ask('snapshot', '2026-11-20T02:00:00Z', { target })).toMatchObject({ outcome: 'done' });
}, 60_000);

afterAll(async () => {
  await platform.close();
  expect(rds.violations).toEqual([]);
});

afterEach(() => {
  rds.fault = undefined;
});

const rehearse = (scheduledFor: string, more: object = {}) =>
  platform.ask<InstanceRehearsalOutcome>('rehearse-instance', scheduledFor, {
    from: 'snapshot',
    point: POINT,
    ...more,
  });
const nameOf = (scheduledFor: string, target = 'crm', job = 'rehearse-snapshot') =>
  scratchName(target, { job, target, scheduledFor });
const restoresOf = (name: string) =>
  rds.calls.filter(
    ({ action, parameters }) => action.startsWith('Restore') && Object.values(parameters).includes(name),
  );

describe('a restore', () => {
  afterEach(async () => {
    await rds.set('*', { stuckRestores: false, failedRestores: false });
    expect(await platform.leftOver()).toEqual([]);
  });

  test('that never becomes available is given up at its deadline, and its half-made instance is deleted', async () => {
    platform.stage.usePlan(plan(SLOW));
    await rds.set('*', { stuckRestores: true });
    const outcome = await rehearse('2026-11-20T03:00:00Z');
    platform.stage.usePlan(plan());
    expect(outcome).toMatchObject({
      outcome: 'rehearsed',
      evidence: { outcome: 'failed', strength: 'none', error: { code: 'restore-late', kind: 'unjudged' } },
    });
    // That it took too long says nothing against the snapshot, and somebody is told.
    expect(await catalog().point('crm', POINT)).toMatchObject({ state: 'verified' });
    expect(await openCodes()).toEqual(['job-failed']);
  });

  test('that fails half-way is said of the snapshot', async () => {
    await rds.set('*', { failedRestores: true });
    const outcome = await rehearse('2026-11-20T03:10:00Z');
    expect(outcome).toMatchObject({
      outcome: 'rehearsed',
      evidence: {
        outcome: 'failed',
        strength: 'none',
        error: { code: 'restore-failed', kind: 'bad' },
        findings: [{ code: 'restore-failed', subject: POINT }],
      },
    });
    expect(await catalog().point('crm', POINT)).toMatchObject({ state: 'corrupt' });
  });

  test('whose instance somebody deletes meanwhile ends the rehearsal, which says so', async () => {
    await rds.set('*', { stuckRestores: true });
    const at = '2026-11-20T03:20:00Z';
    const going = rehearse(at);
    await eventually('the scratch instance', async () => (await platform.leftOver()).includes(`instance ${nameOf(at)}`));
    await platform.client.send(
      new DeleteDBInstanceCommand({ DBInstanceIdentifier: nameOf(at), SkipFinalSnapshot: true }),
    );
    await rds.set('*', { stuckRestores: false });
    expect(await going).toMatchObject({
      outcome: 'rehearsed',
      evidence: { outcome: 'failed', error: { code: expect.stringMatching(/^scratch-(deleted|unusable)$/), kind: 'unjudged' } },
    });
  });

  test('for which the account has no instance left is a failed job, with nothing made', async () => {
    const { instances } = rds.quotas;
    rds.quotas.instances = 0;
    const outcome = await rehearse('2026-11-20T03:30:00Z');
    rds.quotas.instances = instances;
    expect(outcome).toMatchObject({
      outcome: 'rehearsed',
      evidence: { outcome: 'failed', error: { code: 'instance-quota', kind: 'unjudged', hint: expect.stringContaining('quota') } },
    });
  });

  test('whose key cannot be used is a finding against the snapshot', async () => {
    rds.inaccessibleKeys.add(platform.keys.home);
    const outcome = await rehearse('2026-11-20T03:40:00Z');
    rds.inaccessibleKeys.clear();
    expect(outcome).toMatchObject({
      outcome: 'rehearsed',
      evidence: {
        outcome: 'failed',
        error: { code: 'key-inaccessible', kind: 'bad' },
        findings: [{ code: 'restore-failed', subject: POINT }],
      },
    });
  });

  test('that is good takes all that back', async () => {
    expect(await openCodes()).toEqual(['job-failed', 'restore-failed']);
    expect(await rehearse('2026-11-20T03:50:00Z')).toMatchObject({ evidence: { outcome: 'passed' } });
    expect(await openCodes()).toEqual([]);
    expect(await catalog().point('crm', POINT)).toMatchObject({ state: 'rehearsed' });
  });

  const openCodes = async () =>
    [...new Set((await catalog().openFindings('crm')).map(({ code }) => code))].sort();
});

test('a message that is delivered twice, at once and again later, is rehearsed once', async () => {
  const at = '2026-11-20T04:00:00Z';
  const outcomes = await Promise.all([rehearse(at), rehearse(at)]);
  expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['held', 'rehearsed']);
  expect(await rehearse(at)).toMatchObject({ outcome: 'done-before' });
  expect(restoresOf(nameOf(at))).toHaveLength(1);
  expect(await platform.leftOver()).toEqual([]);
});

describe.each([
  ['an instance from a snapshot', 'crm', { from: 'snapshot', point: POINT }],
  ['a cluster from a snapshot', 'lake', { from: 'snapshot', point: POINT }],
  ['an instance as of a moment', 'crm', { from: 'moment', point: undefined }],
  ['a cluster as of a moment', 'lake', { from: 'moment', point: undefined }],
] as const)('the rehearsal of %s', (what, target, from) => {
  const hour = what.startsWith('a cluster') ? '05' : '06';
  const minute = what.endsWith('snapshot') ? '00' : '30';

  test('passes and leaves nothing though every call’s answer is lost once', async () => {
    const { fault, lost } = losing('the SDK asks again');
    rds.fault = fault;
    const at = `2026-11-20T${hour}:${minute}:00Z`;
    const outcome = await rehearse(at, { target, ...from });
    expect(outcome).toMatchObject({ outcome: 'rehearsed', evidence: { outcome: 'passed', findings: [] } });
    expect([...lost].sort()).toEqual(expectedCalls(target, from.from));
    expect(await platform.leftOver()).toEqual([]);
  });

  test('passes and leaves nothing though the step dies behind every call once', async () => {
    const { fault, lost } = losing('the step dies');
    rds.fault = fault;
    const at = `2026-11-20T${hour}:${minute}:01Z`;
    const outcome = await rehearse(at, { target, ...from });
    expect(outcome).toMatchObject({ outcome: 'rehearsed', evidence: { outcome: 'passed', findings: [] } });
    expect([...lost].sort()).toEqual(expectedCalls(target, from.from));
    expect(await platform.leftOver()).toEqual([]);
  });
});

/**
 * Does what every action is asked the first time, and does not answer. The SDK asks again by itself; when `the step
 * dies`, that is refused as well, so that the step fails behind a call that was carried out and is done anew from its
 * beginning, as by a worker that comes after one which died there.
 */
function losing(how: 'the SDK asks again' | 'the step dies') {
  const lost = new Set<string>();
  const dying = new Set<string>();
  const fault = (action: string) => {
    if (!lost.has(action)) {
      lost.add(action);
      if (how === 'the step dies') dying.add(action);
      return 'after' as const;
    }
    if (!dying.delete(action)) return undefined;
    // Not one that the SDK would try again.
    return { code: 'ServiceUnavailable', message: 'dead', status: 400 };
  };
  return { fault, lost };
}

function expectedCalls(target: string, from: 'snapshot' | 'moment'): string[] {
  const of = target === 'lake' ? 'DBCluster' : 'DBInstance';
  const group = target === 'lake' ? 'DBCluster' : 'DB';
  return [
    `Create${group}ParameterGroup`,
    `Delete${group}ParameterGroup`,
    `Delete${of}`,
    `Describe${group}ParameterGroups`,
    `Describe${group}Parameters`,
    `Describe${of}s`,
    `Modify${group}ParameterGroup`,
    `Modify${of}`,
    from === 'snapshot'
      ? `Restore${of}From${target === 'lake' ? '' : 'DB'}Snapshot`
      : `Restore${of}ToPointInTime`,
    ...(target === 'lake'
      ? ['CreateDBInstance', 'DeleteDBInstance', 'DescribeDBInstances']
      : ['DescribeDBInstanceAutomatedBackups']),
  ].sort();
}

describe('what a dead rehearsal left', () => {
  test('is swept when it has expired, and not before; what is not ours is said and left alone', async () => {
    const inAnHour = utc(new Date(Date.now() + 3_600_000));
    const live = await abandon('2026-11-20T07:00:00Z', inAnHour);
    const dead = await abandon('2026-11-20T07:10:00Z', utc(new Date(Date.now() - 60_000)));
    const neverMade = await abandon('2026-11-20T07:20:00Z', utc(new Date(Date.now() - 60_000)), 'only the record');
    await platform.client.send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: 'understudy-scratch-x',
        DBSnapshotIdentifier: `understudy-${platform.stage.name}-crm-20261120t020000z`,
      }),
    );
    await eventually('all of them', async () =>
      (await scratchInstances().list()).every(({ status }) => status === 'available'),
    );

    await invokeLocally('watch', {});
    await eventually('it to be gone', async () => !(await platform.leftOver()).includes(`instance ${dead}`));
    await invokeLocally('watch', {});
    expect((await platform.leftOver()).sort()).toEqual(
      [
        'instance understudy-scratch-x',
        `instance ${live}`,
        `parameter group ${live}`,
        `record ${live}`,
        `secret understudy/${platform.stage.name}/scratch/${live}`,
      ].sort(),
    );
    expect(neverMade).not.toBe(dead);
    const said = (await catalog().openFindings()).filter(({ code }) => code.startsWith('scratch-'));
    expect(said).toEqual([
      expect.objectContaining({ code: 'scratch-foreign', subject: 'understudy-scratch-x' }),
    ]);

    // Its time comes too.
    await rds.set(live, { tags: { ...tagsOf('2026-11-20T07:00:00Z'), [TAGS.expires]: utc(new Date()) } });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await invokeLocally('watch', {});
    await eventually('it to be gone', async () => !(await platform.leftOver()).includes(`instance ${live}`));
  });
});

const tagsOf = (scheduledFor: string): Record<string, string> => ({
  [TAGS.run]: `rehearse-snapshot/crm/${scheduledFor}`,
  [TAGS.target]: 'crm',
  [TAGS.policy]: 'instances',
  [TAGS.stage]: platform.stage.name,
});

/** As far as a rehearsal comes whose execution is lost for good behind its restore, or behind its record. */
async function abandon(scheduledFor: string, expires: string, upTo?: 'only the record'): Promise<string> {
  const name = nameOf(scheduledFor);
  const tags = { ...tagsOf(scheduledFor), [TAGS.expires]: expires };
  const record: ScratchRecord = {
    target: 'crm',
    policy: 'instances',
    name,
    kind: 'rds',
    run: `rehearse-snapshot/crm/${scheduledFor}`,
    state: 'making',
    beganAt: utc(new Date()),
    expiresAt: expires,
  };
  await catalog().beginScratch(record);
  if (upTo) return name;
  const scratch = scratchInstances();
  const { DBParameterGroups } = await import('@aws-sdk/client-rds').then(
    async ({ DescribeDBInstancesCommand }) =>
      (
        await platform.client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'crm-prod' }))
      ).DBInstances![0]!,
  );
  await scratch.quarantineParameters('rds', DBParameterGroups![0]!.DBParameterGroupName!, name, tags);
  await scratchSecretStore().create(name, tags);
  await scratch.begin({
    kind: 'rds',
    name,
    from: { snapshot: `understudy-${platform.stage.name}-crm-20261120t020000z` },
    engine: 'postgres',
    engineVersion: '',
    instanceClass: 'db.t4g.micro',
    subnetGroup: 'default',
    securityGroups: ['sg-scratch'],
    parameterGroup: name,
    tags,
  } as Parameters<typeof scratch.begin>[0]);
  return name;
}
