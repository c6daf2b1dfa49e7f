import type { Place, ScratchOrder } from '../../lib/ports/platform.ts';
import { HOME, platformSnapshot, platformSource } from '../support/builders.ts';
import { manualClock } from '../support/doubles/clock.ts';
import { memoryPlatform } from '../support/doubles/platform.ts';
import { memoryScratchInstances, memoryScratchSecrets } from '../support/doubles/scratch-instances.ts';

const HERE: Place = { name: HOME, region: HOME };
const ABROAD: Place = { name: 'eu-west-1', region: 'eu-west-1' };
const VAULTED: Place = { name: 'eu-west-1/444455556666', region: 'eu-west-1', account: '444455556666' };
const CRM = { kind: 'rds', id: 'crm-db' } as const;
const NAME = 'understudy-scratch-crm-0123456789';

describe('the platform in memory', () => {
  const make = (looks = 2) => {
    const clock = manualClock('2026-11-20T01:00:00Z');
    return { clock, platform: memoryPlatform({ clock, looks, sources: [platformSource()] }) };
  };

  it('makes a snapshot available after two looks, and gives its moment only then', async () => {
    const { clock, platform } = make();
    await platform.takeSnapshot(CRM, 'one', { a: 'b' });
    await clock.advance(600);
    for (let look = 0; look < 2; look++) {
      const making = await platform.snapshot('rds', 'one', HERE);
      expect(making).toMatchObject({ status: 'creating', progress: 0, tags: { a: 'b' } });
      expect(making).not.toHaveProperty('takenAt');
    }
    expect(await platform.snapshot('rds', 'one', HERE)).toMatchObject({
      status: 'available',
      takenAt: '2026-11-20T01:00:00Z',
      resourceId: 'db-CRM1',
    });
  });

  it('gives a copy the moment of its original, and refuses an encrypted copy without a key', async () => {
    const { clock, platform } = make(0);
    await platform.takeSnapshot(CRM, 'one', {});
    const original = (await platform.snapshot('rds', 'one', HERE))!;
    await clock.advance(600);
    const from = { ...original, region: HOME };
    const refused = platform.copySnapshot(from, { id: 'one', place: ABROAD, tags: {} });
    await expect(refused).rejects.toMatchObject({ code: 'key-inaccessible' });
    await platform.copySnapshot(from, { id: 'one', place: ABROAD, kmsKey: 'alias/abroad', tags: {} });
    expect(await platform.snapshot('rds', 'one', ABROAD)).toMatchObject({
      createdAt: '2026-11-20T01:10:00Z',
      takenAt: '2026-11-20T01:00:00Z',
      kmsKey: 'alias/abroad',
    });
    expect(platform.ids('eu-west-1')).toEqual(['one']);
  });

  it('lets another account copy a snapshot only when it was shared with that account', async () => {
    const { platform } = make(0);
    await platform.takeSnapshot(CRM, 'one', {});
    const from = { ...(await platform.snapshot('rds', 'one', HERE))!, region: HOME };
    const copy = () => platform.copySnapshot(from, { id: 'one', place: VAULTED, kmsKey: 'k', tags: {} });
    await expect(copy()).rejects.toMatchObject({ code: 'platform-denied' });
    await platform.share('rds', 'one', HERE, '444455556666');
    await copy();
    expect(platform.ids(VAULTED.name)).toEqual(['one']);
  });

  it.each([
    ['under a name that is taken', 'snapshot-exists', 'available', 100],
    ['of a source that is busy', 'source-busy', 'modifying', 100],
    ['beyond the quota', 'snapshot-quota', 'available', 1],
  ])('refuses a snapshot %s', async (_, code, status, most) => {
    const { platform } = make();
    await platform.takeSnapshot(CRM, 'one', {});
    platform.putSource(platformSource({ status }));
    platform.setQuota('snapshots', { used: 0, most });
    const id = code === 'snapshot-exists' ? 'one' : 'two';
    await expect(platform.takeSnapshot(CRM, id, {})).rejects.toMatchObject({ code });
    expect(platform.ids()).toEqual(['one']);
  });

  it('deletes a manual snapshot once or twice, and never an automated one', async () => {
    const { platform } = make();
    platform.putSnapshot(platformSnapshot({ id: 'manual' }));
    platform.putSnapshot(platformSnapshot({ id: 'rds:crm', type: 'automated' }));
    await platform.deleteSnapshot('rds', 'manual', HERE);
    await platform.deleteSnapshot('rds', 'manual', HERE);
    const deletion = platform.deleteSnapshot('rds', 'rds:crm', HERE);
    await expect(deletion).rejects.toMatchObject({ code: 'platform-refused' });
    expect(platform.ids()).toEqual(['rds:crm']);
  });
});

