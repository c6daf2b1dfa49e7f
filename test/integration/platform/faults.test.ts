import { DeleteDBInstanceCommand, RestoreDBInstanceFromDBSnapshotCommand } from '@aws-sdk/client-rds';
import { scratchName } from '../../../lib/domain/names.ts';
import { TAGS } from '../../../lib/domain/points/platform-source.ts';
import type { Evidence } from '../../../lib/domain/proof/evidence.ts';
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
import { evidenceOf } from './evidence.ts';

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

const ask = (scheduledFor: string, more: object = {}) =>
  platform.ask<RehearsalOutcome>('rehearse-instance', scheduledFor, {
    from: 'snapshot',
    point: POINT,
    ...more,
  });
const rehearse = async (scheduledFor: string, more?: object) => evidenceOf(await ask(scheduledFor, more));
const nameOf = (scheduledFor: string, target = 'crm', job = 'rehearse-snapshot') =>
  scratchName(platform.stage.name, target, { job, target, scheduledFor });
const restoresOf = (name: string) =>
  rds.calls.filter(
    ({ action, parameters }) => action.startsWith('Restore') && Object.values(parameters).includes(name),
  );

describe('the rehearsal of a snapshot on RDS', () => {
  afterEach(async () => {
    await rds.set('*', { stuckRestores: false, failedRestores: false });
    expect(await platform.leftOver()).toEqual([]);
  });

  test('is given up at its deadline when its instance never becomes available, which is deleted', async () => {
    platform.stage.usePlan(plan('4s'));
    await rds.set('*', { stuckRestores: true });
    const evidence = await rehearse('2026-11-20T03:00:00Z');
    platform.stage.usePlan(plan());
    const error = { code: 'restore-late', kind: 'unjudged' };
    expect(evidence).toMatchObject({ outcome: 'failed', strength: 'none', error });
    // That it took too long says nothing against the snapshot, and an alert is sent.
    expect(await catalog().point('crm', POINT)).toMatchObject({ state: 'verified' });
    expect(await openCodes()).toEqual(['job-failed']);
  });

  test('opens restore-failed against the snapshot when the restore fails', async () => {
    await rds.set('*', { failedRestores: true });
    expect(await rehearse('2026-11-20T03:10:00Z')).toMatchObject({
      outcome: 'failed',
      strength: 'none',
      error: { code: 'restore-failed', kind: 'bad' },
      findings: [{ code: 'restore-failed', subject: POINT }],
    });
    // It may be RDS that was not well: the point stays what it was, with its finding open.
    expect(await catalog().point('crm', POINT)).toMatchObject({ state: 'verified' });
  });

  test('ends unjudged when its instance is deleted meanwhile', async () => {
    await rds.set('*', { stuckRestores: true });
    const at = '2026-11-20T03:20:00Z';
    const going = rehearse(at);
    await eventually('the scratch instance', async () =>
      (await platform.leftOver()).includes(`instance ${nameOf(at)}`),
    );
    const deletion = { DBInstanceIdentifier: nameOf(at), SkipFinalSnapshot: true };
    await platform.client.send(new DeleteDBInstanceCommand(deletion));
    await rds.set('*', { stuckRestores: false });
    const error = { code: expect.stringMatching(/^scratch-(deleted|unusable)$/), kind: 'unjudged' };
    expect(await going).toMatchObject({ outcome: 'failed', error });
  });

  test('opens restore-failed against the snapshot when its key cannot be used', async () => {
    rds.inaccessibleKeys.add(platform.keys.home);
    const evidence = await rehearse('2026-11-20T03:40:00Z');
    rds.inaccessibleKeys.clear();
    expect(evidence).toMatchObject({
      outcome: 'failed',
      error: { code: 'key-inaccessible', kind: 'bad' },
      findings: [{ code: 'restore-failed', subject: POINT }],
    });
  });

  test('fails unjudged and makes nothing when the quota of instances is used up', async () => {
    const { instances } = rds.quotas;
    rds.quotas.instances = 0;
    const evidence = await rehearse('2026-11-20T03:30:00Z');
    rds.quotas.instances = instances;
    const error = { code: 'instance-quota', kind: 'unjudged', hint: expect.stringContaining('quota') };
    expect(evidence).toMatchObject({ outcome: 'failed', error });
  });

  test('closes the findings of earlier rehearsals when it passes', async () => {
    expect(await openCodes()).toEqual(['job-failed', 'restore-failed']);
    expect(await rehearse('2026-11-20T03:50:00Z')).toMatchObject({ outcome: 'passed' });
    expect(await openCodes()).toEqual([]);
    expect(await catalog().point('crm', POINT)).toMatchObject({ state: 'rehearsed' });
  });

  const openCodes = async () =>
    [...new Set((await catalog().openFindings('crm')).map(({ code }) => code))].sort();
});

