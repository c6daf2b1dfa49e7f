import { SCRATCH_PREFIX, scratchName } from '../../../../lib/domain/names.ts';
import { TAGS } from '../../../../lib/domain/points/platform-source.ts';
import type { ScratchRecord } from '../../../../lib/domain/runs/scratch-record.ts';
import { type Found, leadsTo, verdictOf } from '../../../../lib/domain/runs/sweep-verdict.ts';
import { randomFrom } from '../points/random.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const RUN = { job: 'rehearse-snapshot', target: 'crm', scheduledFor: '2026-11-19T02:00:00Z' };
const NAME = scratchName('prod', 'crm', RUN);
const OTHER = scratchName('prod', 'erp', { ...RUN, target: 'erp' });
const RUN_TAG = 'rehearse-snapshot/crm/2026-11-19T02:00:00Z';
const { run: RUN_KEY, stage: STAGE_KEY, expires: EXPIRES_KEY } = TAGS;

/** An instance that may be deleted: expired, of this stage, its name from its run, on record by its resource id. */
type Instance = { name?: string; resourceId?: string; tags?: Record<string, string | undefined> };
const found = ({ tags = {}, ...rest }: Instance = {}): Found => {
  const all = { [RUN_KEY]: RUN_TAG, [STAGE_KEY]: 'prod', [EXPIRES_KEY]: '2026-11-20T11:59:59Z', ...tags };
  const set = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { name: NAME, resourceId: 'db-1', members: [], ...rest, tags: Object.fromEntries(set) };
};
const tagged = (key: string, value: string | undefined) => found({ tags: { [key]: value } });
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
const verdict = (it: Found, on: ScratchRecord | undefined) => verdictOf(it, on, 'prod', TAGS, NOW);

test.each<[string, Found, ScratchRecord | undefined]>([
  ['is on record by its resource id', found(), record()],
  ['is on a record without a resource id', found(), unidentified],
  ['is on no record, and its name follows from its run', found(), undefined],
  ['expires at this second', tagged(EXPIRES_KEY, '2026-11-20T12:00:00Z'), record()],
])('the sweep deletes an expired scratch instance that %s', (_what, it, on) => {
  expect(verdict(it, on)).toMatchObject({ do: 'delete', why: expect.stringContaining('expired') });
});

test.each<[string, Found, ScratchRecord | undefined]>([
  ['is production', found({ name: 'crm-prod' }), undefined],
  ['is production and has all tags and a record', found({ name: 'crm-prod' }), record({ name: 'crm-prod' })],
  ['only contains a scratch name', found({ name: `my-${NAME}` }), record()],
  ['lacks one hyphen of a scratch name', found({ name: NAME.replace('scratch-', 'scratch') }), record()],
  ['has the name of a snapshot', found({ name: 'understudy-prod-crm-20261119t020000z' }), record()],
  ['has its name in capitals', found({ name: NAME.toUpperCase() }), record()],
  ['has no name', found({ name: '' }), record()],
  ['belongs to another stage', tagged(STAGE_KEY, 'dev'), record()],
  ['belongs to a stage that begins like this one', tagged(STAGE_KEY, 'production'), record()],
  ['is in use for one second more', tagged(EXPIRES_KEY, '2026-11-20T12:00:01Z'), record()],
  ['is in use by its tag, and expired by its record', tagged(EXPIRES_KEY, '2026-11-22T00:00:00Z'), record()],
])('the sweep leaves alone and does not report an instance that %s', (_what, it, on) => {
  expect(verdict(it, on)).toEqual({ do: 'leave', why: expect.stringMatching(/./) });
});