describe('scratch instances in memory', () => {
  const order = (changes: Partial<ScratchOrder> = {}): ScratchOrder => ({
    kind: 'rds',
    name: NAME,
    from: { snapshot: 'one' },
    engine: 'postgres',
    engineVersion: '15.18',
    instanceClass: 'db.t4g.medium',
    subnetGroup: 'quiet',
    securityGroups: [],
    tags: { 'understudy:run': 'run-1' },
    ...changes,
  });

  it('are available after two looks, take a password, and go in two steps', async () => {
    const scratch = memoryScratchInstances({ looks: 2, steps: 2 });
    await scratch.begin(order());
    const statuses = [];
    for (let look = 0; look < 3; look++) statuses.push((await scratch.look('rds', NAME))?.status);
    expect(statuses).toEqual(['creating', 'creating', 'available']);
    await scratch.secure('rds', NAME, 'secret');
    expect(scratch.password(NAME)).toBeUndefined();
    for (const pending of [true, true, false])
      expect(await scratch.look('rds', NAME)).toMatchObject({ pending });
    expect(scratch.password(NAME)).toBe('secret');
    const steps = [];
    for (let step = 0; step < 4; step++) steps.push(await scratch.remove('rds', NAME));
    expect(steps).toEqual(['removing', 'removing', 'gone', 'gone']);
    expect(scratch.left()).toEqual([]);
  });

  it('of a cluster have a member, which goes first', async () => {
    const scratch = memoryScratchInstances();
    await scratch.begin(order({ kind: 'aurora' }));
    await scratch.addMember(order({ kind: 'aurora' }));
    await scratch.addMember(order({ kind: 'aurora' }));
    expect(scratch.left()).toEqual([`instance ${NAME}`, `instance ${NAME}-1`]);
    await scratch.remove('aurora', NAME);
    expect(await scratch.remove('aurora', NAME)).toBe('removing');
    expect(scratch.left()).toEqual([`instance ${NAME}`]);
    await scratch.remove('aurora', NAME);
    expect(await scratch.remove('aurora', NAME)).toBe('gone');
  });

  it('are adopted by their own run, and refused to another', async () => {
    const scratch = memoryScratchInstances();
    await scratch.begin(order());
    const { resourceId } = (await scratch.look('rds', NAME))!;
    await scratch.begin(order());
    expect(await scratch.look('rds', NAME)).toMatchObject({ resourceId });
    const another = scratch.begin(order({ tags: { 'understudy:run': 'run-2' } }));
    await expect(another).rejects.toMatchObject({ code: 'instance-exists' });
  });

  it('keep their parameter group until they are gone', async () => {
    const scratch = memoryScratchInstances({ steps: 0 });
    await scratch.quarantineParameters('rds', 'default.postgres15', NAME, {});
    await scratch.begin(order({ parameterGroup: NAME }));
    await expect(scratch.removeParameters('rds', NAME)).rejects.toMatchObject({ code: 'platform-refused' });
    expect(await scratch.remove('rds', NAME)).toBe('gone');
    expect(scratch.left()).toEqual([`parameters ${NAME}`]);
    await scratch.removeParameters('rds', NAME);
    expect(scratch.left()).toEqual([]);
  });

  it('refuse every name that is not a scratch instance’s', async () => {
    const scratch = memoryScratchInstances();
    const refused = { code: 'not-scratch' };
    await expect(scratch.begin(order({ name: 'crm-db' }))).rejects.toMatchObject(refused);
    await expect(scratch.secure('rds', 'crm-db', 'x')).rejects.toMatchObject(refused);
    await expect(scratch.remove('rds', 'crm-db')).rejects.toMatchObject(refused);
    await expect(scratch.removeParameters('rds', 'crm-db')).rejects.toMatchObject(refused);
  });
});

test('a secret in memory keeps its password when it is created again, until it is destroyed', async () => {
  const secrets = memoryScratchSecrets();
  await secrets.create(NAME, {});
  const password = await secrets.password(NAME);
  await secrets.create(NAME, {});
  expect(await secrets.password(NAME)).toBe(password);
  await secrets.destroy(NAME);
  await secrets.destroy(NAME);
  expect(secrets.left()).toEqual([]);
  await expect(secrets.password(NAME)).rejects.toThrow();
});