test('a rehearsal whose message is delivered twice at once and again later is done once', async () => {
  const at = '2026-11-20T04:00:00Z';
  const outcomes = await Promise.all([ask(at), ask(at)]);
  expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['held', 'rehearsed']);
  expect(await ask(at)).toMatchObject({ outcome: 'done-before' });
  expect(restoresOf(nameOf(at))).toHaveLength(1);
  expect(await platform.leftOver()).toEqual([]);
});

const WAYS = [
  { target: 'crm', from: 'snapshot', point: POINT },
  { target: 'lake', from: 'snapshot', point: POINT },
  { target: 'crm', from: 'moment', point: undefined },
  { target: 'lake', from: 'moment', point: undefined },
] as const;

describe('four rehearsals, of an instance and a cluster, of a snapshot and a moment, pass and leave nothing', () => {
  test('when the answer to every call is lost once', async () => {
    const names = WAYS.map(({ target, from }) => nameOf('2026-11-20T05:00:00Z', target, `rehearse-${from}`));
    const lost = new Map(names.map((name) => [name, new Set<string>()]));
    rds.fault = (action, parameters) => {
      const before = lost.get(names.find((name) => isOf(name, parameters)) ?? '');
      if (!before || before.has(action)) return undefined;
      before.add(action);
      return 'after';
    };
    const evidence = await Promise.all(WAYS.map((way) => rehearse('2026-11-20T05:00:00Z', way)));
    rds.fault = undefined;
    expect(evidence.map(worth)).toEqual(WAYS.map(() => 'passed'));
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
  test('when the worker dies after every call that changes something', async () => {
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
    const evidence = await Promise.all(WAYS.map((way) => rehearse('2026-11-20T05:30:00Z', way)));
    rds.fault = undefined;
    expect(evidence.map(worth)).toEqual(WAYS.map(() => 'passed'));
    for (const [index, way] of WAYS.entries()) {
      expect([...died.get(names[index]!)!.keys()].sort()).toEqual(changesOf(way));
    }
    expect(await platform.leftOver()).toEqual([]);
  });
});

const worth = ({ error, findings, outcome }: Evidence) => error ?? findings[0] ?? outcome;

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

describe('the watch', () => {
  test('sweeps expired scratch alone, and reports a foreign instance of such a name without touching it', async () => {
    const inAnHour = utc(new Date(Date.now() + 3_600_000));
    const past = utc(new Date(Date.now() - 60_000));
    const live = await abandon('2026-11-20T07:00:00Z', inAnHour);
    const dead = await abandon('2026-11-20T07:10:00Z', past);
    const deadCluster = await abandon('2026-11-20T07:15:00Z', past, 'lake');
    // Its worker died before anything was made of it.
    await catalog().beginScratch(recordOf('crm', '2026-11-20T07:20:00Z', past));
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

    await swept(dead, deadCluster);
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

    await rds.set(live, { tags: { ...tagsOf('crm', '2026-11-20T07:00:00Z'), [TAGS.expires]: past } });
    await eventually('it to be gone', async () => {
      await invokeLocally('watch', {});
      return !(await platform.leftOver()).includes(`instance ${live}`);
    });
    expect(await platform.leftOver()).toContain('instance understudy-scratch-x');
  });
});

/** Lets the watch look until nothing is left of these scratch instances. */
const swept = (...names: string[]) =>
  eventually(`${names} to be swept`, async () => {
    await invokeLocally('watch', {});
    const left = (await platform.leftOver()).join();
    return !names.some((name) => left.includes(name));
  });

test('a scratch instance takes its password again while it is resetting, and not in another state', async () => {
  const name = await abandon('2026-11-20T07:30:00Z', utc(new Date(Date.now() - 60_000)));
  const scratch = scratchInstances();
  await eventually('it to be there', async () => (await scratch.look('rds', name))?.status === 'available');
  const secure = () => scratch.secure('rds', name, 'only-for-tests');
  await rds.set(name, { status: 'resetting-master-credentials' });
  await secure();
  await rds.set(name, { status: 'upgrading' });
  await expect(secure()).rejects.toMatchObject({ code: 'source-busy' });
  await swept(name);
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
