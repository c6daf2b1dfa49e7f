import { checkHeartbeat } from '../../../../lib/domain/status/heartbeat-lateness.ts';
import { status, target } from '../../../support/builders.ts';

const NOW = new Date('2026-11-20T12:00:00Z');
const kept = target({ heartbeat: true });
const codes = (...about: Parameters<typeof checkHeartbeat>) =>
  checkHeartbeat(...about).map(({ code, subject }) => `${code} ${subject}`);

test('a heartbeat is silent when its last row is older than ten minutes, and not at ten', () => {
  expect(codes(kept, status({ heartbeatAt: '2026-11-20T11:50:00Z' }), NOW)).toEqual([]);
  expect(codes(kept, status({ heartbeatAt: '2026-11-20T11:49:59Z' }), NOW)).toEqual([
    'heartbeat-silent heartbeat',
  ]);
});

test('a target that never had a row is given ten minutes from when it was first seen', () => {
  expect(codes(kept, status({ firstSeenAt: '2026-11-20T11:50:00Z' }), NOW)).toEqual([]);
  const [found] = checkHeartbeat(kept, status({ firstSeenAt: '2026-11-20T11:30:00Z' }), NOW);
  expect(found).toMatchObject({
    code: 'heartbeat-silent',
    message: 'the heartbeat of crm has no row, 30 min after the watch first saw the target',
  });
});

test('it says since when', () => {
  const [found] = checkHeartbeat(kept, status({ heartbeatAt: '2026-11-20T10:00:00Z' }), NOW);
  expect(found).toMatchObject({ message: expect.stringContaining('2 h ago, at 2026-11-20T10:00:00Z') });
});

test('a target without a heartbeat owes no rows', () => {
  expect(codes(target(), status({ heartbeatAt: '2026-01-01T00:00:00Z' }), NOW)).toEqual([]);
});
