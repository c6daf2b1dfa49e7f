import { runCommand } from '../../../scripts/cli/commands/run-command.ts';
import type { Session } from '../../../scripts/cli/session.ts';
import { ABROAD, copiesTo, planOf } from '../../support/snapshots.ts';

jest.mock('../../../scripts/cli/show-progress.ts', () => ({
  showProgress: () => Promise.reject(new Error('it began')),
}));

afterEach(() => jest.restoreAllMocks());

const POINT = '20261120T010000Z-snapshot@eu-central-1';
const session = {
  options: { config: 'understudy.yml', local: true },
  plan: () => planOf({ policy: copiesTo(ABROAD) }),
  caller: 'anna',
  isLocal: true,
  invoke: async (_: string, { ask }: { ask: string }) =>
    ask === 'estimate' ? { said: 'some 25 minutes' } : [{ id: POINT }],
} as unknown as Session;

test.each([
  ['snapshot', {}],
  ['preflight', {}],
  ['rehearse', { from: 'snapshot' }],
  ['rehearse', { from: 'moment' }],
  ['copy', { point: POINT, to: 'eu-west-1' }],
])('run %s %j --local is refused at once, unless there is an RDS endpoint', async (job, options) => {
  const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  await expect(runCommand(session, job, 'crm', options)).rejects.toMatchObject({ code: 'not-local' });
  expect(said).not.toHaveBeenCalled();
  process.env['AWS_ENDPOINT_URL_RDS'] = 'http://127.0.0.1:1';
  try {
    await expect(runCommand(session, job, 'crm', options)).rejects.toThrow('it began');
  } finally {
    delete process.env['AWS_ENDPOINT_URL_RDS'];
  }
  expect(said.mock.calls).toEqual(job === 'rehearse' ? [['some 25 minutes\n']] : []);
});

test('run dump --local begins', async () => {
  await expect(runCommand(session, 'dump', 'crm', {})).rejects.toThrow('it began');
});
