import { platformOf } from '../../../../lib/adapters/aws/platform-of-kind.ts';
import type { Platform } from '../../../../lib/ports/platform.ts';
import { HOME, platformSnapshot, platformSource } from '../../../support/builders.ts';
import { type MemoryPlatform, memoryPlatform } from '../../../support/doubles/platform.ts';

const PLACE = { name: HOME, region: HOME };
const AWAY = { name: 'eu-west-1', region: 'eu-west-1' };
const KINDS = [
  ['rds', 'rds'],
  ['aurora', 'rds'],
  ['elasticache', 'elasticache'],
] as const;

let loads: string[];
let platforms: Record<'rds' | 'elasticache', MemoryPlatform>;
let both: Platform;

beforeEach(() => {
  loads = [];
  platforms = { rds: memoryPlatform(), elasticache: memoryPlatform() };
  const load = (name: 'rds' | 'elasticache') => async () => {
    loads.push(name);
    return platforms[name];
  };
  both = platformOf({ rds: load('rds'), elasticache: load('elasticache') });
});

describe.each(KINDS)('every call about %s', (kind, name) => {
  const ref = { kind, id: 'it' };

  it(`goes to the platform of ${name}, which is loaded at the first call, once and alone`, async () => {
    expect(loads).toEqual([]);
    platforms[name].putSource(platformSource({ ...ref }));
    platforms[name].putSnapshot(
      platformSnapshot({ of: kind, id: 'there', sourceId: 'it', tags: { a: 'b' } }),
    );
    expect(await both.source(ref)).toMatchObject(ref);
    await both.takeSnapshot(ref, 'taken', { 'understudy:run': 'r' });
    expect((await both.snapshots(ref, PLACE)).map(({ id }) => id).sort()).toEqual(['taken', 'there']);
    expect(await both.snapshot(kind, 'there', PLACE)).toMatchObject({ tags: { a: 'b' } });
    await both.share(kind, 'there', PLACE, '444455556666');
    expect(platforms[name].sharedWith('there')).toEqual(['444455556666']);
    const { arn, encrypted } = platformSnapshot({ id: 'there' });
    await both.copySnapshot(
      { of: kind, arn, encrypted, region: HOME },
      { id: 'copy', place: AWAY, kmsKey: 'key', tags: {} },
    );
    expect(platforms[name].ids(AWAY.name)).toEqual(['copy']);
    await both.deleteSnapshot(kind, 'there', PLACE);
    expect(platforms[name].ids()).toEqual(['taken']);
    expect(loads).toEqual([name]);
  });
});

it('quotas are those of RDS, because ElastiCache says none', async () => {
  platforms.rds.setQuota('snapshots', { used: 80, most: 100 });
  expect(await both.quotas(PLACE)).toMatchObject({ snapshots: { used: 80, most: 100 } });
  expect(loads).toEqual(['rds']);
});
