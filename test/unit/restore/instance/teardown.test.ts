import { UnderstudyError } from '../../../../lib/domain/errors.ts';
import { runName } from '../../../../lib/domain/names.ts';
import { TAGS } from '../../../../lib/domain/points/platform-source.ts';
import { rehearsalRun } from '../../../../lib/domain/runs/job.ts';
import { platformSnapshot, snapshotPoint, target } from '../../../support/builders.ts';
import {
  instanceOf,
  jobOf,
  nameOf,
  proofOf,
  type RehearsalWorld,
  rehearsalWorld,
} from '../../../support/rehearsals.ts';

const JOB = jobOf('snapshot');
const NAME = nameOf(JOB);

/** What somebody does at three in the morning who needs a database now. */
const pointTheSecretAt = ({ deps }: RehearsalWorld, name: string) => {
  deps.secrets.credentials = async () => ({
    host: `${name}.example.internal`,
    port: 5432,
    database: 'crm',
    user: 'u',
    password: 'p',
    sslmode: 'require' as const,
  });
};

test('two stages that rehearse the same database at the same moment delete only their own instance', async () => {
  const dev = await rehearsalWorld();
  const prod = await rehearsalWorld();
  dev.deps.stage = 'dev';
  prod.deps.stage = 'prod';
  Object.assign(prod.deps, { scratch: dev.scratch });
  prod.platform.putSnapshot(platformSnapshot({ id: 'snap-of-prod' }));
  await prod.catalog.adoptPoint(snapshotPoint('2026-11-20T03:00:00Z', { snapshot: { id: 'snap-of-prod' } }));
  const standing: number[] = [];
  dev.world.prove = async () => {
    expect(await prod.rehearse(JOB)).toMatchObject({ evidence: { outcome: 'passed' } });
    standing.push(dev.scratch.left().length);
    return proofOf();
  };
  expect(await dev.rehearse(JOB)).toMatchObject({ evidence: { outcome: 'passed' } });
  expect(standing).toEqual([2]);
  const begun = dev.scratch.callsOf('begin').map(([order]) => (order as { from: object }).from);
  expect(begun).toEqual([{ snapshot: 'snap-02' }, { snapshot: 'snap-of-prod' }]);
  expect(dev.scratch.left()).toEqual([]);
});

test.each([
  ['another stage', { [TAGS.stage]: 'prod', [TAGS.run]: runName(rehearsalRun(JOB)) }],
  ['another rehearsal', { [TAGS.stage]: 'test', [TAGS.run]: 'something/else/2026' }],
  ['no rehearsal', {}],
])('a rehearsal refuses an instance of its name that belongs to %s', async (_owner, tags) => {
  const made = await rehearsalWorld();
  made.scratch.putStray({
    kind: 'rds',
    name: NAME,
    from: { snapshot: 'x' },
    engine: 'postgres',
    engineVersion: '15',
    instanceClass: 'db.r6g.4xlarge',
    subnetGroup: 'production',
    securityGroups: [],
    tags,
  });
  expect(await made.rehearse(JOB)).toMatchObject({ evidence: { error: { code: 'instance-exists' } } });
  expect(made.scratch.callsOf('remove')).toEqual([]);
  expect(await made.left()).toEqual([`instance ${NAME}`]);
});

test('a rehearsal does not delete another instance that got its name and tags meanwhile', async () => {
  const made = await rehearsalWorld();
  made.world.prove = async () => {
    const order = made.scratch.order(NAME)!;
    while ((await made.deps.scratch.remove('rds', NAME)) !== 'gone');
    made.scratch.putStray(order);
    return proofOf();
  };
  await made.rehearse(JOB);
  expect(made.scratch.left()).toContain(`instance ${NAME}`);
});

