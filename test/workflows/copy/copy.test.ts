import { UnderstudyError } from '../../../lib/domain/errors.ts';
import type { CopyTo } from '../../../lib/domain/plan/policy.ts';
import { TAGS } from '../../../lib/domain/points/platform.ts';
import { HOME, platformSnapshot, platformSource, policy, snapshotPoint } from '../../support/builders.ts';
import {
  ABROAD,
  AT,
  copiesTo,
  NAME,
  OURS,
  ROLE,
  snapshotWorld,
  VAULTED,
  VAULTED_PLACE,
} from '../../support/snapshots.ts';

const COPY = '20261120T010000Z-snapshot@eu-west-1';
const VAULTED_COPY = `20261120T010000Z-snapshot@${VAULTED_PLACE}`;
const throttled = new UnderstudyError('platform-unreachable', 'Rate exceeded');

/** A world with a verified snapshot at home, taken an hour ago, and a policy of copies. */
async function taken(
  copies: CopyTo[] = [ABROAD],
  options: Parameters<typeof snapshotWorld>[0] & { deadline?: number } = {},
) {
  const { deadline = 12 * 3600, ...rest } = options;
  const made = snapshotWorld({
    ...rest,
    policy: { snapshot: { ...policy().snapshot, deadline, copies } },
  });
  const outcome = await made.take();
  if (outcome.outcome !== 'done') throw new Error(JSON.stringify(outcome));
  made.messages.take('copy');
  made.platform.calls.splice(0);
  await made.clock.advance(3600);
  return made;
}

