import { DeleteDBInstanceCommand, RestoreDBInstanceFromDBSnapshotCommand } from '@aws-sdk/client-rds';
import { scratchName } from '../../../lib/domain/names.ts';
import { TAGS } from '../../../lib/domain/points/platform-source.ts';
import type { ScratchRecord } from '../../../lib/domain/runs/scratch-record.ts';
import { utc } from '../../../lib/domain/time.ts';
import {
  catalog,
  platform as platformOf,
  scratchInstances,
  scratchSecretStore,
} from '../../../lib/runtime/compose.ts';
import type { RehearsalOutcome } from '../../../lib/workflows/rehearse/rehearse.ts';
import { invokeLocally } from '../../../scripts/local/invoke-locally.ts';
import type { LocalRds } from '../../../scripts/local/rds/local-rds.ts';
import { instancePlan } from '../../support/plan.ts';
import { createPlatform, eventually, type Platform } from '../../support/rds-stage.ts';

const POINT = '20261120T020000Z-snapshot@eu-central-1';

let platform: Platform;
let rds: LocalRds;
const plan = (deadline = '8h') =>
  instancePlan({
    policy: `rehearsal: { instance: { atOnce: 4, deadline: ${deadline} } }`,
    targets: { lake: 'aurora: lake-prod' },
  });

beforeAll(async () => {
  platform = await createPlatform(() => plan());
  ({ rds } = platform);
  await platform.source('crm', { id: 'crm-prod' });
  await platform.source('lake', { id: 'lake-prod', cluster: true });
  for (const target of ['crm', 'lake'])
    expect(await platform.ask('snapshot', '2026-11-20T02:00:00Z', { target })).toMatchObject({
      outcome: 'done',
    });
});

afterAll(async () => {
  await platform.close();
  expect(rds.violations).toEqual([]);
});

afterEach(() => {
  rds.fault = undefined;
});

const rehearse = (scheduledFor: string, more: object = {}) =>
  platform.ask<RehearsalOutcome>('rehearse-instance', scheduledFor, {
    from: 'snapshot',
    point: POINT,
    ...more,
  });