const NO_TAGS = { [STAGE_KEY]: undefined, [RUN_KEY]: undefined, [EXPIRES_KEY]: undefined };
const AT = RUN.scheduledFor;
test.each<[string, Found, ScratchRecord | undefined]>([
  ['has no stage', tagged(STAGE_KEY, undefined), record()],
  ['has no run', tagged(RUN_KEY, undefined), record()],
  ['has no expiry', tagged(EXPIRES_KEY, undefined), record()],
  ['has no tag', found({ tags: NO_TAGS }), record()],
  ['has an expiry that is no moment', tagged(EXPIRES_KEY, 'tomorrow'), record()],
  ['has an empty expiry', tagged(EXPIRES_KEY, ''), record()],
  ['is another resource than the one on record', found({ resourceId: 'db-2' }), record()],
  ['has a name that does not follow from its run', found({ name: OTHER }), undefined],
  ['has one character more than its name', found({ name: `${NAME}0` }), undefined],
  ['has an invented scratch name', found({ name: `${SCRATCH_PREFIX}crm` }), undefined],
  ['has the run of another target', tagged(RUN_KEY, `rehearse-snapshot/erp/${AT}`), undefined],
  ['has the run of another moment', tagged(RUN_KEY, RUN_TAG.replace(':00Z', ':01Z')), undefined],
  ['has a run that is none', tagged(RUN_KEY, 'rehearse-snapshot'), undefined],
  ['has a run without a target', tagged(RUN_KEY, `rehearse-snapshot//${AT}`), undefined],
  ['has a run without a job', tagged(RUN_KEY, `/crm/${AT}`), undefined],
  ['has an empty run', tagged(RUN_KEY, ''), undefined],
  ['has another name, on record without id', found({ name: OTHER }), { ...unidentified, name: OTHER }],
])('the sweep reports and does not delete an instance that %s', (_what, it, on) => {
  expect(verdict(it, on)).toEqual({ do: 'report', why: expect.stringMatching(/./) });
});

test('of fifty thousand random instances the sweep deletes those whose name, stage, expiry and origin allow it', () => {
  const { pick } = randomFrom(20261120);
  const erp = 'rehearse-snapshot/erp/2026-11-19T02:00:00Z';
  const moment = 'rehearse-moment/crm/2026-11-19T02:00:00Z';
  const names = [NAME, OTHER, 'crm-prod', `my-${NAME}`, `${SCRATCH_PREFIX}x`, ''];
  const runs = [RUN_TAG, erp, moment, 'x', '', undefined];
  const stages = ['prod', 'dev', 'PROD', '', undefined];
  const ends = ['2026-11-20T11:59:59Z', '2026-11-20T12:00:00Z', '2026-11-20T12:00:01Z', '2030-01-01'];
  const expiries = [...ends, 'never', '', undefined];
  const others = [record({ resourceId: 'db-2' }), record({ state: 'gone' }), unidentified];
  const records: (ScratchRecord | undefined)[] = [undefined, record(), ...others];
  let deleted = 0;
  for (let tries = 0; tries < 50_000; tries++) {
    const it = found({
      name: pick(names),
      resourceId: pick(['db-1', 'db-2', '']),
      tags: { [RUN_KEY]: pick(runs), [STAGE_KEY]: pick(stages), [EXPIRES_KEY]: pick(expiries) },
    });
    const on = pick(records);
    const [job = '', target = '', scheduledFor = ''] = (it.tags[RUN_KEY] ?? '').split('/');
    const follows =
      scheduledFor !== '' && it.name === scratchName('prod', target, { job, target, scheduledFor });
    const may =
      it.name.startsWith('understudy-scratch-') &&
      it.tags[STAGE_KEY] === 'prod' &&
      it.tags[RUN_KEY] !== undefined &&
      Date.parse(it.tags[EXPIRES_KEY] ?? '') <= NOW.getTime() &&
      (on?.resourceId === undefined ? follows : on.resourceId === it.resourceId);
    expect([it, on, verdict(it, on).do === 'delete']).toEqual([it, on, may]);
    if (may) deleted++;
  }
  expect(deleted).toBeGreaterThan(100);
});

test.each([
  ['its own endpoint', `${NAME}.abc.eu-central-1.rds.amazonaws.com`, true],
  ['its name in capitals', `${NAME.toUpperCase()}.abc`, true],
  ['its bare name', NAME, true],
  ['the endpoint of an instance whose name begins like it', `${NAME}-2.abc`, false],
  ['the endpoint of production', 'crm-db.abc.eu-central-1.rds.amazonaws.com', false],
  ['loopback, which all local instances share', '127.0.0.1', false],
  ['localhost', 'localhost', false],
])('the host %s (%s) leads to a scratch instance: %s', (_what, host, leads) => {
  expect(leadsTo(host, [NAME, '127.0.0.1', 'localhost'])).toBe(leads);
});