describe('a copy', () => {
  it('is a point of its own, named after the same moment and its place, as old as its original', async () => {
    const { copy, point } = await taken();
    const original = (await point())!;
    expect(await copy('eu-west-1')).toMatchObject({ outcome: 'done', point: COPY });
    expect(await point(COPY)).toMatchObject({
      kind: 'snapshot',
      place: 'eu-west-1',
      state: 'verified',
      scheduledFor: AT,
      snapshotAt: original.snapshotAt,
      takeSeconds: 30,
      snapshot: { id: NAME, kmsKey: ABROAD.kmsKey, arn: expect.stringContaining(':eu-west-1:') },
    });
    expect((await point(COPY))!.availableAt! > original.availableAt!).toBe(true);
    expect(await point()).toEqual(original);
  });

  it('is as old as its original although the platform dates it by its copying, as of a cluster', async () => {
    const kind = 'aurora' as const;
    const made = await taken([ABROAD], { source: { kind }, target: { platform: { kind, id: 'crm-db' } } });
    await made.copy('eu-west-1');
    expect((await made.point(COPY))!.snapshotAt).toBe((await made.point())!.snapshotAt);
  });

  it('is begun under the destination’s key, with the original’s tags and label', async () => {
    const made = await taken([ABROAD]);
    await made.take({ scheduledFor: '2026-11-20T02:00:00Z', label: 'release 4.2' });
    await made.copy('eu-west-1', '20261120T020000Z-snapshot@eu-central-1');
    expect(made.platform.callsOf('copySnapshot')).toEqual([
      [
        expect.objectContaining({ region: HOME, encrypted: true }),
        {
          id: NAME.replace('010000z', '020000z'),
          place: expect.objectContaining({ name: 'eu-west-1', region: 'eu-west-1' }),
          kmsKey: ABROAD.kmsKey,
          tags: { ...OURS, [TAGS.run]: 'snapshot/crm/2026-11-20T02:00:00Z', [TAGS.label]: 'release 4.2' },
        },
      ],
    ]);
    expect(await made.point('20261120T020000Z-snapshot@eu-west-1')).toMatchObject({ label: 'release 4.2' });
  });

  it('is made once however often it is asked for, by whomever', async () => {
    const { copy, platform } = await taken();
    await copy('eu-west-1');
    expect(await copy('eu-west-1')).toMatchObject({ outcome: 'done-before' });
    expect(platform.callsOf('copySnapshot')).toHaveLength(1);
  });

  it('that is there and ours is adopted', async () => {
    const { copy, platform, point } = await taken();
    platform.putSnapshot(
      platformSnapshot({ id: NAME, tags: OURS, arn: 'arn:aws:rds:eu-west-1:1:snapshot:x' }),
      'eu-west-1',
    );
    expect(await copy('eu-west-1')).toMatchObject({ outcome: 'done' });
    expect(platform.callsOf('copySnapshot')).toEqual([]);
    expect(await point(COPY)).toMatchObject({ state: 'verified' });
  });

  it.each([
    ['no tags', {}],
    ['another stage', { ...OURS, [TAGS.stage]: 'prod' }],
    ['another run', { ...OURS, [TAGS.run]: 'snapshot/crm/2026-11-19T01:00:00Z' }],
  ])('is refused where something of its name bears %s', async (_what, tags) => {
    const { copy, platform, point } = await taken();
    platform.putSnapshot(platformSnapshot({ id: NAME, tags }), 'eu-west-1');
    expect(await copy('eu-west-1')).toMatchObject({ outcome: 'failed', code: 'snapshot-foreign' });
    expect(platform.callsOf('copySnapshot')).toEqual([]);
    expect(platform.callsOf('deleteSnapshot')).toEqual([]);
    expect(await point(COPY)).toMatchObject({ state: 'failed' });
  });

  it('is refused where somebody took its name between the look and the call', async () => {
    const { copy, platform, deps } = await taken();
    const { copySnapshot } = platform;
    deps.platform = {
      ...platform,
      async copySnapshot(from, to) {
        if (platform.ids('eu-west-1').length === 0)
          platform.putSnapshot(platformSnapshot({ id: NAME, tags: {} }), 'eu-west-1');
        return copySnapshot(from, to);
      },
    };
    expect(await copy('eu-west-1')).toMatchObject({ outcome: 'failed', code: 'snapshot-foreign' });
  });

  it('that fails leaves the others and the original as they are', async () => {
    const made = await taken([ABROAD, { ...ABROAD, region: 'us-east-1' }], { looks: 3 });
    made.whilePaused(() => made.platform.setStatus(NAME, 'failed', 'eu-west-1'));
    expect(await made.copy('eu-west-1')).toMatchObject({ outcome: 'failed', code: 'snapshot-failed' });
    made.whilePaused(() => undefined);
    expect(await made.copy('us-east-1')).toMatchObject({ outcome: 'done' });
    expect(await made.point()).toMatchObject({ state: 'verified' });
    expect(await made.point(COPY)).toMatchObject({ state: 'failed' });
  });

  it('to one place takes back nothing that was said of another', async () => {
    const made = await taken([ABROAD, { ...ABROAD, region: 'us-east-1' }], { looks: 3 });
    made.whilePaused(() => made.platform.setStatus(NAME, 'failed', 'eu-west-1'));
    await made.copy('eu-west-1');
    const open = await made.open();
    made.whilePaused(() => undefined);
    await made.copy('us-east-1');
    expect(open).toHaveLength(1);
    expect(await made.open()).toEqual(open);
  });

  it('that is under a key nobody can use counts for nothing, and for something when it is asked for with one', async () => {
    const made = await taken();
    made.deps.keyState = async () => 'unusable';
    expect(await made.copy('eu-west-1')).toMatchObject({ outcome: 'failed', code: 'restore-key-unusable' });
    expect(await made.point(COPY)).toMatchObject({ state: 'available' });
    expect(await made.point()).toMatchObject({ state: 'verified' });
    expect(await made.open()).toEqual(['job-failed copy to eu-west-1', `restore-key-unusable ${COPY}`]);
    made.deps.keyState = async () => 'usable';
    expect(await made.copy('eu-west-1')).toMatchObject({ outcome: 'done' });
    expect(await made.point(COPY)).toMatchObject({ state: 'verified' });
    expect(made.platform.callsOf('copySnapshot')).toHaveLength(1);
    expect(await made.open()).toEqual([]);
  });

  it('that is bad is bad again when it is asked for again, and says why', async () => {
    const made = await taken();
    made.platform.putSnapshot(platformSnapshot({ id: NAME, tags: OURS, encrypted: false }), 'eu-west-1');
    for (let times = 0; times < 2; times++) {
      expect(await made.copy('eu-west-1')).toMatchObject({ outcome: 'failed', code: 'snapshot-unencrypted' });
      expect(await made.point(COPY)).toMatchObject({ state: 'corrupt', why: expect.any(String) });
    }
    expect(await made.point()).toMatchObject({ state: 'verified' });
  });

  it('that never becomes available is given up at the deadline', async () => {
    const made = await taken([ABROAD], { deadline: 7200 });
    made.whilePaused(() => made.platform.setStatus(NAME, 'creating', 'eu-west-1'));
    const before = made.clock.now().getTime();
    expect(await made.copy('eu-west-1')).toMatchObject({ outcome: 'failed', code: 'snapshot-late' });
    expect(Math.round((made.clock.now().getTime() - before) / 1000)).toBe(7200);
    expect(await made.point(COPY)).toMatchObject({ state: 'failed' });
  });
});

