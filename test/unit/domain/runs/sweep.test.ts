import { SCRATCH_PREFIX, scratchName } from '../../../../lib/domain/names.ts';
import { TAGS } from '../../../../lib/domain/points/platform.ts';
import type { ScratchRecord } from '../../../../lib/domain/runs/scratch.ts';
import { type Found, leadsTo, verdictOf } from '../../../../lib/domain/runs/sweep.ts';
import { randomFrom } from '../points/random.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const RUN = { job: 'rehearse-snapshot', target: 'crm', scheduledFor: '2026-11-19T02:00:00Z' };
const NAME = scratchName('prod', 'crm', RUN);
const RUN_TAG = 'rehearse-snapshot/crm/2026-11-19T02:00:00Z';

/** One that may be deleted: expired, of this stage, its name from its run, on record by its resource id. */
const found = (
  changes: Partial<Omit<Found, 'tags'>> & { tags?: Record<string, string | undefined> } = {},
): Found => {
  const { tags = {}, ...rest } = changes;
  const all = { [TAGS.run]: RUN_TAG, [TAGS.stage]: 'prod', [TAGS.expires]: '2026-11-20T11:59:59Z', ...tags };
  return {
    name: NAME,
    resourceId: 'db-1',
    members: [],
    ...rest,
    tags: Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  };
};
const record = (changes: Partial<ScratchRecord> = {}): ScratchRecord => ({
  target: 'crm',
  policy: 'production',
  name: NAME,
  kind: 'rds',
  run: RUN_TAG,
  state: 'making',
  beganAt: '2026-11-19T02:00:00Z',
  expiresAt: '2026-11-20T02:00:00Z',
  resourceId: 'db-1',
  ...changes,
});
const { resourceId: _resourceId, ...unidentified } = record();
const verdict = (it: Found, on: ScratchRecord | undefined = record()) => verdictOf(it, on, 'prod', TAGS, NOW);

describe('an expired scratch instance is deleted', () => {
  it.each<[string, Found, ScratchRecord | undefined]>([
    ['on record by its resource id', found(), record()],
    ['on record, before anybody knew which it is', found(), unidentified],
    ['on no record, its name following from its run', found(), undefined],
    ['at the very second it expires', found({ tags: { [TAGS.expires]: '2026-11-20T12:00:00Z' } }), record()],
  ])('%s', (_what, it, on) => {
    expect(verdictOf(it, on, 'prod', TAGS, NOW)).toMatchObject({
      do: 'delete',
      why: expect.stringContaining('expired'),
    });
  });
});

describe('a near miss is left alone', () => {
  const other = scratchName('prod', 'erp', { ...RUN, target: 'erp' });
  it.each<[string, Found, ScratchRecord | undefined, 'leave' | 'report']>([
    ['production itself', found({ name: 'crm-prod' }), undefined, 'leave'],
    [
      'production, with every tag of ours',
      found({ name: 'crm-prod' }),
      record({ name: 'crm-prod' }),
      'leave',
    ],
    ['a name that only contains ours', found({ name: `my-${NAME}` }), record(), 'leave'],
    ['a name one hyphen short', found({ name: NAME.replace('scratch-', 'scratch') }), record(), 'leave'],
    ['a snapshot’s name', found({ name: 'understudy-prod-crm-20261119t020000z' }), record(), 'leave'],
    ['the name in capitals', found({ name: NAME.toUpperCase() }), record(), 'leave'],
    ['no name', found({ name: '' }), record(), 'leave'],
    ['another stage’s', found({ tags: { [TAGS.stage]: 'dev' } }), record(), 'leave'],
    [
      'a stage that only begins like ours',
      found({ tags: { [TAGS.stage]: 'production' } }),
      record(),
      'leave',
    ],
    [
      'one in use for a second more',
      found({ tags: { [TAGS.expires]: '2026-11-20T12:00:01Z' } }),
      record(),
      'leave',
    ],
    [
      'one in use by its tag, expired by its record',
      found({ tags: { [TAGS.expires]: '2026-11-22T00:00:00Z' } }),
      record({ expiresAt: '2026-11-01T00:00:00Z' }),
      'leave',
    ],
    ['one without a stage', found({ tags: { [TAGS.stage]: undefined } }), record(), 'report'],
    ['one without a run', found({ tags: { [TAGS.run]: undefined } }), record(), 'report'],
    ['one without an expiry', found({ tags: { [TAGS.expires]: undefined } }), record(), 'report'],
    [
      'one without any tag',
      found({ tags: { [TAGS.stage]: undefined, [TAGS.run]: undefined, [TAGS.expires]: undefined } }),
      record(),
      'report',
    ],
    ['an expiry that is no moment', found({ tags: { [TAGS.expires]: 'tomorrow' } }), record(), 'report'],
    ['an empty expiry', found({ tags: { [TAGS.expires]: '' } }), record(), 'report'],
    ['another resource than the one on record', found({ resourceId: 'db-2' }), record(), 'report'],
    [
      'another resource under a name that would follow',
      found({ resourceId: 'db-2' }),
      record({ resourceId: 'db-1' }),
      'report',
    ],
    ['a name that follows from no run of its tag', found({ name: other }), undefined, 'report'],
    ['a name of ours with a character more', found({ name: `${NAME}0` }), undefined, 'report'],
    ['a name made up', found({ name: `${SCRATCH_PREFIX}crm` }), undefined, 'report'],
    [
      'a run of another target',
      found({ tags: { [TAGS.run]: 'rehearse-snapshot/erp/2026-11-19T02:00:00Z' } }),
      undefined,
      'report',
    ],
    [
      'a run of another moment',
      found({ tags: { [TAGS.run]: 'rehearse-snapshot/crm/2026-11-19T02:00:01Z' } }),
      undefined,
      'report',
    ],
    ['a run that is no run', found({ tags: { [TAGS.run]: 'rehearse-snapshot' } }), undefined, 'report'],
    [
      'a run without a target',
      found({ tags: { [TAGS.run]: 'rehearse-snapshot//2026-11-19T02:00:00Z' } }),
      undefined,
      'report',
    ],
    [
      'a run without a job',
      found({ tags: { [TAGS.run]: '/crm/2026-11-19T02:00:00Z' } }),
      undefined,
      'report',
    ],
    ['an empty run', found({ tags: { [TAGS.run]: '' } }), undefined, 'report'],
    [
      'a record that names no resource, and a name that does not follow',
      found({ name: other }),
      { ...unidentified, name: other },
      'report',
    ],
  ])('%s', (_what, it, on, wanted) => {
    const said = verdictOf(it, on, 'prod', TAGS, NOW);
    expect(said.do).toBe(wanted);
    expect(said.why).not.toBe('');
  });
});

