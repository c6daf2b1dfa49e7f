import { TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { closeFinding, markTold, openFinding } from '../../lib/alerting/finding-records.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import { AT, awsCatalog, claim, lateness, later, MOMENT, point, pointIn } from './support/catalogs.ts';
import { BROKEN, breakSending, intercept, watchTokens } from './support/dynamo.ts';
import { unique } from './support/stage.ts';

const DONE = { state: 'succeeded' as const, endedAt: '2026-11-20T12:01:00Z', summary: 'done' };
const SNAPSHOT = { snapshotAt: '2026-11-20T01:00:02Z', availableAt: '2026-11-20T01:10:00Z' };
const BOTH = ['alerts', 'pages'] as const;

/** What DynamoDB does and moto never would: answers that get lost, writes that meet, answers that are not whole. */
describe('the catalog in DynamoDB', () => {
  let catalog: Catalog;
  let client: DynamoDBDocumentClient;
  beforeAll(async () => {
    ({ catalog, client } = await awsCatalog());
  });
  afterEach(() => {
    client.middlewareStack.remove('intercept');
    client.middlewareStack.remove('breakSending');
    client.middlewareStack.remove('watchTokens');
  });

  /** Does something once, right before the first command of a kind is sent. */
  const justBefore = (wanted: string, act: () => Promise<unknown>) => {
    let done = false;
    intercept(client, async ({ command, send }) => {
      if (command === wanted && !done) {
        done = true;
        await act();
      }
      return send();
    });
  };
  it('takes a claim whose answer was lost for its own', async () => {
    breakSending(client, 'PutItem', BROKEN, { after: true });
    const made = await claim(catalog, unique());
    expect(await catalog.run(made)).toMatchObject({ state: 'running', attempt: 1, claimToken: made.token });
  });

  it('ends a run although the answer to that was lost', async () => {
    const made = await claim(catalog, unique());
    breakSending(client, 'UpdateItem', BROKEN, { after: true });
    await catalog.finish(made, DONE);
    expect(await catalog.run(made)).toMatchObject({ state: 'succeeded' });
  });

  it('gives back the finding that it closed although the answer to that was lost', async () => {
    const found = lateness(unique());
    await openFinding(catalog, found, BOTH, AT);
    breakSending(client, 'PutItem', BROKEN, { after: true });
    const closed = await closeFinding(catalog, found);
    expect(closed).toMatchObject({ code: found.code, since: '2026-11-20T12:00:00Z' });
  });

  const MET = new TransactionConflictException({ message: 'a transaction is on this item', $metadata: {} });
  const HELD = { dump: { cron: '0 1 * * *', timezone: 'UTC' } };
  it.each<[string, string, (target: string) => Promise<unknown>]>([
    ['claim', 'PutItem', (target) => claim(catalog, target)],
    ['refreshed status', 'PutItem', (target) => catalog.refreshStatus(target)],
    ['list of schedules', 'PutItem', (target) => catalog.owe(target, HELD, AT)],
  ])(
    'writes a %s again when a transaction on the same record was in the way',
    async (_what, command, write) => {
      breakSending(client, command, MET);
      await expect(write(unique())).resolves.not.toThrow();
    },
  );

  it.each<[string, (made: Awaited<ReturnType<typeof claim>>) => Promise<unknown>]>([
    ['renewal', (made) => catalog.renew(made, later(600))],
    ['end', (made) => catalog.finish(made, DONE)],
  ])(
    'writes the %s of a run again when a transaction on the same record was in the way',
    async (_what, write) => {
      const made = await claim(catalog, unique());
      breakSending(client, 'UpdateItem', MET);
      await expect(write(made)).resolves.not.toThrow();
    },
  );

  it('moves a point again when another transaction was in the way, and fails when one always is', async () => {
    const made = point(unique(), SNAPSHOT);
    await pointIn(catalog, 'available', made);
    const CancellationReasons = [{ Code: 'None' }, { Code: 'TransactionConflict' }];
    const met = new TransactionCanceledException({ message: 'met', CancellationReasons, $metadata: {} });
    breakSending(client, 'TransactWriteItems', met, { times: 3 });
    expect(await catalog.movePoint(made.target, made.id, 'verified')).toBe(true);
    breakSending(client, 'TransactWriteItems', met, { times: Number.POSITIVE_INFINITY });
    await expect(catalog.movePoint(made.target, made.id, 'corrupt')).rejects.toBe(met);
    client.middlewareStack.remove('breakSending');
    expect(await catalog.point(made.target, made.id)).toMatchObject({ state: 'verified' });
  });

  // moto takes no notice of the token; DynamoDB answers a second attempt with the outcome of the first.
  it('sends one token with every attempt at a transaction, and another with the next transaction', async () => {
    const made = point(unique(), SNAPSHOT);
    await pointIn(catalog, 'available', made);
    const tokens = watchTokens(client);
    breakSending(client, 'TransactWriteItems', BROKEN, { times: 2 });
    expect(await catalog.movePoint(made.target, made.id, 'verified')).toBe(true);
    expect(tokens).toHaveLength(3);
    expect(tokens[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(new Set(tokens).size).toBe(1);
    expect(await catalog.movePoint(made.target, made.id, 'corrupt')).toBe(true);
    expect(tokens[3]).not.toBe(tokens[0]);
  });

  it('derives a status again when a point changed before the status was written', async () => {
    const made = point(unique(), SNAPSHOT);
    await pointIn(catalog, 'verified', made);
    justBefore('PutItem', () => catalog.movePoint(made.target, made.id, 'corrupt'));
    expect((await catalog.refreshStatus(made.target)).newestVerified).toBeUndefined();
    const kept = (await catalog.statuses([made.target])).get(made.target);
    expect(kept?.newestPoint).toMatchObject({ state: 'corrupt' });
  });

  it('does not write an old status over a newer one', async () => {
    const made = point(unique(), SNAPSHOT);
    const holder = await pointIn(catalog, 'verified', made);
    justBefore('PutItem', async () => {
      await catalog.finish(holder, DONE);
      await catalog.refreshStatus(made.target);
    });
    await catalog.refreshStatus(made.target);
    const kept = (await catalog.statuses([made.target])).get(made.target);
    expect(kept?.lastSuccess).toMatchObject({ dump: { scheduledFor: MOMENT } });
  });

  it('keeps a schedule that was added while a status was derived', async () => {
    const target = unique();
    await catalog.owe(target, {}, AT);
    justBefore('PutItem', () => catalog.owe(target, HELD, later(60)));
    await catalog.refreshStatus(target);
    expect((await catalog.statuses([target])).get(target)?.owed).toMatchObject(HELD);
  });

  it('keeps that an alert was sent while its finding was brought up to date', async () => {
    const found = lateness(unique());
    await openFinding(catalog, found, BOTH, AT);
    justBefore('PutItem', () => markTold(catalog, found, BOTH, later(5)));
    await openFinding(catalog, { ...found, message: 'its schedule is gone' }, BOTH, later(6));
    const [open] = await catalog.openFindings(found.target);
    expect(open).toMatchObject({ message: 'its schedule is gone', lastToldAt: '2026-11-20T12:00:05Z' });
    expect(open).not.toHaveProperty('untold');
  });

  it('refuses a claim when another worker has claimed the run between the look and the write', async () => {
    const target = unique();
    justBefore('PutItem', () => claim(catalog, target));
    await expect(claim(catalog, target)).rejects.toThrow('held');
  });

  it('asks again for the statuses that DynamoDB left out of its answer', async () => {
    const targets = Array.from({ length: 10 }, () => unique());
    for (const target of targets) await catalog.owe(target, {}, AT);
    let asked = 0;
    intercept(client, async ({ command, input, send }) => {
      if (command !== 'BatchGetItem' || ++asked > 1) return send();
      const [[name, { Keys }]] = Object.entries(
        input['RequestItems'] as Record<string, { Keys: unknown[] }>,
      ) as [[string, { Keys: unknown[] }]];
      const left = Keys.splice(4);
      const answer = (await send()) as { output: { UnprocessedKeys?: unknown } };
      answer.output.UnprocessedKeys = { [name]: { Keys: left } };
      return answer;
    });
    const found = await catalog.statuses(targets);
    expect([...found.keys()].sort()).toEqual([...targets].sort());
    expect(asked).toBe(2);
  });
});