describe('a copy that can never be', () => {
  const impossible = async (made: Awaited<ReturnType<typeof taken>>, to: string, why: string | RegExp) => {
    const outcome = await made.copy(to);
    expect(outcome).toMatchObject({
      outcome: 'failed',
      code: 'copy-impossible',
      summary: expect.stringMatching(why),
    });
    expect(await made.open()).toEqual([`copy-impossible ${to}`, `job-failed copy to ${to}`]);
    expect(made.platform.callsOf('copySnapshot')).toEqual([]);
    expect(made.platform.callsOf('share')).toEqual([]);
  };

  it('into the Region where the original lies', async () => {
    await impossible(await taken([{ region: HOME, kmsKey: 'k' }]), HOME, /lies there already/);
  });

  it('of an encrypted one without a key of its place', async () => {
    await impossible(await taken([{ region: 'eu-west-1' }]), 'eu-west-1', /give kmsKey/);
  });

  it('into another account without a key of its own, although in the same Region', async () => {
    await impossible(
      await taken([{ region: HOME, account: '444455556666', role: ROLE }]),
      `${HOME}/444455556666`,
      /give kmsKey/,
    );
  });

  it('into another account, of one that is encrypted with the default key', async () => {
    const made = await taken([{ ...VAULTED, region: HOME }]);
    made.deps.isDefaultKey = async () => true;
    await impossible(made, `${HOME}/444455556666`, /default key/);
  });

  it('asks about the key of the snapshot that would be shared, where that lies', async () => {
    const made = await taken([ABROAD, VAULTED]);
    await made.copy('eu-west-1');
    made.platform.calls.splice(0);
    const asked: [string, string][] = [];
    made.deps.isDefaultKey = async (key, region) => {
      asked.push([key, region]);
      return true;
    };
    await impossible(made, VAULTED_PLACE, /default key/);
    expect(asked).toEqual([[ABROAD.kmsKey, 'eu-west-1']]);
  });

  it('into another account and Region, where the policy wants none in that Region to copy from', async () => {
    await impossible(await taken([VAULTED]), VAULTED_PLACE, /no copy to eu-west-1/);
  });

  it('is not the default key across Regions of one account: that may be copied under another', async () => {
    const made = await taken([ABROAD]);
    made.deps.isDefaultKey = async () => true;
    expect(await made.copy('eu-west-1')).toMatchObject({ outcome: 'done' });
  });

  it('is not one whose key nobody could ask about', async () => {
    const made = await taken([{ ...VAULTED, region: HOME }]);
    made.deps.isDefaultKey = async () => undefined;
    expect(await made.copy(`${HOME}/444455556666`)).toMatchObject({ outcome: 'done' });
  });

  it('needs no key where the original is not encrypted', async () => {
    const made = snapshotWorld({
      source: { encrypted: false, kmsKey: undefined as never },
      policy: { snapshot: { ...policy().snapshot, encryption: 'any', copies: [{ region: 'eu-west-1' }] } },
    });
    await made.take();
    expect(await made.copy('eu-west-1')).toMatchObject({ outcome: 'done' });
  });

  it('is taken back once it could be', async () => {
    const made = await taken([{ ...VAULTED, region: HOME }]);
    made.deps.isDefaultKey = async () => true;
    await made.copy(`${HOME}/444455556666`);
    made.deps.isDefaultKey = async () => false;
    await made.copy(`${HOME}/444455556666`);
    expect(await made.open()).toEqual([]);
  });
});