test('a rehearsal that gives up deletes a restore that RDS does not show yet', async () => {
  const made = await rehearsalWorld();
  made.deps.scratch = { ...made.scratch, look: async () => undefined };
  expect(await made.rehearse(JOB)).toMatchObject({ evidence: { error: { code: 'scratch-deleted' } } });
  expect(await made.left()).toEqual([]);
});

test('a rehearsal and the sweep keep an instance that the source’s secret names, and report it', async () => {
  const made = await rehearsalWorld();
  made.world.prove = () => {
    pointTheSecretAt(made, NAME);
    return proofOf();
  };
  expect(await made.rehearse(JOB)).toMatchObject({ evidence: { outcome: 'passed' } });
  expect(made.scratch.callsOf('remove')).toEqual([]);
  expect(await made.open()).toContain(`scratch-left-over ${NAME}`);
  // Not when its expiry has passed, and not when the message comes again.
  await made.clock.advance(40 * 3600);
  expect((await made.sweep()).map(({ message }) => message)).toEqual([
    expect.stringContaining('the secret of crm names it'),
  ]);
  expect(await made.rehearse(JOB)).toMatchObject({ outcome: 'done-before' });
  expect(made.scratch.callsOf('remove')).toEqual([]);
});

test('a rehearsal that died keeps, when its message comes again, an instance that the secret names since', async () => {
  const made = await rehearsalWorld({ policy: instanceOf({ hoursAMonth: 200 }) });
  await made.execution().run(made.bodyOf(JOB), { at: 'prove, part 1', when: 'done' });
  await made.clock.advance(40 * 3600);
  pointTheSecretAt(made, NAME);
  expect(await made.rehearse(JOB)).toMatchObject({
    outcome: 'refused',
    code: 'scratch-left-over',
    message: expect.stringContaining('the secret of crm names it'),
  });
  expect(made.scratch.callsOf('remove')).toEqual([]);
});

test('a rehearsal keeps its instance when the secret cannot be read', async () => {
  const made = await rehearsalWorld();
  made.world.prove = () => {
    made.deps.secrets.credentials = () => Promise.reject(new Error('throttled'));
    return proofOf();
  };
  await made.rehearse(JOB);
  expect(made.scratch.callsOf('remove')).toEqual([]);
  expect(made.scratch.left()).toContain(`instance ${NAME}`);
});

test('a rehearsal deletes its instance after two secrets that could not be read at first', async () => {
  const made = await rehearsalWorld();
  const { credentials } = made.deps.secrets;
  let failed = 0;
  made.world.prove = () => {
    made.deps.secrets.credentials = (...asked) =>
      failed++ < 2 ? Promise.reject(new Error('Rate exceeded')) : credentials(...asked);
    return proofOf();
  };
  await made.rehearse(JOB);
  expect(await made.left()).toEqual([]);
  expect(await made.open()).toEqual([]);
});

test('a rehearsal keeps an instance that the secret of another target of the same source names', async () => {
  const made = await rehearsalWorld();
  const billing = target({ id: 'billing', platform: { kind: 'rds', id: 'crm-db' } });
  made.deps.plan.targets.push(billing);
  const { credentials } = made.deps.secrets;
  made.deps.secrets.credentials = async (of) => ({
    ...(await credentials(of)),
    ...(of.id === 'billing' ? { host: `${NAME}.example.internal` } : {}),
  });
  await made.rehearse(JOB);
  expect(made.scratch.callsOf('remove')).toEqual([]);
  expect(made.told().join()).toContain('scratch-left-over');
});

test('a rehearsal that made no instance reports none as kept, although the secret cannot be read', async () => {
  const made = await rehearsalWorld();
  made.scratch.fail('quarantineParameters', new UnderstudyError('platform-denied', 'no'));
  made.deps.secrets.credentials = () => Promise.reject(new Error('the secret was deleted'));
  await made.rehearse(JOB);
  expect(await made.open()).not.toContain(`scratch-left-over ${NAME}`);
  expect(await made.left()).toEqual([]);
});
