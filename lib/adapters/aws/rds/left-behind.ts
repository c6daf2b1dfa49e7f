import { CloudWatchClient, type MetricAlarm, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import {
  paginateDescribeDBProxies,
  paginateDescribeDBProxyTargets,
  paginateDescribeEventSubscriptions,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { reasonOf } from '../../../domain/errors.ts';
import type { LeavingBehind, MissingSetting } from '../../../ports/platform.ts';
import { memberOf } from './scratch-state.ts';

/**
 * What names the old instance or cluster and will not name the new one, each with the command that moves it. Metrics
 * and events follow a name that is used again (RDS user guide, "Renaming a DB instance"), so alarms and subscriptions
 * of that name are not listed where the new one takes it. A question without an answer is listed as unknown.
 */
export async function leftBehind(
  rds: RDSClient,
  cloudwatch: CloudWatchClient,
  about: LeavingBehind,
): Promise<MissingSetting[]> {
  const questions: [what: string, look: string, ask: () => Promise<MissingSetting[]>][] = [
    ['RDS proxies', 'aws rds describe-db-proxies', () => proxies(rds, about)],
    ['event subscriptions', 'aws rds describe-event-subscriptions', () => subscriptions(rds, about)],
    ['CloudWatch alarms', 'aws cloudwatch describe-alarms', () => alarms(cloudwatch, about)],
  ];
  const found = await Promise.all(
    questions.map(([what, look, ask]) =>
      ask().catch((error): MissingSetting[] => [
        { what: `${what} of ${about.old}: unknown (${reasonOf(error)})`, command: look },
      ]),
    ),
  );
  return found.flat();
}

/** It is read for a list that a person sees: what does not answer soon is unknown. */
export const cloudwatchIn = (region: string) => new CloudWatchClient({ region, maxAttempts: 2 });

/** A proxy has one target group, and its targets are instances or clusters by their identifiers. */
async function proxies(
  client: RDSClient,
  { kind, old, name, takesName }: LeavingBehind,
): Promise<MissingSetting[]> {
  const names: string[] = [];
  for await (const page of paginateDescribeDBProxies({ client }, {}))
    names.push(...(page.DBProxies ?? []).flatMap(({ DBProxyName }) => DBProxyName ?? []));
  const found: MissingSetting[] = [];
  const of = kind === 'aurora' ? 'cluster' : 'instance';
  for (const proxy of names) {
    let leadsThere = false;
    for await (const page of paginateDescribeDBProxyTargets({ client }, { DBProxyName: proxy }))
      leadsThere ||= (page.Targets ?? []).some(
        ({ RdsResourceId, TrackedClusterId }) =>
          (kind === 'aurora' ? (TrackedClusterId ?? RdsResourceId) : RdsResourceId) === old,
      );
    if (!leadsThere) continue;
    const option = `--db-proxy-name ${proxy} --db-${of}-identifiers`;
    found.push(
      takesName
        ? {
            what: `the proxy ${proxy} leads to ${old}; AWS does not say whether it follows the name`,
            command: `aws rds describe-db-proxy-targets --db-proxy-name ${proxy}`,
          }
        : {
            what: `the proxy ${proxy} leads to ${old}`,
            command: `aws rds deregister-db-proxy-targets ${option} ${old} && aws rds register-db-proxy-targets ${option} ${name}`,
          },
    );
  }
  return found;
}

async function subscriptions(client: RDSClient, about: LeavingBehind): Promise<MissingSetting[]> {
  const found: MissingSetting[] = [];
  for await (const page of paginateDescribeEventSubscriptions({ client }, {}))
    for (const { CustSubscriptionId: id, SourceIdsList = [] } of page.EventSubscriptionsList ?? [])
      for (const [was, now] of boundByName(about))
        if (SourceIdsList.includes(was))
          found.push({
            what: `the event subscription ${id} names ${was}`,
            command: `aws rds add-source-identifier-to-subscription --subscription-name ${id} --source-identifier ${now}`,
          });
  return found;
}

const DIMENSIONS = ['DBInstanceIdentifier', 'DBClusterIdentifier'];
/** What an alarm shows and nobody may give. */
const ONLY_SHOWN = [
  'AlarmArn',
  'AlarmConfigurationUpdatedTimestamp',
  'StateValue',
  'StateReason',
  'StateReasonData',
  'StateUpdatedTimestamp',
  'StateTransitionedTimestamp',
  'EvaluationState',
];

async function alarms(client: CloudWatchClient, about: LeavingBehind): Promise<MissingSetting[]> {
  const found: MissingSetting[] = [];
  for await (const page of paginateDescribeAlarms({ client }, { AlarmTypes: ['MetricAlarm'] }))
    for (const alarm of page.MetricAlarms ?? [])
      for (const [was, now] of boundByName(about))
        if (watches(alarm, was))
          found.push({
            what: `the alarm ${alarm.AlarmName} watches ${was}`,
            command: commandFor(alarm.AlarmName!, was, now),
          });
  return found;
}

function watches({ Dimensions = [], Metrics = [] }: MetricAlarm, name: string): boolean {
  const all = [...Dimensions, ...Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric?.Dimensions ?? [])];
  return all.some(({ Name, Value }) => DIMENSIONS.includes(Name ?? '') && Value === name);
}

/** An alarm can be written again only as a whole. */
function commandFor(alarm: string, was: string, now: string): string {
  const jq = `.MetricAlarms[0] | del(${ONLY_SHOWN.map((each) => `.${each}`).join(', ')}) | (.. | .Value? | select(. == "${was}")) = "${now}"`;
  return `aws cloudwatch describe-alarms --alarm-names ${quoted(alarm)} | jq '${jq}' > alarm.json && aws cloudwatch put-metric-alarm --cli-input-json file://alarm.json`;
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Old names and new ones. A member of a cluster keeps its name when the cluster is renamed. */
function boundByName({ kind, old, members, name, takesName }: LeavingBehind): [was: string, now: string][] {
  const ofMembers = kind === 'aurora' ? members.map((each): [string, string] => [each, memberOf(name)]) : [];
  return [...(takesName ? [] : [[old, name] as [string, string]]), ...ofMembers];
}
