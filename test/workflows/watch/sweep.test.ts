import { UnderstudyError } from '../../../lib/domain/errors.ts';
import { scratchName } from '../../../lib/domain/names.ts';
import type { Target } from '../../../lib/domain/plan/policy.ts';
import { TAGS } from '../../../lib/domain/points/platform-source.ts';
import type { ScratchRecord } from '../../../lib/domain/runs/scratch-record.ts';
import type { ScratchOrder } from '../../../lib/ports/platform.ts';
import { sweep } from '../../../lib/workflows/watch/sweep.ts';
import { policy, target, throttled } from '../../support/builders.ts';
import { memoryScratchInstances } from '../../support/doubles/scratch-instances.ts';
import { claimRun } from '../../support/records.ts';
import { instanceOf } from '../../support/rehearsals.ts';
import { restoreRecord } from '../../support/restore-records.ts';
import {
  SCRATCH as NAME,
  REHEARSAL,
  scratchOrder,
  scratchRecord,
  scratchTags,
} from '../../support/scratches.ts';
import { sweepWorld } from '../../support/sweeping.ts';

const NOON = '2026-11-20T12:00:00Z';
const ALL = [`instance ${NAME}`, `parameters ${NAME}`, `secret ${NAME}`, `record ${NAME}`];
const LEFT_OVER = `scratch-left-over crm ${NAME}`;
const refused = new UnderstudyError('platform-refused', 'deletion protection');
/** Tags and record of an instance that expires then. */
const until = (expires: string) =>
  [{ tags: scratchTags({ [TAGS.expires]: expires }) }, { expiresAt: expires }] as const;

