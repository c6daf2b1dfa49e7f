import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { scratchName } from '../../../lib/domain/names.ts';
import { TAGS } from '../../../lib/domain/points/platform.ts';
import { sweep } from '../../../lib/workflows/watch/sweep.ts';
import { policy } from '../../support/builders.ts';
import { memoryScratchInstances } from '../../support/doubles/scratch-instances.ts';
import { instanceOf, jobOf, type RehearsalWorld, rehearsalWorld } from '../../support/rehearsals.ts';

const RUN = (target: string) => ({ job: 'rehearse-snapshot', target, scheduledFor: '2026-11-19T02:00:00Z' });
const tags = (target: string) => ({
  [TAGS.run]: `rehearse-snapshot/${target}/2026-11-19T02:00:00Z`,
  [TAGS.target]: target,
  [TAGS.policy]: 'production',
  [TAGS.stage]: 'test',
  [TAGS.expires]: '2026-11-20T11:30:00Z',
});
const order = (target: string) => ({
  kind: 'rds' as const,
  name: scratchName('test', target, RUN(target)),
  from: { snapshot: 'snap-02' },
  engine: 'postgres',
  engineVersion: '15.18',
  instanceClass: 'x',
  subnetGroup: 'q',
  securityGroups: ['sg'],
  tags: tags(target),
  parameterGroup: scratchName('test', target, RUN(target)),
});
const record = (target: string) => ({
  target,
  policy: 'production',
  name: scratchName('test', target, RUN(target)),
  kind: 'rds' as const,
  run: tags(target)[TAGS.run]!,
  state: 'making' as const,
  beganAt: '2026-11-19T02:00:00Z',
  expiresAt: '2026-11-20T11:30:00Z',
});
const spent = async ({ catalog }: RehearsalWorld, until: string) => {
  const gone = { ...record('erp'), beganAt: '2026-11-10T00:00:00Z' };
  await catalog.beginScratch(gone);
  await catalog.startScratch(gone, gone.beganAt, gone.expiresAt, await catalog.standing(gone.policy));
  await catalog.endScratch(gone, until);
};

test('a rehearsal that made nothing says nothing of how long one takes', async () => {
  const made = await rehearsalWorld({ policy: instanceOf({ hoursAMonth: 4, atOnce: 3 }) });
  await spent(made, '2026-11-10T02:30:00Z');
  const runs = [1, 2, 3].map((minute) => ({
    job: jobOf('snapshot', { scheduledFor: `2026-11-20T11:0${minute}:00Z` }),
    execution: made.execution(),
  }));
  for (const { job, execution } of runs)
    await execution.run(made.bodyOf(job), { at: 'put the scratch instance on record', when: 'kept' });
  const begun = [];
  for (const { job, execution } of runs)
    begun.push((await execution.run(made.bodyOf(job), { at: 'make its parameters', when: 'before' })).died);
  expect(begun).toEqual([true, false, false]);
});

test('one on no record that stands elsewhere leaves nothing there', async () => {
  const copies = [{ region: 'eu-west-1', kmsKey: 'k' }];
  const made = await rehearsalWorld({
    policy: { ...instanceOf({ place: 'eu-west-1' }), snapshot: { ...policy().snapshot, copies } },
  });
  const there = memoryScratchInstances({ steps: 2 });
  // As RDS does: it says that it is removing until it is found no more.
  const remove = async (kind: 'rds' | 'aurora', name: string) => {
    await there.remove(kind, name);
    return 'removing' as const;
  };
  Object.assign(made.deps, { scratchAt: () => ({ ...there, remove }) });
  await there.quarantineParameters('rds', 'default.postgres15', order('crm').name, {});
  there.putStray(order('crm'));
  for (let look = 0; look < 10; look++) {
    await sweep(made.deps, made.clock.now());
    await made.clock.advance(300);
  }
  expect([...there.left(), ...(await made.left())]).toEqual([]);
});

test('parameters of one that cannot be removed stop neither another’s record nor what was found', async () => {
  const made = await rehearsalWorld();
  await made.catalog.beginScratch(record('crm'));
  await made.catalog.beginScratch(record('erp'));
  made.scratch.putStray({ ...order('crm'), name: 'understudy-scratch-mine', tags: {} });
  for (const target of ['crm', 'erp'])
    await made.scratch.quarantineParameters('rds', 'default.postgres15', record(target).name, tags(target));
  const { removeParameters } = made.scratch;
  made.deps.scratch = {
    ...made.scratch,
    removeParameters: async (kind, name) => {
      if (name === record('crm').name) throw new UnderstudyError('platform-refused', 'in use');
      return removeParameters(kind, name);
    },
  };
  const look = async () => (await sweep(made.deps, made.clock.now())).findings.map(({ code }) => code);
  expect(await look()).toEqual(['scratch-foreign']);
  expect(await made.catalog.openScratches()).toEqual([]);
  expect(await look()).toEqual(['scratch-foreign', 'scratch-left-over']);
  expect(made.scratch.left()).toContain(`parameters ${record('crm').name}`);
  expect(made.scratch.left()).not.toContain(`parameters ${record('erp').name}`);
});

