import { chooseToPutBack } from '../../../lib/domain/incidents/put-back.ts';
import type { RestoreRecord } from '../../../lib/domain/incidents/restore-record.ts';
import { chooseRollback } from '../../../scripts/cli/choose-put-back.ts';
import type { Session } from '../../../scripts/cli/session.ts';
import { restoreRecord } from '../../support/restore-records.ts';

const FIRST = restoreRecord({
  state: 'done',
  old: { name: 'crm-db', resourceId: 'db-1' },
  made: { name: 'crm-db-restored', resourceId: 'db-2' },
  switched: { at: '2026-11-20T12:30:00Z', secrets: [] },
});
const later = (changes: Partial<RestoreRecord>) =>
  restoreRecord({ id: '20261120T180000Z', state: 'not-done', ...changes });

/** A deployment with these restores, the newest first. */
const sessionOf = (...restores: RestoreRecord[]) =>
  ({
    isLocal: false,
    options: { stage: 'prod' },
    invoke: async (_: string, { ask, restore }: { ask: string; restore?: string }) =>
      ask === 'to-put-back' ? chooseToPutBack(restores) : (restores.find(({ id }) => id === restore) ?? null),
  }) as unknown as Session;
const chosen = (session: Session, restore?: string) =>
  chooseRollback(session, 'crm', { restore, reason: 'it was right' }).then((record) => record?.id);

const { isTTY } = process.stdin;
beforeAll(() => {
  process.stdin.isTTY = false;
});
afterAll(() => {
  process.stdin.isTTY = isTTY;
});

test('the newest restore goes back without a question, if there is something of it', async () => {
  const dead = later({ state: 'running' });
  expect(await chosen(sessionOf(FIRST))).toBe(FIRST.id);
  expect(await chosen(sessionOf(dead, FIRST))).toBe(dead.id);
  expect(await chosen(sessionOf(later({ state: 'rolled-back', notPutBack: ['x'] }), FIRST))).toBe(dead.id);
});

test.each(['not-done', 'rolled-back'] as const)(
  'an earlier one is asked about where the last is %s: it would take production back by all that time',
  async (state) => {
    const session = sessionOf(later({ state }), FIRST);
    await expect(chosen(session)).rejects.toMatchObject({
      message: 'there is no terminal to ask at',
      hint: `if you mean it: ./understudy --stage prod restore rollback crm --restore ${FIRST.id} --reason 'it was right'`,
    });
    expect(await chosen(session, FIRST.id)).toBe(FIRST.id);
  },
);

test('nothing to put back is said', async () => {
  await expect(chosen(sessionOf())).rejects.toThrow('nobody has restored crm yet');
  await expect(chosen(sessionOf(later({})))).rejects.toThrow('there is nothing to put back');
  await expect(chosen(sessionOf(FIRST), '20261120T190000Z')).rejects.toThrow('there is no restore 2026');
  const back = later({ state: 'rolled-back' });
  await expect(chosen(sessionOf(back))).rejects.toThrow('is rolled back already');
});
