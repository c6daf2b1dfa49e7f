import { checkHeartbeat } from '../../../../lib/domain/status/heartbeat-lateness.ts';
import { status, target } from '../../../support/builders.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const check = (known: Parameters<typeof status>[0], about = target({ heartbeat: true })) =>
  checkHeartbeat(about, status(known), NOW);

test('a heartbeat is silent when its last row is older than ten minutes, and not at ten', () => {
  expect(check({ heartbeatAt: '2026-11-20T11:50:00Z' })).toEqual([]);
  expect(check({ heartbeatAt: '2026-11-20T11:49:59Z' })).toMatchObject([
    {
      code: 'heartbeat-silent',
      subject: 'heartbeat',
      message: expect.stringContaining('10 min ago, at 2026-11-20T11:49:59Z'),
    },
  ]);
});

test('a heartbeat that never had a row is silent ten minutes after the watch first saw its target', () => {
  expect(check({ firstSeenAt: '2026-11-20T11:50:00Z' })).toEqual([]);
  const message = 'the heartbeat of crm has no row, 30 min after the watch first saw the target';
  expect(check({ firstSeenAt: '2026-11-20T11:30:00Z' })).toMatchObject([
    { code: 'heartbeat-silent', message },
  ]);
});

test('the heartbeat of a target without one is not silent', () => {
  expect(check({ heartbeatAt: '2026-01-01T00:00:00Z' }, target())).toEqual([]);
});
