import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Vault } from '../../../lib/ports/vault.ts';
import type { Session } from '../../../scripts/cli/session.ts';
import { usualSeconds } from '../../../scripts/cli/usual-seconds.ts';
import { workProgress } from '../../../scripts/cli/work-progress.ts';
import { evidence, point } from '../../support/builders.ts';
import { recordingLog } from '../../support/doubles/log.ts';

function watched(usual?: number) {
  let at = 0;
  const live = workProgress(usual, () => at * 1000);
  return { live, after: (seconds: number) => (at += seconds) };
}

test('progress shows tables, rows, bytes, rate and time while a dump runs', async () => {
  const { live, after } = watched(10);
  const inner = { stream: async (chunks: AsyncIterable<Buffer>) => void (await buffer(chunks)) };
  const vault = live.vault(inner as unknown as Vault);
  live.onRead({ tables: 3, rows: 1200, of: 12 });
  await vault.stream(Readable.from([Buffer.alloc(4_000_000), Buffer.alloc(2_000_000)]), {} as never);
  after(3);
  expect(live.format()).toBe('3 of 12 tables, 1,200 rows; 6.0 MB, 2.0 MB/s; 3 s of about 10 s');
});

test('progress passes on unchanged what is read, and shows how much of its size was read', async () => {
  const { live, after } = watched();
  const inner = { read: async () => Readable.from([Buffer.from('ab'), Buffer.from('cd')]) };
  const vault = live.vault(inner as unknown as Vault);
  const read = await vault.read({ key: 'k', versionId: 'v', bytes: 8 } as never);
  expect((await buffer(read)).toString()).toBe('abcd');
  after(2);
  expect(live.format()).toBe('4 B of 8 B, 2 B/s; 2 s');
});

test('progress counts anew with each phase, and forgets everything with the next job', () => {
  const { live, after } = watched(60);
  const inner = recordingLog();
  live.onRead({ tables: 1, rows: 1, of: 2 });
  after(5);
  live.log(inner).info('rehearsal: restore');
  expect(live.format()).toBe('restore; 5 s of about 60 s');
  live.onRead({ tables: 1, rows: 0, of: 2 });
  expect(live.format()).toBe('restore; 1 of 2 tables; 5 s of about 60 s');
  live.next();
  after(1);
  expect(live.format()).toBe('1 s');
});

test('the usual duration of a job is the median of earlier ones, of the same sort of rehearsal', async () => {
  const answers: Record<string, unknown> = {
    points: [4, 100, 6].map((dumpSeconds) => point('2026-11-20T01:00:00Z', { dumpSeconds })),
    evidence: (['rehearse', 'rehearse-snapshot', 'rehearse-moment'] as const).map((job, index) =>
      evidence('2026-11-20T02:00:00Z', {
        run: `${job}/crm/2026-11-20T02:00:00Z`,
        phases: [{ name: 'restore', seconds: 30 + index }],
      }),
    ),
  };
  const session = {
    invoke: async (_: string, { ask }: { ask: string }) => answers[ask],
  } as unknown as Session;
  const of = (job: string, more = {}) =>
    usualSeconds(session, { job, target: 'crm', scheduledFor: '', ...more });
  expect([await of('dump'), await of('rehearse'), await of('expire')]).toEqual([6, 30, undefined]);
  expect(await of('rehearse-instance', { from: 'snapshot' })).toBe(31);
  expect(await of('rehearse-instance', { from: 'moment' })).toBe(32);
});