describe('whatever may be found', () => {
  const { pick } = randomFrom(20261120);
  const names = [
    NAME,
    scratchName('prod', 'erp', { ...RUN, target: 'erp' }),
    'crm-prod',
    `my-${NAME}`,
    `${SCRATCH_PREFIX}x`,
    '',
  ];
  const runs = [
    RUN_TAG,
    'rehearse-snapshot/erp/2026-11-19T02:00:00Z',
    'rehearse-moment/crm/2026-11-19T02:00:00Z',
    'x',
    '',
    undefined,
  ];
  const stages = ['prod', 'dev', 'PROD', '', undefined];
  const expiries = [
    '2026-11-20T11:59:59Z',
    '2026-11-20T12:00:00Z',
    '2026-11-20T12:00:01Z',
    '2030-01-01T00:00:00Z',
    'never',
    '',
    undefined,
  ];
  const ids = ['db-1', 'db-2', ''];
  const records: (ScratchRecord | undefined)[] = [
    undefined,
    record(),
    record({ resourceId: 'db-2' }),
    unidentified,
    record({ state: 'gone' }),
  ];

  it('is deleted only when name, stage, expiry and (resource id on record or name from run) all say so', () => {
    let deleted = 0;
    for (let tries = 0; tries < 50_000; tries++) {
      const it = found({
        name: pick(names),
        resourceId: pick(ids),
        tags: { [TAGS.run]: pick(runs), [TAGS.stage]: pick(stages), [TAGS.expires]: pick(expiries) },
      });
      const on = pick(records);
      const run = it.tags[TAGS.run] ?? '';
      const [job = '', target = '', scheduledFor = ''] = run.split('/');
      const follows =
        scheduledFor !== '' && it.name === scratchName('prod', target, { job, target, scheduledFor });
      const may =
        it.name.startsWith('understudy-scratch-') &&
        it.tags[TAGS.stage] === 'prod' &&
        it.tags[TAGS.run] !== undefined &&
        Date.parse(it.tags[TAGS.expires] ?? '') <= NOW.getTime() &&
        (on?.resourceId === undefined ? follows : on.resourceId === it.resourceId);
      const said = verdict(it, on ?? undefined);
      const asked = verdictOf(it, on, 'prod', TAGS, NOW);
      if (on) expect(said).toEqual(asked);
      expect([it, on, asked.do === 'delete']).toEqual([it, on, may]);
      if (may) deleted++;
    }
    expect(deleted).toBeGreaterThan(100);
  });
});

describe('does a host lead to a scratch instance', () => {
  it.each([
    ['its own endpoint', `${NAME}.abc.eu-central-1.rds.amazonaws.com`, true],
    ['its name in capitals', `${NAME.toUpperCase()}.abc`, true],
    ['its bare name', NAME, true],
    ['another that begins like it', `${NAME}-2.abc`, false],
    ['production', 'crm-db.abc.eu-central-1.rds.amazonaws.com', false],
    ['loopback, which all local ones share', '127.0.0.1', false],
    ['localhost', 'localhost', false],
  ])('%s', (_what, host, leads) => {
    expect(leadsTo(host, [NAME, '127.0.0.1', 'localhost'])).toBe(leads);
  });
});
