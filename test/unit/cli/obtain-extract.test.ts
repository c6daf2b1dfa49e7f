import { extractLabel } from '../../../lib/domain/incidents/extract.ts';
import { diffCommand } from '../../../scripts/cli/commands/diff-command.ts';
import { findMomentsCommand } from '../../../scripts/cli/commands/find-moments-command.ts';
import { obtainExtract, unlessDeclined } from '../../../scripts/cli/obtain-extract.ts';
import { instanceWanted } from '../../../scripts/cli/restore-point.ts';

const AT = '2026-11-20T10:00:00Z';
const NEXT = '2026-11-20T10:00:01Z';
const ESTIMATE = { seconds: 3600, used: 0, allowed: 86_400 };
const window = { earliest: '2026-11-20T00:00:00Z', latest: '2026-11-20T16:00:00Z' };
const EXTRACTED = { state: 'succeeded', scheduledFor: AT, endedAt: AT, extracted: { point: 'x', asOf: AT } };

/** A deployment whose operator answers so, and what was begun. */
function session(
  plan: { known?: object; estimate?: object },
  progress: { run: object; phase?: string }[] = [],
) {
  const begun: object[] = [];
  const asked: { ask: string; moment?: string }[] = [];
  const made = {
    caller: 'me',
    identity: async () => 'me',
    isLocal: false,
    options: {},
    start: async (_name: string, message: object) => void begun.push(message),
    invoke: async (_name: string, request: { ask: string; moment?: string }) => {
      asked.push(request);
      const of = { target: 'crm', from: 'moment' as const, moment: request.moment ?? AT };
      const label = extractLabel(of);
      if (request.ask === 'extract-progress') {
        const next = progress.shift()!;
        return { ...next, run: { label, ...next.run } };
      }
      const known = plan.known && { label, ...plan.known };
      return { of, asOf: of.moment, estimate: ESTIMATE, said: 'an hour', window, ...plan, known };
    },
  };
  return { session: made as never, begun, asked };
}
const wanted = { from: 'moment' as const, moment: AT };

test('nothing is begun without a terminal that agrees, and --yes agrees', async () => {
  const without = session({});
  await expect(obtainExtract(without.session, 'crm', wanted, {})).rejects.toMatchObject({
    hint: expect.stringContaining('--yes'),
  });
  expect(without.begun).toEqual([]);
  const agreed = session({}, [{ run: EXTRACTED, phase: '' }]);
  expect(await obtainExtract(agreed.session, 'crm', wanted, { yes: true })).toMatchObject(EXTRACTED);
  expect(agreed.begun).toEqual([expect.objectContaining({ job: 'extract', moment: AT, requestedBy: 'me' })]);
});

test('one that is there is taken without a question; one under way is followed and not begun again', async () => {
  const there = session({ known: EXTRACTED });
  expect(await obtainExtract(there.session, 'crm', wanted, {})).toMatchObject(EXTRACTED);
  const running = { ...EXTRACTED, state: 'running' };
  const under = session({ known: running }, [{ run: EXTRACTED, phase: '' }]);
  expect(await obtainExtract(under.session, 'crm', wanted, {})).toMatchObject(EXTRACTED);
  expect([...there.begun, ...under.begun]).toEqual([]);
});

test('another one that somebody began in the same second is not taken for this one', async () => {
  const other = { ...EXTRACTED, label: extractLabel({ target: 'crm', from: 'moment', moment: NEXT }) };
  const made = session({}, [{ run: other }]);
  const asked = obtainExtract(made.session, 'crm', wanted, { yes: true });
  await expect(asked).rejects.toMatchObject({ code: 'extract-of-another' });
});

test('one that failed says why', async () => {
  const failed = { state: 'failed', error: { code: 'restore-late', message: 'too late', hint: 'wait' } };
  const made = session({}, [{ run: failed, phase: '' }]);
  const why = { code: 'restore-late', message: 'too late', hint: 'wait' };
  await expect(obtainExtract(made.session, 'crm', wanted, { yes: true })).rejects.toMatchObject(why);
});

test('an error that is no declined question is not swallowed', async () => {
  const work = () => Promise.reject(new Error('x'));
  await expect(unlessDeclined(work)).rejects.toThrow('x');
});

