import { CloudWatchClient, type MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { RDSClient } from '@aws-sdk/client-rds';
import { leftBehind } from '../../../../../lib/adapters/aws/rds/left-behind.ts';
import type { LeavingBehind } from '../../../../../lib/ports/platform.ts';

const ABOUT: LeavingBehind = {
  kind: 'rds',
  old: 'crm-prod',
  members: [],
  name: 'crm-prod-restored-20261120t120000z',
  takesName: false,
};
const NAME = ABOUT.name;
const alarm = (AlarmName: string, Value: string, Name = 'DBInstanceIdentifier'): MetricAlarm => ({
  AlarmName,
  Dimensions: [{ Name, Value }],
});

type Answer = (input: Record<string, string>) => unknown;

/** What is listed, where AWS answers so. An Error is thrown. */
async function listed(answers: Record<string, Answer>, changes: Partial<LeavingBehind> = {}) {
  const usual: Record<string, Answer> = {
    DescribeDBProxies: () => ({}),
    DescribeDBProxyTargets: () => ({}),
    DescribeEventSubscriptions: () => ({}),
    DescribeAlarms: () => ({}),
  };
  const answering = <C extends { send: unknown }>(client: C): C => {
    client.send = async (command: { constructor: { name: string }; input: Record<string, string> }) => {
      const name = command.constructor.name.replace('Command', '');
      const answer = (answers[name] ?? usual[name])!(command.input);
      if (answer instanceof Error) throw answer;
      return answer;
    };
    return client;
  };
  const region = 'eu-central-1';
  return leftBehind(answering(new RDSClient({ region })), answering(new CloudWatchClient({ region })), {
    ...ABOUT,
    ...changes,
  });
}

test('nothing is listed where nothing names the old one', async () => {
  const answers = {
    DescribeDBProxies: () => ({ DBProxies: [{ DBProxyName: 'other' }] }),
    DescribeDBProxyTargets: () => ({ Targets: [{ RdsResourceId: 'crm-prod-2' }] }),
    DescribeEventSubscriptions: () => ({
      EventSubscriptionsList: [{ CustSubscriptionId: 'all' }, { SourceIdsList: ['crm-prod-2'] }],
    }),
    DescribeAlarms: () => ({
      MetricAlarms: [alarm('a', 'crm-prod-2'), alarm('b', 'crm-prod', 'QueueName')],
    }),
  };
  expect(await listed(answers)).toEqual([]);
});

describe('a proxy', () => {
  const ofProxy = (target: object): Record<string, Answer> => ({
    DescribeDBProxies: ({ Marker }) =>
      Marker
        ? { DBProxies: [{ DBProxyName: 'web' }] }
        : { DBProxies: [{ DBProxyName: 'other' }], Marker: '2' },
    DescribeDBProxyTargets: ({ DBProxyName }) => (DBProxyName === 'web' ? { Targets: [target] } : {}),
  });

  it('that leads to the old instance is led to the new one', async () => {
    expect(await listed(ofProxy({ RdsResourceId: 'crm-prod' }))).toEqual([
      {
        what: 'the proxy web leads to crm-prod',
        command: `aws rds deregister-db-proxy-targets --db-proxy-name web --db-instance-identifiers crm-prod && aws rds register-db-proxy-targets --db-proxy-name web --db-instance-identifiers ${NAME}`,
      },
    ]);
  });

  it('that tracks the old cluster is led to the new one', async () => {
    const target = { RdsResourceId: 'crm-prod-1', TrackedClusterId: 'crm-prod' };
    const [found] = await listed(ofProxy(target), { kind: 'aurora' });
    expect(found!.command).toContain(`--db-cluster-identifiers ${NAME}`);
  });

  it('may follow the name or not: a person looks', async () => {
    expect(await listed(ofProxy({ RdsResourceId: 'crm-prod' }), { takesName: true })).toEqual([
      {
        what: 'the proxy web leads to crm-prod; AWS does not say whether it follows the name',
        command: 'aws rds describe-db-proxy-targets --db-proxy-name web',
      },
    ]);
  });
});

describe('what is bound by name', () => {
  const answers: Record<string, Answer> = {
    DescribeEventSubscriptions: () => ({
      EventSubscriptionsList: [{ CustSubscriptionId: 'ops', SourceIdsList: ['x', 'crm-prod'] }],
    }),
    DescribeAlarms: () => ({ MetricAlarms: [alarm('CPU of “crm”', 'crm-prod')] }),
  };

  it('is listed with the command that moves it', async () => {
    const [subscription, watched] = await listed(answers);
    expect(subscription).toEqual({
      what: 'the event subscription ops names crm-prod',
      command: `aws rds add-source-identifier-to-subscription --subscription-name ops --source-identifier ${NAME}`,
    });
    expect(watched!.what).toBe('the alarm CPU of “crm” watches crm-prod');
    expect(watched!.command).toContain("describe-alarms --alarm-names 'CPU of “crm”'");
    expect(watched!.command).toContain(`select(. == "crm-prod")) = "${NAME}"`);
    expect(watched!.command).toContain('put-metric-alarm --cli-input-json file://alarm.json');
  });

  it('follows the name where the new one takes it', async () => {
    expect(await listed(answers, { takesName: true })).toEqual([]);
  });

  it('does not follow where it is bound to a member of the old cluster', async () => {
    const ofMember = { DescribeAlarms: () => ({ MetricAlarms: [alarm('cpu', 'crm-prod-1')] }) };
    const about = { kind: 'aurora' as const, members: ['crm-prod-1'], takesName: true };
    const [found] = await listed(ofMember, about);
    expect(found).toMatchObject({
      what: 'the alarm cpu watches crm-prod-1',
      command: expect.stringContaining(`= "${NAME}-1"`),
    });
  });

  it('may be a metric in an expression', async () => {
    const metric = { MetricStat: { Metric: { Dimensions: alarm('', 'crm-prod').Dimensions } } };
    const ofExpression = {
      DescribeAlarms: () => ({ MetricAlarms: [{ AlarmName: 'rate', Metrics: [{ Id: 'e1' }, metric] }] }),
    };
    expect(await listed(ofExpression)).toMatchObject([{ what: 'the alarm rate watches crm-prod' }]);
  });
});

test('what is denied is listed as unknown, and hides nothing else', async () => {
  const answers = {
    DescribeDBProxies: () => new Error('not authorized'),
    DescribeAlarms: () => ({ MetricAlarms: [alarm('cpu', 'crm-prod')] }),
  };
  expect(await listed(answers)).toMatchObject([
    { what: 'RDS proxies of crm-prod: unknown (not authorized)', command: 'aws rds describe-db-proxies' },
    { what: 'the alarm cpu watches crm-prod' },
  ]);
});