describe('the sweep of scratch instances', () => {
  it.each(['rds', 'aurora'] as const)(
    'deletes an expired %s instance step by step, and ends its record last',
    async (kind) => {
      const { leave, look, left } = sweepWorld();
      await leave({ kind });
      let looks = 0;
      while ((await left()).length > 0 && looks < 20) {
        const before = await left();
        if (before.some((thing) => thing.startsWith('instance'))) expect(before).toContain(`record ${NAME}`);
        expect(await look()).toEqual([]);
        looks++;
      }
      expect(await left()).toEqual([]);
      expect(looks).toBeLessThan(10);
    },
  );

  it('leaves everything of a target alone while a person restores it', async () => {
    const { leave, look, left, catalog } = sweepWorld();
    await leave();
    await catalog.beginRestore(restoreRecord());
    expect(await look(5)).toEqual([]);
    expect(await left()).toEqual(ALL);
    await catalog.putRestore(restoreRecord({ state: 'done' }));
    await look(20);
    expect(await left()).toEqual([]);
  });

  it('leaves an instance alone until it expires', async () => {
    const { leave, look, left, scratch } = sweepWorld();
    await leave(...until('2026-11-20T12:30:00Z'));
    expect(await look(5)).toEqual([]);
    expect(await left()).toEqual(ALL);
    expect(scratch.callsOf('remove')).toEqual([]);
    await look(10);
    expect(await left()).toEqual([]);
  });

  it.each<[string, Partial<ScratchOrder>, Partial<ScratchRecord>]>([
    ['without tags', { tags: {} }, {}],
    ['that is another resource than on record', {}, { resourceId: 'db-another' }],
  ])('reports an instance %s to the deployment, and leaves it alone', async (_what, changes, on) => {
    const { leave, look, left, scratch } = sweepWorld();
    await leave(changes, on);
    expect([...new Set(await look(3))]).toEqual([`scratch-foreign understudy ${NAME}`]);
    expect(await left()).toEqual(ALL);
    expect(scratch.callsOf('remove')).toEqual([]);
  });

  it('ends the record of an instance that is gone once the record expires, and no sooner', async () => {
    const { catalog, scratchSecrets, look, left } = sweepWorld();
    await catalog.beginScratch(scratchRecord({ expiresAt: '2026-11-20T12:10:00Z' }));
    await scratchSecrets.create(NAME, {});
    await look(2);
    expect(await left()).toEqual([`secret ${NAME}`, `record ${NAME}`]);
    await look();
    expect(await left()).toEqual([]);
  });

  it('ends the record of an instance that is gone ten minutes after its rehearsal ended', async () => {
    const { deps, catalog, scratch, clock, look, left, leave } = sweepWorld();
    await leave({}, { expiresAt: '2026-11-21T12:00:00Z' });
    while ((await scratch.remove('rds', NAME)) !== 'gone');
    const claim = await claimRun(catalog, REHEARSAL, clock.now());
    expect(await look()).toEqual([]);
    expect(await left()).toContain(`record ${NAME}`);
    const endedAt = clock.now().toISOString();
    await catalog.finish(claim, { state: 'failed', endedAt, summary: 'the secret was not to be had' });
    await look(2);
    expect(await left()).toContain(`record ${NAME}`);
    // While the rest cannot be cleared away the look is not complete, and resolves nothing.
    const { destroy } = deps.scratchSecrets;
    deps.scratchSecrets.destroy = () => Promise.reject(new Error('no'));
    await expect(look()).rejects.toThrow(`${NAME}: no`);
    deps.scratchSecrets.destroy = destroy;
    expect(await look()).toEqual([]);
    expect(await left()).toEqual([]);
  });

  it('deletes an instance whose record has ended, with its parameters and its secret', async () => {
    const { leave, look, left, catalog } = sweepWorld();
    await leave();
    await catalog.endScratch(scratchRecord(), '2026-11-19T05:00:00Z');
    await look(5);
    expect(await left()).toEqual([]);
  });

  it('records an instance that is on no record before it deletes it, as its tags describe it', async () => {
    const { deps, leave, look, catalog, scratch } = sweepWorld();
    await leave({}, null);
    const onRecord: ScratchRecord[][] = [];
    deps.scratch = {
      ...scratch,
      remove: async (kind, name) => {
        onRecord.push(await catalog.openScratches());
        return scratch.remove(kind, name);
      },
    };
    await look();
    const resourceId = expect.any(String);
    expect(onRecord).toEqual([[{ ...scratchRecord(), beganAt: NOON, resourceId }]]);
  });

  it('deletes no instance that it cannot record', async () => {
    const { deps, leave, look, catalog, scratch } = sweepWorld();
    await leave({}, null);
    deps.catalog = { ...catalog, beginScratch: () => Promise.reject(new Error('throttled')) };
    expect(await look()).toEqual([LEFT_OVER]);
    expect(scratch.callsOf('remove')).toEqual([]);
  });

  it('looks in every place that a policy rehearses in', async () => {
    const abroad = policy(instanceOf({ place: 'eu-west-1' }));
    const { deps, look } = sweepWorld([target({ policy: abroad, platform: { kind: 'rds', id: 'crm-db' } })]);
    const there = memoryScratchInstances({ steps: 1 });
    there.putStray(scratchOrder({ name: 'understudy-scratch-mine', tags: {} }));
    deps.scratchAt = () => there;
    expect(await look()).toEqual(['scratch-foreign understudy understudy-scratch-mine']);
  });

  it('reports what stands here, and which record it cannot look up in a place of no policy', async () => {
    const { deps, leave, catalog, clock } = sweepWorld();
    await leave({ tags: {} });
    await catalog.beginScratch(scratchRecord({ name: `${NAME}x`, place: 'eu-west-1' }));
    const { findings, failures } = await sweep(deps, clock.now());
    expect(findings).toMatchObject([{ code: 'scratch-foreign', subject: NAME }]);
    expect(failures).toEqual([expect.stringMatching(`^eu-west-1 \\(${NAME}x\\): `)]);
  });

  it('accounts once for the hours of an instance that it deletes', async () => {
    const { leave, look, catalog } = sweepWorld();
    await leave();
    const [left] = await catalog.openScratches();
    const seen = await catalog.standing('production');
    await catalog.startScratch(left!, '2026-11-20T10:00:00Z', '2026-11-20T11:30:00Z', seen);
    await look(6);
    const seconds = await catalog.scratchSeconds('production', '2026-11');
    expect(seconds).toBeGreaterThanOrEqual(7200);
    expect(seconds).toBeLessThan(7200 + 1800);
    await look(3);
    expect(await catalog.scratchSeconds('production', '2026-11')).toBe(seconds);
  });

  it('reports an instance that it cannot delete, and deletes the others', async () => {
    const { deps, leave, left, scratch, clock } = sweepWorld();
    const run = { ...REHEARSAL, scheduledFor: '2026-11-19T03:00:00Z' };
    const name = scratchName('test', 'crm', run);
    deps.scratch = {
      ...scratch,
      remove: (kind, it) => (it === NAME ? Promise.reject(refused) : scratch.remove(kind, it)),
    };
    await leave();
    await leave({ name, tags: scratchTags({ [TAGS.run]: 'rehearse-snapshot/crm/2026-11-19T03:00:00Z' }) });
    const message = expect.stringContaining('deletion protection');
    const found = { code: 'scratch-left-over', target: 'crm', subject: NAME, message };
    for (let times = 0; times < 4; times++)
      expect(await sweep(deps, clock.now())).toMatchObject({ findings: [found], failures: [] });
    expect(await left()).toEqual(ALL);
  });

  it('deletes nothing and ends no record when it cannot list what stands', async () => {
    const { leave, look, left, scratch } = sweepWorld();
    await leave();
    scratch.fail('list', throttled);
    await expect(look()).rejects.toThrow('Rate exceeded');
    expect(await left()).toEqual(ALL);
  });

  it('reports an instance to its target when its deletion takes more than an hour', async () => {
    const { deps, leave, look, scratch } = sweepWorld();
    await leave(...until('2026-11-20T11:59:00Z'));
    deps.scratch = { ...scratch, remove: async () => 'removing' };
    expect(await look(11)).toEqual([]);
    expect(await look(3)).toContain(LEFT_OVER);
  });
});