test('parameters and a secret that were made after the record had ended are found by their name', async () => {
  const made = await rehearsalWorld();
  const { name } = order('crm');
  await made.scratch.quarantineParameters('rds', 'default.postgres15', name, tags('crm'));
  await made.scratchSecrets.create(name, tags('crm'));
  await made.sweep();
  expect(await made.left()).toEqual([]);
});

test('a secret whose deletion fails once after its group went is found again', async () => {
  const made = await rehearsalWorld();
  const { name } = order('crm');
  await made.scratch.quarantineParameters('rds', 'default.postgres15', name, tags('crm'));
  await made.scratchSecrets.create(name, tags('crm'));
  made.scratchSecrets.fail('destroy', new Error('Rate exceeded'), { times: 1 });
  await expect(made.sweep()).rejects.toThrow('Rate exceeded');
  await made.sweep();
  expect(await made.left()).toEqual([]);
});

test('that RDS could not be asked is a failure of the look, and nobody’s database', async () => {
  const made = await rehearsalWorld();
  await made.scratch.quarantineParameters('rds', 'default.postgres15', order('crm').name, tags('crm'));
  made.scratch.fail('removeParameters', new UnderstudyError('platform-unreachable', 'Rate exceeded'));
  const { findings, failures } = await sweep(made.deps, made.clock.now());
  expect([findings, failures.join()]).toEqual([[], expect.stringContaining('Rate exceeded')]);
});

test('another attempt of the run that begins while the watch looks keeps its group and its secret', async () => {
  const made = await rehearsalWorld();
  const { name } = order('crm');
  await made.scratch.quarantineParameters('rds', 'default.postgres15', name, tags('crm'));
  await made.scratchSecrets.create(name, tags('crm'));
  const { strayParameters } = made.scratch;
  made.deps.scratch = {
    ...made.scratch,
    strayParameters: async (known) => {
      await made.catalog.beginScratch({ ...record('crm'), expiresAt: '2026-11-21T12:00:00Z' });
      return strayParameters(known);
    },
  };
  expect(await made.sweep()).toEqual([]);
  expect(made.scratch.callsOf('removeParameters')).toEqual([]);
});

test('and so it does when the list of records lags behind', async () => {
  const made = await rehearsalWorld();
  const { name } = order('crm');
  await made.scratch.quarantineParameters('rds', 'default.postgres15', name, tags('crm'));
  await made.catalog.beginScratch({ ...record('crm'), expiresAt: '2026-11-21T12:00:00Z' });
  const { openScratches } = made.catalog;
  Object.assign(made.deps, { catalog: { ...made.catalog, openScratches: async () => [] } });
  expect(await made.sweep()).toEqual([]);
  expect(made.scratch.callsOf('removeParameters')).toEqual([]);
  expect(await openScratches()).toHaveLength(1);
});

test.each([
  ['another stage’s', { [TAGS.stage]: 'prod' }],
  ['those of a name that follows from no run', { [TAGS.run]: 'rehearse-snapshot/erp/2026-11-19T02:00:00Z' }],
  ['those that are still in use by their tag', { [TAGS.expires]: '2026-11-21T00:00:00Z' }],
  ['those without an expiry', { [TAGS.expires]: '' }],
])('but not %s', async (_whose, changes) => {
  const made = await rehearsalWorld();
  const all = { ...tags('crm'), ...changes };
  await made.scratch.quarantineParameters('rds', 'default.postgres15', order('crm').name, all);
  expect(await made.sweep()).toEqual([]);
  expect(made.scratch.callsOf('removeParameters')).toEqual([]);
});

test('hours that were used up while it waited are said as such', async () => {
  const made = await rehearsalWorld({ policy: instanceOf({ hoursAMonth: 4, atOnce: 2 }) });
  const job = jobOf('snapshot');
  const execution = made.execution();
  await execution.run(made.bodyOf(job), { at: 'put the scratch instance on record', when: 'kept' });
  await spent(made, '2026-11-10T03:50:00Z');
  await execution.run(made.bodyOf(job));
  expect(await made.open()).toEqual(['job-failed rehearse-snapshot', 'scratch-budget production']);
});