describe('a copy is refused', () => {
  it('to a place that the policy does not copy to', async () => {
    const { copy, platform } = await taken();
    expect(await copy('us-east-1')).toMatchObject({
      outcome: 'failed',
      code: 'copy-unknown',
      hint: expect.stringContaining('snapshot.copies'),
    });
    expect(platform.ids('us-east-1')).toEqual([]);
  });

  it.each(['creating', 'available', 'failed', 'corrupt', 'expiring', 'expired'] as const)(
    'of a snapshot that is %s',
    async (state) => {
      const made = snapshotWorld({ policy: copiesTo(ABROAD) });
      await made.catalog.adoptPoint(snapshotPoint(AT, { state }));
      expect(await made.copy('eu-west-1')).toMatchObject({ code: 'point-unusable' });
      expect(await made.point(COPY)).toBeUndefined();
    },
  );

  it.each(['automated', 'foreign'] as const)('of one that is %s: only ours are copied', async (kind) => {
    const made = snapshotWorld({ policy: copiesTo(ABROAD) });
    await made.catalog.adoptPoint(snapshotPoint(AT, { kind }));
    expect(await made.copy('eu-west-1', `20261120T010000Z-${kind}@${HOME}`)).toMatchObject({
      code: 'point-unusable',
    });
  });

  it('of one that nobody knows', async () => {
    const made = snapshotWorld({ policy: copiesTo(ABROAD) });
    expect(await made.copy('eu-west-1')).toMatchObject({
      outcome: 'refused',
      code: 'point-unusable',
      hint: expect.stringContaining('points crm'),
    });
  });
});

describe('a copy into another account', () => {
  it('goes through the Region’s copy, which is shared with that account there', async () => {
    const { copy, platform, point } = await taken([ABROAD, VAULTED]);
    await copy('eu-west-1');
    platform.calls.splice(0);
    expect(await copy(VAULTED_PLACE)).toMatchObject({ outcome: 'done', point: VAULTED_COPY });
    expect(platform.callsOf('share')).toEqual([
      ['rds', NAME, { name: 'eu-west-1', region: 'eu-west-1' }, '444455556666'],
    ]);
    const [[from, to]] = platform.callsOf('copySnapshot') as [
      [{ region: string; arn: string }, { place: { role: string } }],
    ];
    expect(from).toMatchObject({ region: 'eu-west-1', arn: (await point(COPY))!.snapshot.arn });
    expect(to.place).toMatchObject({ name: VAULTED_PLACE, role: ROLE, account: '444455556666' });
    expect(await point(VAULTED_COPY)).toMatchObject({
      state: 'verified',
      snapshotAt: (await point())!.snapshotAt,
    });
    expect(platform.sharedWith(NAME)).toEqual([]);
  });

  it('of the home Region shares the original', async () => {
    const { copy, platform } = await taken([{ ...VAULTED, region: HOME }]);
    expect(await copy(`${HOME}/444455556666`)).toMatchObject({ outcome: 'done' });
    expect(platform.sharedWith(NAME)).toEqual(['444455556666']);
  });

  it('waits while the Region’s copy is being made', async () => {
    const made = await taken([ABROAD, VAULTED]);
    let pauses = 0;
    made.whilePaused(async (pause) => {
      if (!pause.startsWith('plan the copy')) return;
      expect(await made.point(VAULTED_COPY)).toBeUndefined();
      expect(made.platform.callsOf('share')).toEqual([]);
      if (++pauses === 3) await made.copy('eu-west-1');
    });
    expect(await made.copy(VAULTED_PLACE)).toMatchObject({ outcome: 'done', point: VAULTED_COPY });
    expect(pauses).toBe(3);
    expect(await made.point(VAULTED_COPY)).toMatchObject({ state: 'verified' });
    expect(made.told()).toEqual([]);
  });

  it('is refused for now when the Region’s copy is not there by the deadline', async () => {
    const { copy, platform, point, clock, run } = await taken([ABROAD, VAULTED], { deadline: 7200 });
    const before = clock.now().getTime();
    expect(await copy(VAULTED_PLACE)).toMatchObject({
      outcome: 'failed',
      code: 'copy-not-yet',
      hint: 'the watch asks again',
    });
    expect(Math.round((clock.now().getTime() - before) / 1000)).toBe(7200);
    expect(await run('copy', VAULTED_COPY)).toMatchObject({ state: 'failed' });
    expect(platform.callsOf('share')).toEqual([]);
    expect(await point(VAULTED_COPY)).toBeUndefined();
    await copy('eu-west-1');
    expect(await copy(VAULTED_PLACE)).toMatchObject({ outcome: 'done' });
  });

  it('that only came too early wakes nobody: it is asked for again', async () => {
    const { copy, told, open } = await taken([ABROAD, VAULTED]);
    expect(await copy(VAULTED_PLACE)).toMatchObject({ code: 'copy-not-yet' });
    expect(told()).toEqual([]);
    expect(await open()).toEqual([]);
  });
});

