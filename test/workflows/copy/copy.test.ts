import { UnderstudyError } from '../../../lib/domain/errors.ts';
import type { CopyTo } from '../../../lib/domain/plan/policy.ts';
import { TAGS } from '../../../lib/domain/points/platform-source.ts';
import { HOME, snapshotPoint, throttled } from '../../support/builders.ts';
import {
  ABROAD,
  AT,
  copiesTo,
  NAME,
  OURS,
  ownSnapshot,
  ROLE,
  snapshotOptions,
  snapshotWorld,
  tagsAt,
  VAULTED,
  VAULTED_PLACE,
} from '../../support/snapshots.ts';

const COPY = '20261120T010000Z-snapshot@eu-west-1';
const VAULTED_COPY = `20261120T010000Z-snapshot@${VAULTED_PLACE}`;
/** Another account’s vault in the home Region. */
const NEAR: CopyTo = { ...VAULTED, region: HOME };
const NEAR_PLACE = `${HOME}/444455556666`;
const AMERICA: CopyTo = { ...ABROAD, region: 'us-east-1' };

/** A world with a verified snapshot at home, taken an hour ago, and a policy of copies. */
async function taken(
  copies: CopyTo[] = [ABROAD],
  options: Parameters<typeof snapshotWorld>[0] & { deadline?: number } = {},
) {
  const { deadline = 12 * 3600, ...rest } = options;
  const made = snapshotWorld({ ...rest, policy: snapshotOptions({ deadline, copies }) });
  expect(await made.take()).toMatchObject({ outcome: 'done' });
  made.messages.take('copy');
  made.platform.calls.splice(0);
  await made.clock.advance(3600);
  const begun = made.clock.now().getTime();
  const passed = () => Math.round((made.clock.now().getTime() - begun) / 1000);
  return { ...made, passed };
}

