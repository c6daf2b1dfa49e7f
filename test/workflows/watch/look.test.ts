import { finding } from '../../../lib/domain/findings/finding.ts';
import { raiseFindings } from '../../../lib/workflows/watch/look.ts';
import { target } from '../../support/builders.ts';
import { snapshotWorld } from '../../support/snapshots.ts';

describe('raising what a look found', () => {
  const about = (code: 'failover' | 'snapshot-deleted', subject: string) =>
    finding(code, { target: target(), subject, message: `about ${subject}` });

  it('begins with the worst, and records what follows a finding after it was raised', async () => {
    const { deps, catalog } = snapshotWorld();
    const [mild, bad] = [about('failover', 'mild'), about('snapshot-deleted', 'bad')];
    const open: string[][] = [];
    const record = async () => void open.push((await catalog.openFindings()).map(({ subject }) => subject));
    await raiseFindings(deps, [mild, bad], new Map([[bad, record]]));
    expect(deps.alerts.take('alerts').map(({ json }) => json['subject'])).toEqual(['bad', 'mild']);
    expect(open).toEqual([expect.arrayContaining(['bad'])]);
  });

  it('records nothing of a finding that could not be raised, raises the others, and fails at its end', async () => {
    const { deps, catalog } = snapshotWorld();
    const [lost, told] = [about('snapshot-deleted', 'lost'), about('snapshot-deleted', 'told')];
    const recorded: string[] = [];
    const afterwards = new Map([lost, told].map((each) => [each, async () => recorded.push(each.subject)]));
    const { send } = deps.alerts;
    deps.alerts.send = async (alert, topics) => {
      if (alert.finding === lost) throw new Error('the network is gone');
      return send(alert, topics);
    };
    await expect(raiseFindings(deps, [lost, told], afterwards)).rejects.toMatchObject({
      code: 'raising-incomplete',
      message: expect.stringContaining('1 of 2 findings'),
    });
    expect(recorded).toEqual(['told']);
    expect((await catalog.openFindings()).map(({ subject }) => subject)).toContain('told');
  });
});