describe('a destination that takes no more copies at once', () => {
  const full = new UnderstudyError('copy-quota', '20 copies are in flight');

  it('is waited for until there is a place', async () => {
    const { copy, platform, whilePaused, told } = await taken();
    platform.fail('copySnapshot', full);
    let pauses = 0;
    whilePaused((pause) => {
      expect(pause).toContain('our turn');
      if (++pauses === 7) {
        platform.heal();
        whilePaused(() => undefined);
      }
    });
    expect(await copy('eu-west-1')).toMatchObject({ outcome: 'done' });
    expect(platform.callsOf('copySnapshot')).toHaveLength(8);
    expect(told()).toEqual([]);
  });

  it('for ever is given up at the deadline, and said to be full', async () => {
    const { copy, platform, clock, point } = await taken([ABROAD], { deadline: 7200 });
    platform.fail('copySnapshot', full);
    const before = clock.now().getTime();
    expect(await copy('eu-west-1')).toMatchObject({
      outcome: 'failed',
      code: 'copy-late',
      summary: expect.stringContaining('20 copies are in flight'),
    });
    expect(Math.round((clock.now().getTime() - before) / 1000)).toBe(7200);
    expect(await point(COPY)).toMatchObject({ state: 'failed' });
  });

  it('of snapshots altogether is no wait: it is refused', async () => {
    const { copy, platform } = await taken();
    platform.fail('copySnapshot', new UnderstudyError('snapshot-quota', '100 snapshots'));
    expect(await copy('eu-west-1')).toMatchObject({ outcome: 'failed', code: 'snapshot-quota' });
    expect(platform.callsOf('copySnapshot')).toHaveLength(1);
  });
});

describe('a throttled platform', () => {
  it.each(['snapshot', 'copySnapshot', 'share'] as const)(
    'in %s for a while costs a copy nothing but time',
    async (method) => {
      const { copy, platform, told } = await taken([{ ...VAULTED, region: HOME }]);
      platform.fail(method, throttled, { times: 3 });
      expect(await copy(`${HOME}/444455556666`)).toMatchObject({ outcome: 'done' });
      expect(platform.ids(`${HOME}/444455556666`)).toEqual([NAME]);
      expect(told()).toEqual([]);
    },
  );

  it.each(['snapshot', 'copySnapshot', 'share'] as const)(
    'in %s for ever ends the run with its reason',
    async (method) => {
      const { copy, platform, told, run } = await taken([{ ...VAULTED, region: HOME }]);
      platform.fail(method, throttled);
      expect(await copy(`${HOME}/444455556666`)).toMatchObject({
        outcome: 'failed',
        summary: expect.stringContaining('Rate exceeded'),
      });
      expect(await run('copy', `20261120T010000Z-snapshot@${HOME}/444455556666`)).toMatchObject({
        state: 'failed',
      });
      expect(told()).toHaveLength(2);
    },
  );

  it('makes one copy although the answer to the call was lost', async () => {
    const { copy, platform } = await taken();
    platform.fail('copySnapshot', throttled, { times: 1, after: true });
    expect(await copy('eu-west-1')).toMatchObject({ outcome: 'done' });
    expect(platform.ids('eu-west-1')).toEqual([NAME]);
    expect(platform.callsOf('copySnapshot')).toHaveLength(1);
  });
});

describe('the place of a copy', () => {
  it('asks for a role only where the policy names one', async () => {
    const made = snapshotWorld({ policy: copiesTo(ABROAD), source: platformSource() });
    await made.take();
    await made.copy('eu-west-1');
    const [[, to]] = made.platform.callsOf('copySnapshot') as [[unknown, { place: object }]];
    expect(to.place).toEqual({ name: 'eu-west-1', region: 'eu-west-1', account: undefined, role: undefined });
  });
});