describe('the sweep of a scratch instance before its expiry', () => {
  const LATER = '2026-11-20T13:00:00Z';
  const stands = async () => {
    const made = sweepWorld();
    await made.leave(...until(LATER));
    return made;
  };

  it.each(['succeeded', 'failed'] as const)(
    'reports the instance of a run that has %s until it is deleted',
    async (state) => {
      const { look, left, catalog, scratch, clock } = await stands();
      const claim = await claimRun(catalog, REHEARSAL, clock.now());
      await catalog.finish(claim, { state, endedAt: NOON, summary: 'it has ended' });
      expect([...new Set(await look(3))]).toEqual([LEFT_OVER]);
      expect(scratch.callsOf('remove')).toEqual([]);
      expect(await left()).toEqual(ALL);
      clock.set(LATER);
      // Said as long as it stands: while it is being deleted too, and not a moment longer.
      expect(await look(1)).toEqual([LEFT_OVER]);
      expect(await look(5)).toEqual([]);
      expect(await left()).toEqual([]);
    },
  );

  it.each([
    ['is running', true],
    ['is on no record', false],
  ])('does not report the instance of a run that %s', async (_what, running) => {
    const { look, catalog, clock } = await stands();
    if (running) await claimRun(catalog, REHEARSAL, clock.now(), { leaseSeconds: 3600 });
    expect(await look(3)).toEqual([]);
  });
});

describe('the sweep of a scratch instance that a secret may lead to', () => {
  const connected = (changes: Partial<Target>) =>
    target({ id: 'erp', connection: { secret: 'understudy/erp' }, ...changes });

  it.each<[string, string | Error, 'rds' | 'aurora', Partial<Target> | undefined]>([
    ['leads to it', `${NAME}.abc123.eu-central-1.rds.amazonaws.com`, 'rds', undefined],
    [
      'leads to an instance of it, a cluster',
      `${NAME}-1.abc.eu-central-1.rds.amazonaws.com`,
      'aurora',
      undefined,
    ],
    ['cannot be read', new Error('AccessDenied'), 'rds', undefined],
    ['of another instance leads to it', `${NAME}.x`, 'rds', { platform: { kind: 'rds', id: 'erp-db' } }],
    ['of a target that is only dumped leads to it', `${NAME}.x`, 'rds', {}],
  ])('reports and keeps it when a secret %s', async (_what, host, kind, other) => {
    const crm = target({ platform: { kind: 'rds', id: 'crm-db' } });
    const { hosts, leave, look, scratch } = sweepWorld(other ? [crm, connected(other)] : [crm]);
    await leave({ kind });
    hosts[other ? 'erp' : 'crm'] = host;
    expect([...new Set(await look(3))]).toEqual([LEFT_OVER]);
    expect(scratch.callsOf('remove')).toEqual([]);
  });

  it.each([
    ['production', 'crm-db.abc.eu-central-1.rds.amazonaws.com'],
    ['a host whose name ends like its own', `my-${NAME}.example.internal`],
    ['a host whose domain is like its name', `db.${NAME}.internal`],
  ])('deletes it when the secret leads to %s', async (_what, host) => {
    const { hosts, leave, look, scratch } = sweepWorld();
    await leave();
    hosts['crm'] = host;
    expect(await look(3)).toEqual([]);
    expect(scratch.callsOf('remove').length).toBeGreaterThan(0);
  });
});
