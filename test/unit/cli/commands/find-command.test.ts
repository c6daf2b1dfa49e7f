import { findCommand } from '../../../../scripts/cli/commands/find-command.ts';
import type { Session } from '../../../../scripts/cli/session.ts';
import { point } from '../../../support/builders.ts';

const DUMPS = ['2026-11-18T01:00:00Z', '2026-11-19T01:00:00Z', '2026-11-20T01:00:00Z'].map((at) => point(at));

/** A deployment whose dumps answer so, from the oldest on. */
const sessionOf = (answers: ({ holds: boolean; lacks?: true } | undefined)[]) =>
  ({
    invoke: async (_name: string, request: { ask: string; point?: string }) => {
      if (request.ask === 'points') return DUMPS;
      if (request.ask === 'plan') return { ways: [] };
      return answers[DUMPS.findIndex(({ id }) => id === request.point)];
    },
  }) as unknown as Session;

test('a name that no dump knows is a mistake, and no answer', async () => {
  const lacks = { holds: false, lacks: true as const };
  await expect(
    findCommand(sessionOf([lacks, lacks, lacks]), 'crm', { find: 'exists (select from lead)' }),
  ).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.stringContaining('nothing is known'),
  });
});

test('a dump from before the table existed answers no', async () => {
  const session = sessionOf([{ holds: false, lacks: true }, { holds: true }, { holds: false }]);
  const { exit, lines } = await findCommand(session, 'crm', { find: 'exists (select from leads)' });
  expect([exit, lines.join()]).toEqual([0, expect.stringContaining('2026-11-19')]);
});