describe('the copy job', () => {
  it.each(['rds', 'aurora'] as const)(
    'makes a point of its own of an %s snapshot, as old as its original',
    async (kind) => {
      const options = { source: { kind }, target: { platform: { kind, id: 'crm-db' } } };
      const { copy, point } = await taken([ABROAD], options);
      const original = (await point())!;
      expect(await copy('eu-west-1')).toMatchObject({ outcome: 'done', point: COPY });
      expect(await point(COPY)).toMatchObject({
        kind: 'snapshot',
        place: 'eu-west-1',
        state: 'verified',
        scheduledFor: AT,
        snapshotAt: original.snapshotAt,
        takeSeconds: 30,
        snapshot: { kmsKey: ABROAD.kmsKey, arn: expect.stringContaining(':eu-west-1:') },
      });
      expect((await point(COPY))!.availableAt! > original.availableAt!).toBe(true);
      expect(await point()).toEqual(original);
    },
  );

  it('copies under the key of the place, with the original’s tags and label', async () => {
    const made = await taken([ABROAD]);
    const at = '2026-11-20T02:00:00Z';
    await made.take({ scheduledFor: at, label: 'release 4.2' });
    await made.copy('eu-west-1', '20261120T020000Z-snapshot@eu-central-1');
    expect(made.platform.callsOf('copySnapshot')).toEqual([
      [
        expect.objectContaining({ region: HOME, encrypted: true }),
        {
          id: NAME.replace('010000z', '020000z'),
          // A role is asked for only where the policy names one.
          place: { name: 'eu-west-1', region: 'eu-west-1', account: undefined, role: undefined },
          kmsKey: ABROAD.kmsKey,
          tags: { ...tagsAt(at), [TAGS.label]: 'release 4.2' },
        },
      ],
    ]);
    expect(await made.point('20261120T020000Z-snapshot@eu-west-1')).toMatchObject({ label: 'release 4.2' });
  });

  it('makes one copy however often it is asked for', async () => {
    const { copy, platform } = await taken();
    await copy('eu-west-1');
    expect(await copy('eu-west-1')).toMatchObject({ outcome: 'done-before' });
    expect(platform.callsOf('copySnapshot')).toHaveLength(1);
  });

  it('adopts a copy of its name and run', async () => {
    const { copy, platform, point } = await taken();
    platform.putSnapshot(ownSnapshot({ arn: 'arn:aws:rds:eu-west-1:1:snapshot:x' }), 'eu-west-1');
    expect(await copy('eu-west-1')).toMatchObject({ outcome: 'done' });
    expect(platform.callsOf('copySnapshot')).toEqual([]);
    expect(await point(COPY)).toMatchObject({ state: 'verified' });
  });

  it.each([
    ['no tags', {}],
    ['the tags of another stage', { ...OURS, [TAGS.stage]: 'prod' }],
    ['the tags of another run', { ...OURS, [TAGS.run]: 'snapshot/crm/2026-11-19T01:00:00Z' }],
  ])('refuses a copy of its name that has %s, and leaves it as it is', async (_what, tags) => {
    const { copy, platform, point } = await taken();
    platform.putSnapshot(ownSnapshot({ tags }), 'eu-west-1');
    expect(await copy('eu-west-1')).toMatchObject({ outcome: 'failed', code: 'snapshot-foreign' });
    expect(platform.callsOf('copySnapshot')).toEqual([]);
    expect(platform.callsOf('deleteSnapshot')).toEqual([]);
    expect(await point(COPY)).toMatchObject({ state: 'failed' });
  });

  it('refuses a foreign snapshot that takes its name between the look and the call', async () => {
    const { copy, platform, deps } = await taken();
    deps.platform = {
      ...platform,
      async copySnapshot(from, to) {
        if (platform.ids('eu-west-1').length === 0)
          platform.putSnapshot(ownSnapshot({ tags: {} }), 'eu-west-1');
        return platform.copySnapshot(from, to);
      },
    };
    expect(await copy('eu-west-1')).toMatchObject({ outcome: 'failed', code: 'snapshot-foreign' });
  });

  it('leaves the original, other copies and their findings alone when one copy fails', async () => {
    const made = await taken([ABROAD, AMERICA], { looks: 3 });
    made.whilePaused(() => made.platform.setStatus(NAME, 'failed', 'eu-west-1'));
    expect(await made.copy('eu-west-1')).toMatchObject({ outcome: 'failed', code: 'snapshot-failed' });
    made.whilePaused(() => undefined);
    expect(await made.copy('us-east-1')).toMatchObject({ outcome: 'done' });
    expect(await made.point()).toMatchObject({ state: 'verified' });
    expect(await made.point(COPY)).toMatchObject({ state: 'failed' });
    expect(await made.open()).toEqual(['job-failed copy to eu-west-1']);
  });

  it('does not count a copy while its key cannot be used, and counts it when the key can be used', async () => {
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

  it('marks an unencrypted copy corrupt, and says so again when it is asked for again', async () => {
    const made = await taken();
    made.platform.putSnapshot(ownSnapshot({ encrypted: false }), 'eu-west-1');
    for (let times = 0; times < 2; times++) {
      expect(await made.copy('eu-west-1')).toMatchObject({ outcome: 'failed', code: 'snapshot-unencrypted' });
      expect(await made.point(COPY)).toMatchObject({ state: 'corrupt', why: expect.any(String) });
    }
    expect(await made.point()).toMatchObject({ state: 'verified' });
  });

  it('gives a copy up at the policy’s deadline', async () => {
    const made = await taken([ABROAD], { deadline: 7200 });
    made.whilePaused(() => made.platform.setStatus(NAME, 'creating', 'eu-west-1'));
    expect(await made.copy('eu-west-1')).toMatchObject({ outcome: 'failed', code: 'snapshot-late' });
    expect(made.passed()).toBe(7200);
    expect(await made.point(COPY)).toMatchObject({ state: 'failed' });
  });
});

describe('the copy job (copies that can never be made)', () => {
  const impossible = async (made: Awaited<ReturnType<typeof taken>>, to: string, why: RegExp) => {
    const summary = expect.stringMatching(why);
    expect(await made.copy(to)).toMatchObject({ outcome: 'failed', code: 'copy-impossible', summary });
    expect(await made.open()).toEqual([`copy-impossible ${to}`, `job-failed copy to ${to}`]);
    expect(made.platform.callsOf('copySnapshot')).toEqual([]);
    expect(made.platform.callsOf('share')).toEqual([]);
  };

  it.each<[string, CopyTo, string, RegExp]>([
    ['into the original’s own Region', { region: HOME, kmsKey: 'k' }, HOME, /lies there already/],
    ['of an encrypted snapshot without a key', { region: 'eu-west-1' }, 'eu-west-1', /give kmsKey/],
    [
      'into another account without a key',
      { ...NEAR, kmsKey: undefined as never },
      NEAR_PLACE,
      /give kmsKey/,
    ],
    ['into another account and a Region without a copy', VAULTED, VAULTED_PLACE, /no copy to eu-west-1/],
  ])('refuses a copy %s', async (_what, to, place, why) => {
    await impossible(await taken([to]), place, why);
  });

  it('refuses a copy into another account under the default key, until the key is another', async () => {
    const made = await taken([NEAR]);
    made.deps.isDefaultKey = async () => true;
    await impossible(made, NEAR_PLACE, /default key/);
    made.deps.isDefaultKey = async () => false;
    await made.copy(NEAR_PLACE);
    expect(await made.open()).toEqual([]);
  });

  it('asks about the key of the snapshot that would be shared, in the Region of that snapshot', async () => {
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

  it.each([
    ['to another Region of the same account although the key is the default key', ABROAD, 'eu-west-1', true],
    ['into another account where KMS does not say which key it is', NEAR, NEAR_PLACE, undefined],
  ])('makes a copy %s', async (_what, to, place, isDefault) => {
    const made = await taken([to]);
    made.deps.isDefaultKey = async () => isDefault;
    expect(await made.copy(place)).toMatchObject({ outcome: 'done' });
  });

  it('needs no key for a copy of a snapshot that is not encrypted', async () => {
    const made = snapshotWorld({
      source: { encrypted: false, kmsKey: undefined as never },
      policy: snapshotOptions({ encryption: 'any', copies: [{ region: 'eu-west-1' }] }),
    });
    await made.take();
    expect(await made.copy('eu-west-1')).toMatchObject({ outcome: 'done' });
  });

  it('refuses a copy to a place that the policy does not name', async () => {
    const { copy, platform } = await taken();
    const hint = expect.stringContaining('snapshot.copies');
    expect(await copy('us-east-1')).toMatchObject({ outcome: 'failed', code: 'copy-unknown', hint });
    expect(platform.ids('us-east-1')).toEqual([]);
  });

  it.each(['creating', 'available', 'failed', 'corrupt', 'expiring', 'expired'] as const)(
    'refuses a copy of a snapshot that is %s',
    async (state) => {
      const made = snapshotWorld({ policy: copiesTo(ABROAD) });
      await made.catalog.adoptPoint(snapshotPoint(AT, { state }));
      expect(await made.copy('eu-west-1')).toMatchObject({ code: 'point-unusable' });
      expect(await made.point(COPY)).toBeUndefined();
    },
  );

  it.each(['automated', 'foreign'] as const)('refuses a copy of an %s snapshot', async (kind) => {
    const made = snapshotWorld({ policy: copiesTo(ABROAD) });
    const original = snapshotPoint(AT, { kind });
    await made.catalog.adoptPoint(original);
    expect(await made.copy('eu-west-1', original.id)).toMatchObject({ code: 'point-unusable' });
  });

  it('refuses a copy of a snapshot that the catalog does not know', async () => {
    const made = snapshotWorld({ policy: copiesTo(ABROAD) });
    const hint = expect.stringContaining('points crm');
    const refused = { outcome: 'refused', code: 'point-unusable', hint };
    expect(await made.copy('eu-west-1')).toMatchObject(refused);
  });
});

describe('the copy job (another account)', () => {
  it('shares the Region’s copy with the account, and copies it there', async () => {
    const { copy, platform, point } = await taken([ABROAD, VAULTED]);
    await copy('eu-west-1');
    platform.calls.splice(0);
    expect(await copy(VAULTED_PLACE)).toMatchObject({ outcome: 'done', point: VAULTED_COPY });
    expect(platform.callsOf('share')).toEqual([
      ['rds', NAME, { name: 'eu-west-1', region: 'eu-west-1' }, '444455556666'],
    ]);
    expect(platform.callsOf('copySnapshot')).toMatchObject([
      [
        { region: 'eu-west-1', arn: (await point(COPY))!.snapshot.arn },
        { place: { name: VAULTED_PLACE, role: ROLE, account: '444455556666' } },
      ],
    ]);
    const { snapshotAt } = (await point())!;
    expect(await point(VAULTED_COPY)).toMatchObject({ state: 'verified', snapshotAt });
    expect(platform.sharedWith(NAME)).toEqual([]);
  });

  it('shares the original where the account’s copy lies in the home Region', async () => {
    const { copy, platform } = await taken([NEAR]);
    expect(await copy(NEAR_PLACE)).toMatchObject({ outcome: 'done' });
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

  it('gives up at the deadline without an alert when the Region’s copy does not come', async () => {
    const made = await taken([ABROAD, VAULTED], { deadline: 7200 });
    const { copy, platform, point, run } = made;
    const hint = 'the watch asks again';
    expect(await copy(VAULTED_PLACE)).toMatchObject({ outcome: 'failed', code: 'copy-not-yet', hint });
    expect(made.passed()).toBe(7200);
    expect(await run('copy', VAULTED_COPY)).toMatchObject({ state: 'failed' });
    expect(platform.callsOf('share')).toEqual([]);
    expect(await point(VAULTED_COPY)).toBeUndefined();
    expect([made.told(), await made.open()]).toEqual([[], []]);
    await copy('eu-west-1');
    expect(await copy(VAULTED_PLACE)).toMatchObject({ outcome: 'done' });
  });
});

describe('the copy job (errors of RDS)', () => {
  const full = new UnderstudyError('copy-quota', '20 copies are in flight');

  it('waits while the Region takes no more copies at once', async () => {
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

  it('gives up at the deadline when the Region never takes the copy', async () => {
    const made = await taken([ABROAD], { deadline: 7200 });
    made.platform.fail('copySnapshot', full);
    const summary = expect.stringContaining('20 copies are in flight');
    expect(await made.copy('eu-west-1')).toMatchObject({ outcome: 'failed', code: 'copy-late', summary });
    expect(made.passed()).toBe(7200);
    expect(await made.point(COPY)).toMatchObject({ state: 'failed' });
  });

  it('fails at once when the account’s quota of snapshots is used up', async () => {
    const { copy, platform } = await taken();
    platform.fail('copySnapshot', new UnderstudyError('snapshot-quota', '100 snapshots'));
    expect(await copy('eu-west-1')).toMatchObject({ outcome: 'failed', code: 'snapshot-quota' });
    expect(platform.callsOf('copySnapshot')).toHaveLength(1);
  });

  it.each(['snapshot', 'copySnapshot', 'share'] as const)(
    'succeeds when RDS throttles %s three times',
    async (method) => {
      const { copy, platform, told } = await taken([NEAR]);
      platform.fail(method, throttled, { times: 3 });
      expect(await copy(NEAR_PLACE)).toMatchObject({ outcome: 'done' });
      expect(platform.ids(NEAR_PLACE)).toEqual([NAME]);
      expect(told()).toEqual([]);
    },
  );

  it.each(['snapshot', 'copySnapshot', 'share'] as const)(
    'fails with the reason on record when RDS never stops throttling %s',
    async (method) => {
      const { copy, platform, told, run } = await taken([NEAR]);
      platform.fail(method, throttled);
      const summary = expect.stringContaining('Rate exceeded');
      expect(await copy(NEAR_PLACE)).toMatchObject({ outcome: 'failed', summary });
      const copyRun = await run('copy', `20261120T010000Z-snapshot@${NEAR_PLACE}`);
      expect(copyRun).toMatchObject({ state: 'failed' });
      expect(told()).toEqual([`opened P1 job-failed crm copy to ${NEAR_PLACE}`]);
    },
  );

  it('makes one copy although RDS’s answer to the call is lost', async () => {
    const { copy, platform } = await taken();
    platform.fail('copySnapshot', throttled, { times: 1, after: true });
    expect(await copy('eu-west-1')).toMatchObject({ outcome: 'done' });
    expect(platform.ids('eu-west-1')).toEqual([NAME]);
    expect(platform.callsOf('copySnapshot')).toHaveLength(1);
  });
});