const nameOf = (scheduledFor: string, target = 'crm', job = 'rehearse-snapshot') =>
  scratchName(platform.stage.name, target, { job, target, scheduledFor });
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
    platform.stage.usePlan(plan('4s'));
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
    // It may be RDS that was not well: the point stays what it was, with its finding open.
    expect(await catalog().point('crm', POINT)).toMatchObject({ state: 'verified' });
  });

  test('whose instance somebody deletes meanwhile ends the rehearsal, which says so', async () => {
    await rds.set('*', { stuckRestores: true });
    const at = '2026-11-20T03:20:00Z';
    const going = rehearse(at);
    await eventually('the scratch instance', async () =>
      (await platform.leftOver()).includes(`instance ${nameOf(at)}`),
    );
    await platform.client.send(
      new DeleteDBInstanceCommand({ DBInstanceIdentifier: nameOf(at), SkipFinalSnapshot: true }),
    );
    await rds.set('*', { stuckRestores: false });
    expect(await going).toMatchObject({
      outcome: 'rehearsed',
      evidence: {
        outcome: 'failed',
        error: { code: expect.stringMatching(/^scratch-(deleted|unusable)$/), kind: 'unjudged' },
      },
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

  test('for which the account has no instance left is a failed job, with nothing made', async () => {
    const { instances } = rds.quotas;
    rds.quotas.instances = 0;
    const outcome = await rehearse('2026-11-20T03:30:00Z');
    rds.quotas.instances = instances;
    expect(outcome).toMatchObject({
      outcome: 'rehearsed',
      evidence: {
        outcome: 'failed',
        error: { code: 'instance-quota', kind: 'unjudged', hint: expect.stringContaining('quota') },
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

const WAYS = [
  { target: 'crm', from: 'snapshot', point: POINT },
  { target: 'lake', from: 'snapshot', point: POINT },
  { target: 'crm', from: 'moment', point: undefined },
  { target: 'lake', from: 'moment', point: undefined },
] as const;

describe('instances and clusters, of a snapshot and as of a moment, are rehearsed and leave nothing', () => {
  test('though the answer to every call is lost once', async () => {
    const names = WAYS.map(({ target, from }) => nameOf('2026-11-20T05:00:00Z', target, `rehearse-${from}`));
    const lost = new Map(names.map((name) => [name, new Set<string>()]));
    rds.fault = (action, parameters) => {
      const before = lost.get(names.find((name) => isOf(name, parameters)) ?? '');
      if (!before || before.has(action)) return undefined;
      before.add(action);
      return 'after';
    };
    const outcomes = await Promise.all(WAYS.map((way) => rehearse('2026-11-20T05:00:00Z', way)));
    rds.fault = undefined;
    expect(outcomes.map(worth)).toEqual(WAYS.map(() => 'passed'));
    for (const [index, way] of WAYS.entries()) {
      expect([...lost.get(names[index]!)!]).toEqual(expect.arrayContaining(changesOf(way)));
      expect(restoresOf(names[index]!)).toHaveLength(2);
    }
    expect(await platform.leftOver()).toEqual([]);
  });

  /**
   * The call is carried out and not answered, and what the SDK then asks again is refused, so that the step fails and is
   * done anew from its beginning: as by a worker that comes after one which died behind the call.
   */
  test('though the worker dies behind every call that changes something', async () => {
    const names = WAYS.map(({ target, from }) => nameOf('2026-11-20T05:30:00Z', target, `rehearse-${from}`));
    const died = new Map(names.map((name) => [name, new Map<string, 'dying' | 'dead'>()]));
    rds.fault = (action, parameters) => {
      const before = died.get(names.find((name) => isOf(name, parameters)) ?? '');
      if (!before || action.startsWith('Describe')) return undefined;
      const state = before.get(action);
      before.set(action, state === undefined ? 'dying' : 'dead');
      if (state === undefined) return 'after';
      // Not one that the SDK would try again.
      return state === 'dying' ? { code: 'ServiceUnavailable', message: 'dead', status: 400 } : undefined;
    };
    const outcomes = await Promise.all(WAYS.map((way) => rehearse('2026-11-20T05:30:00Z', way)));
    rds.fault = undefined;
    expect(outcomes.map(worth)).toEqual(WAYS.map(() => 'passed'));
    for (const [index, way] of WAYS.entries()) {
      expect([...died.get(names[index]!)!.keys()].sort()).toEqual(changesOf(way));
    }
    expect(await platform.leftOver()).toEqual([]);
  });
});

const worth = (outcome: RehearsalOutcome) => {
  if (outcome.outcome !== 'rehearsed') return outcome;
  const { evidence } = outcome;
  return evidence.error ?? evidence.findings[0] ?? evidence.outcome;
};

/** Is the call about this scratch instance, its member, its cluster or its parameters? */
const isOf = (name: string, parameters: Record<string, unknown>) =>
  Object.values(parameters).some((value) => value === name || value === `${name}-1`);

/** What a rehearsal that goes well asks of RDS, besides looking. */
function changesOf({ target, from }: (typeof WAYS)[number]): string[] {
  const isCluster = target === 'lake';
  const of = isCluster ? 'DBCluster' : 'DBInstance';
  const group = isCluster ? 'DBClusterParameterGroup' : 'DBParameterGroup';
  const snapshot = isCluster ? 'Snapshot' : 'DBSnapshot';
  return [
    ...['Create', 'Modify', 'Delete'].map((verb) => verb + group),
    `Restore${of}${from === 'snapshot' ? `From${snapshot}` : 'ToPointInTime'}`,
    ...(isCluster ? ['CreateDBInstance', 'DeleteDBInstance'] : []),
    `Modify${of}`,
    `Delete${of}`,
  ].sort();
}

describe('what a dead rehearsal left', () => {
  test('is swept when it has expired, and not before; what is not ours is said and left alone', async () => {
    const inAnHour = utc(new Date(Date.now() + 3_600_000));
    const live = await abandon('2026-11-20T07:00:00Z', inAnHour);
    const dead = await abandon('2026-11-20T07:10:00Z', utc(new Date(Date.now() - 60_000)));
    const deadCluster = await abandon('2026-11-20T07:15:00Z', utc(new Date(Date.now() - 60_000)), 'lake');
    // Its worker died before anything was made of it.
    await catalog().beginScratch(recordOf('crm', '2026-11-20T07:20:00Z', utc(new Date(Date.now() - 60_000))));
    await platform.client.send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        DBInstanceIdentifier: 'understudy-scratch-x',
        DBSnapshotIdentifier: `understudy-${platform.stage.name}-crm-20261120t020000z`,
      }),
    );
    await eventually('all of them', async () =>
      (await scratchInstances().list()).every(({ status, members }) =>
        [status, ...members.map((member) => member.status)].every((each) => each === 'available'),
      ),
    );

    await eventually('the dead ones to be gone', async () => {
      await invokeLocally('watch', {});
      const left = (await platform.leftOver()).join();
      return !left.includes(dead) && !left.includes(deadCluster);
    });
    expect((await platform.leftOver()).sort()).toEqual(
      [
        'instance understudy-scratch-x',
        `instance ${live}`,
        `parameter group ${live}`,
        `record ${live}`,
        `secret understudy/${platform.stage.name}/scratch/${live}`,
      ].sort(),
    );
    const said = (await catalog().openFindings()).filter(({ code }) => code.startsWith('scratch-'));
    expect(said).toEqual([
      expect.objectContaining({ code: 'scratch-foreign', subject: 'understudy-scratch-x' }),
    ]);

    // Its time comes too.
    const past = utc(new Date(Date.now() - 60_000));
    await rds.set(live, { tags: { ...tagsOf('crm', '2026-11-20T07:00:00Z'), [TAGS.expires]: past } });
    await eventually('it to be gone', async () => {
      await invokeLocally('watch', {});
      return !(await platform.leftOver()).includes(`instance ${live}`);
    });
    expect(await platform.leftOver()).toContain('instance understudy-scratch-x');
  });
});

test('a password that is being given already is not refused; an instance in another state is', async () => {
  const name = await abandon('2026-11-20T07:30:00Z', utc(new Date(Date.now() - 60_000)));
  const scratch = scratchInstances();
  const status = async (wanted: string) =>
    eventually(`${wanted}`, async () => (await scratch.look('rds', name))?.status === wanted);
  await status('available');
  const { pace } = rds;
  rds.pace = 1000;
  await scratch.secure('rds', name, 'only-for-tests');
  await status('resetting-master-credentials');
  rds.pace = pace;
  await scratch.secure('rds', name, 'only-for-tests');

  await status('available');
  await rds.set(name, { status: 'upgrading' });
  await expect(scratch.secure('rds', name, 'only-for-tests')).rejects.toMatchObject({ code: 'source-busy' });
  await eventually('it to be swept', async () => {
    await invokeLocally('watch', {});
    return !(await platform.leftOver()).join().includes(name);
  });
});

const tagsOf = (target: string, scheduledFor: string): Record<string, string> => ({
  [TAGS.run]: `rehearse-snapshot/${target}/${scheduledFor}`,
  [TAGS.target]: target,
  [TAGS.policy]: 'instances',
  [TAGS.stage]: platform.stage.name,
});

const recordOf = (target: string, scheduledFor: string, expiresAt: string): ScratchRecord => ({
  target,
  policy: 'instances',
  name: nameOf(scheduledFor, target),
  kind: target === 'lake' ? 'aurora' : 'rds',
  run: `rehearse-snapshot/${target}/${scheduledFor}`,
  state: 'making',
  beganAt: utc(new Date()),
  expiresAt,
});

/** As far as a rehearsal comes whose execution is lost for good behind its restore. */
async function abandon(scheduledFor: string, expires: string, target = 'crm'): Promise<string> {
  const record = recordOf(target, scheduledFor, expires);
  const { name, kind } = record;
  const tags = { ...tagsOf(target, scheduledFor), [TAGS.expires]: expires };
  const source = (await platformOf().source({ kind, id: `${target}-prod` }))!;
  const scratch = scratchInstances();
  const order = {
    kind,
    name,
    from: { snapshot: `understudy-${platform.stage.name}-${target}-20261120t020000z` },
    engine: source.engine,
    engineVersion: source.engineVersion,
    instanceClass: 'db.t4g.medium',
    subnetGroup: 'default',
    securityGroups: ['sg-scratch'],
    parameterGroup: name,
    tags,
  };
  await catalog().beginScratch(record);
  await scratch.quarantineParameters(kind, source.parameterGroup!, name, tags);
  await scratchSecretStore().create(name, tags);
  await scratch.begin(order);
  if (kind === 'aurora') {
    await eventually('the cluster', async () => (await scratch.look(kind, name))?.status === 'available');
    await scratch.addMember(order);
  }
  return name;
}