test('options mean a snapshot, a moment or a dump, and contradictions are refused', () => {
  const SNAPSHOT = '20261120T020000Z-snapshot@eu-central-1';
  const past = '2020-01-01T10:00:00Z';
  expect(instanceWanted({ moment: past })).toEqual({ from: 'moment', moment: past });
  expect(instanceWanted({ point: SNAPSHOT })).toEqual({ from: 'snapshot', point: SNAPSHOT });
  expect(instanceWanted({ at: past, from: 'moment' })).toEqual({ from: 'moment', at: past });
  expect(instanceWanted({ from: 'snapshot' })).toEqual({ from: 'snapshot' });
  for (const dump of [{}, { at: past }, { at: past, from: 'dump' }, { point: '20261120T010000Z-1' }])
    expect(instanceWanted(dump)).toBeUndefined();
  for (const wrong of [
    { moment: past, at: past },
    { moment: past, from: 'dump' },
    { point: SNAPSHOT, from: 'moment' },
    { point: '20261120T010000Z-1', from: 'snapshot' },
    { from: 'tape' },
    { moment: '2020-01-01T10:00' },
  ])
    expect(() => instanceWanted(wrong)).toThrow();
});

test('without an RDS on this machine the local command asks no real one', async () => {
  const made = session({});
  const local = { ...(made.session as object), isLocal: true } as never;
  const before = process.env['AWS_ENDPOINT_URL_RDS'];
  delete process.env['AWS_ENDPOINT_URL_RDS'];
  await expect(obtainExtract(local, 'crm', wanted, { yes: true })).rejects.toMatchObject({
    code: 'not-local',
  });
  expect([made.asked, made.begun]).toEqual([[], []]);
  if (before !== undefined) process.env['AWS_ENDPOINT_URL_RDS'] = before;
});

test.each([
  [{ within: '5m' }, '--within and --after go with --find'],
  [{ find: 'true', within: 'soon' }, '--within "soon"'],
  [{ find: 'true', from: 'snapshot' }, '--from snapshot does not go with --find'],
  [{ find: 'true', from: 'dump', within: '5m' }, '--from dump does not go with --within'],
  [{ find: 'true', moment: '2020-01-01T10:00:00Z' }, '--moment does not go with --find'],
  [{ find: 'true', yes: true }, '--yes does not go with --find'],
  [{ find: 'true', after: '2020-01-01T10:00' }, '--after "2020-01-01T10:00" is no moment with a zone'],
])('options that do not go together are refused: %j', async (options, message) => {
  await expect(diffCommand(session({}).session, 'crm', options)).rejects.toThrow(message);
});

describe('a search of moments', () => {
  const search = { find: 'true', within: 3600, dumps: async () => ({}) };
  const dump = (snapshotAt: string) => ({ id: snapshotAt, snapshotAt }) as never;

  test('is refused when all its restores together do not fit into the month', async () => {
    const made = session({ estimate: { ...ESTIMATE, allowed: 5 * 3600 } });
    const searched = findMomentsCommand(made.session, 'crm', { ...search, yes: true });
    await expect(searched).rejects.toThrow('it may take 6 restores of about 60 min');
    expect(made.begun).toEqual([]);
  });

  test('asks between the dumps of the answer alone, and finds the hour', async () => {
    const dumps = { last: dump('2026-11-20T04:00:00Z'), firstFalse: dump('2026-11-20T08:00:00Z') };
    const holds = (at: string) => at < '2026-11-20T06:30:00Z';
    const made = session({});
    const invoke = (made.session as { invoke: (n: string, r: { moment?: string }) => Promise<object> })
      .invoke;
    (made.session as { invoke: unknown }).invoke = async (name: string, request: { moment?: string }) => ({
      ...(await invoke(name, request)),
      ...(request.moment
        ? {
            known: {
              label: extractLabel({ target: 'crm', from: 'moment', moment: request.moment }),
              ...EXTRACTED,
              extracted: { holds: holds(request.moment) },
            },
          }
        : {}),
    });
    const found = await findMomentsCommand(made.session, 'crm', {
      ...search,
      dumps: async () => dumps,
      yes: true,
    });
    expect(found.document).toMatchObject({
      last: '2026-11-20T06:00:00Z',
      firstFalse: '2026-11-20T07:00:00Z',
      asked: 2,
    });
    expect(found.lines.join()).toContain('diff crm --moment 2026-11-20T06:00:00Z');
  });

  test('of dumps of which it was never true learns nothing from them', async () => {
    const made = session({ known: { ...EXTRACTED, extracted: { holds: true } } });
    const dumps = { firstFalse: dump('2026-11-20T04:00:00Z') };
    const found = await findMomentsCommand(made.session, 'crm', {
      ...search,
      dumps: async () => dumps,
      yes: true,
    });
    expect(found.document).toMatchObject({ last: window.latest, asked: 1 });
  });

  test('says where nothing is left to search', async () => {
    const made = session({});
    const bounds = { after: '2026-11-20T12:00:00Z', at: '2026-11-20T11:00:00Z' };
    const searched = findMomentsCommand(made.session, 'crm', { ...search, ...bounds, yes: true });
    await expect(searched).rejects.toThrow('there is no moment to search');
  });
});
