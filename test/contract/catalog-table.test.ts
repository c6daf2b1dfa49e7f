import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { closeFinding, markTold, openFinding } from '../../lib/alerting/finding-records.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import {
  AT,
  awsCatalog,
  claim,
  event,
  evidence,
  lateness,
  later,
  MOMENT,
  point,
  pointIn,
  scratchRecord,
  snapshot,
} from './support/catalogs.ts';
import { intercept, rawItems } from './support/dynamo.ts';
import { unique } from './support/stage.ts';

const DONE = { state: 'succeeded' as const, endedAt: '2026-11-20T12:01:00Z', summary: 'done' };
const BOTH = ['alerts', 'pages'] as const;

/** What lies in the table: an auditor's query and another version of Understudy find it by these keys. */
describe('the table of the catalog', () => {
  let catalog: Catalog;
  let client: DynamoDBDocumentClient;
  let table: string;
  beforeAll(async () => {
    ({ catalog, client, table } = await awsCatalog());
  });
  const itemsOf = async (target: string) =>
    (await rawItems(client, table))
      .filter((item) => item['PK'] === `TARGET#${target}`)
      .sort((a, b) => String(a['SK']).localeCompare(String(b['SK'])));

  /** One of everything, each written in every way there is. */
  const filled = async () => {
    const target = unique('filled');
    await catalog.owe(target, { dump: { cron: '0 1 * * *', timezone: 'UTC' } }, AT);
    await pointIn(catalog, 'verified', point(target));
    const verification = await claim(catalog, target, { job: 'verify', scheduledFor: '20261120T010000Z-1' });
    await catalog.renew(verification, later(500));
    await catalog.finish(verification, { ...DONE, point: '20261120T010000Z-1' });
    await catalog.addEvidence(evidence(target));
    await catalog.adoptPoint(snapshot(target, { place: 'eu-west-1/444455556666' }));
    await catalog.addEvent(event(target));
    const scratch = scratchRecord(target);
    await catalog.beginScratch(scratch);
    await catalog.identifyScratch(target, scratch.name, 'db-ABC');
    const ended = scratchRecord(target, { name: `${scratch.name}-ended` });
    await catalog.beginScratch(ended);
    const seen = await catalog.standing(ended.policy);
    await catalog.startScratch(ended, ended.beganAt, ended.expiresAt, seen);
    await catalog.endScratch({ ...ended, startedAt: ended.beganAt }, '2026-11-22T02:30:03Z');
    await catalog.observe(target, { heartbeatAt: '2026-11-20T11:59:00Z' }, AT);
    await openFinding(catalog, lateness(target), BOTH, AT);
    await markTold(catalog, lateness(target), BOTH, AT);
    const other = { ...lateness(target), subject: 'verify' };
    await openFinding(catalog, other, BOTH, AT);
    await closeFinding(catalog, other);
    await catalog.refreshStatus(target);
    return target;
  };

  it('has every record under its target, under keys that sort by moment', async () => {
    const target = await filled();
    expect((await itemsOf(target)).map((item) => item['SK'])).toEqual([
      `EVIDENCE#2026-11-22T02:00:03Z#rehearse/${target}/2026-11-22T02:00:00Z`,
      'FINDING#job-silent#dump',
      'FINDING#job-silent#verify',
      'POINT#2026-11-20T01:00:00Z#dump#vault',
      'POINT#2026-11-20T01:00:00Z#snapshot#eu-west-1/444455556666',
      'RUN#dump#2026-11-20T01:00:00Z',
      'RUN#verify#20261120T010000Z-1',
      `SCRATCH#understudy-scratch-${target}-0123456789`,
      `SCRATCH#understudy-scratch-${target}-0123456789-ended`,
      'STATUS',
      'TIMELINE#2026-11-20T01:00:05Z#event-1',
    ]);
  });

  it('has the version of its layout in every record, after each kind of write', async () => {
    const target = await filled();
    const versions = async () => (await itemsOf(target)).map((item) => item['schemaVersion']);
    expect(await versions()).toEqual(Array(11).fill(1));
    await catalog.movePoint(target, '20261120T010000Z-1', 'corrupt');
    expect(await versions()).toEqual(Array(11).fill(1));
  });

  it('has the version of its layout in the status that the first point of a target makes', async () => {
    const target = unique();
    await catalog.putPoint(await claim(catalog, target), point(target));
    const [status] = (await itemsOf(target)).filter((item) => item['SK'] === 'STATUS');
    expect(status).toMatchObject({ schemaVersion: 1 });
  });

  it('has in its index of open records only open ones, by kind and shard', async () => {
    const target = await filled();
    const indexed = (await itemsOf(target)).filter((item) => item['openShard'] !== undefined);
    expect(indexed.map((item) => [item['SK'], item['openKey']])).toEqual([
      ['FINDING#job-silent#dump', `${target}#FINDING#job-silent#dump`],
      ['RUN#dump#2026-11-20T01:00:00Z', `${target}#RUN#dump#2026-11-20T01:00:00Z`],
      [
        `SCRATCH#understudy-scratch-${target}-0123456789`,
        `${target}#SCRATCH#understudy-scratch-${target}-0123456789`,
      ],
    ]);
    const [shard] = String(indexed[0]!['openShard']).split('#').slice(1);
    expect(indexed.map((item) => item['openShard'])).toEqual([
      `finding#${shard}`,
      `run#${shard}`,
      `scratch#${shard}`,
    ]);
    expect(Number(shard)).toBeLessThan(16);
  });

  it('has the scratch time of a policy by month, and what stands for it, under the policy', async () => {
    const target = await filled();
    const PK = `POLICY#policy-of-${target}`;
    expect((await rawItems(client, table)).filter((item) => item['PK'] === PK)).toEqual([
      { PK, SK: 'SCRATCH#2026-11', schemaVersion: 1, seconds: 1800 },
      { PK, SK: 'STANDING', schemaVersion: 1, version: 2, since: {} },
    ]);
  });

  it('lets DynamoDB delete a wait after two days', async () => {
    const subject = unique('waited-for');
    await catalog.awaitNotice(subject, 'token', AT);
    const PK = `WAIT#${subject}`;
    const goneAfter = AT.getTime() / 1000 + 2 * 86_400;
    expect((await rawItems(client, table)).filter((item) => item['PK'] === PK)).toEqual([
      { PK, SK: 'WAIT', schemaVersion: 1, token: 'token', goneAfter },
    ]);
  });

  it('spreads open records over sixteen shards', async () => {
    const targets = Array.from({ length: 160 }, () => unique('spread'));
    for (const target of targets) await openFinding(catalog, lateness(target), ['alerts'], AT);
    const items = (await rawItems(client, table)).filter((item) => String(item['PK']).includes('spread-'));
    expect(new Set(items.map((item) => item['openShard'])).size).toBe(16);
    const everywhere = await catalog.openFindings();
    expect(everywhere.filter((each) => targets.includes(each.target))).toHaveLength(160);
  });

  it('gives records without its keys and its version', async () => {
    const target = await filled();
    const records: unknown[] = [
      ...(await catalog.points(target)),
      ...(await catalog.runs(target, 'dump', 9)),
      ...(await catalog.openFindings(target)),
      ...(await catalog.evidence(target, 9)),
      ...(await catalog.openRuns()),
      ...(await catalog.timeline(target, 9)),
      ...(await catalog.openScratches()),
      (await catalog.statuses([target])).get(target),
    ];
    expect(records.length).toBeGreaterThan(5);
    for (const record of records)
      for (const key of ['PK', 'SK', 'schemaVersion', 'openShard', 'openKey'])
        expect(record).not.toHaveProperty(key);
  });

  describe('read in small pages', () => {
    beforeAll(() =>
      intercept(client, ({ command, input, send }) => {
        if (command === 'Query') input['Limit'] = 2;
        return send();
      }),
    );
    afterAll(() => client.middlewareStack.remove('intercept'));

    it('lists all runs newest first, and no more than asked for', async () => {
      const target = unique();
      const days = ['14', '15', '16', '17', '18'];
      for (const day of days)
        await claim(catalog, target, { scheduledFor: MOMENT.replace('20T', `${day}T`) });
      const listed = async (limit: number) =>
        (await catalog.runs(target, 'dump', limit)).map((run) => run.scheduledFor.slice(8, 10));
      expect(await listed(9)).toEqual([...days].reverse());
      expect(await listed(3)).toEqual(['18', '17', '16']);
      const open = (await catalog.openRuns()).filter((run) => run.target === target);
      expect(open).toHaveLength(5);
    });

    it('lists points of one state that lie behind pages of others', async () => {
      const target = unique();
      await pointIn(catalog, 'verified', point(target, { scheduledFor: MOMENT.replace('20T', '11T') }));
      for (const day of ['14', '15', '16'])
        await pointIn(catalog, 'failed', point(target, { scheduledFor: MOMENT.replace('20T', `${day}T`) }));
      const found = await catalog.points(target, { states: ['verified'], limit: 1 });
      expect(found.map((each) => each.scheduledFor)).toEqual(['2026-11-11T01:00:00Z']);
    });
  });

  it('is asked once for each of 250 statuses that are up to date', async () => {
    const targets = Array.from({ length: 250 }, () => unique('many'));
    await Promise.all(
      targets.map((target) => {
        const keys = { PK: `TARGET#${target}`, SK: 'STATUS', schemaVersion: 1 };
        const Item = { ...keys, firstSeenAt: 'then', stale: false, version: 1, status: { target } };
        return client.send(new PutCommand({ TableName: table, Item }));
      }),
    );
    const asked: Record<string, number> = {};
    intercept(client, ({ command, send }) => {
      asked[command] = (asked[command] ?? 0) + 1;
      return send();
    });
    const found = await catalog.statuses(targets);
    client.middlewareStack.remove('intercept');
    expect([...found.values()].map((status) => status.target).sort()).toEqual([...targets].sort());
    expect(asked).toEqual({ BatchGetItem: 3 });
  });
});
