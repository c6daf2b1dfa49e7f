/**
 * What a deployment would take away: whoever would no longer be alerted, and whatever would no longer be backed up, locked or
 * reachable. A function of two templates; resources that are only renamed or changed are no losses.
 */

/** The losses from one template to the next: `name` says each for `--param mayRemove=`, `says` is for people. */
function losses(before, after) {
  const then = before?.Resources ?? {};
  const now = after?.Resources ?? {};
  return Object.entries(then).flatMap(([id, resource]) => [
    ...lostResource(id, resource, now),
    ...(now[id] ? lostSettings(id, resource, now[id]) : []),
  ]);
}

/** Subscriptions whose address is written in another way: no loss, but a new address has to confirm first. */
function newAddresses(before, after) {
  return Object.entries(before?.Resources ?? {}).flatMap(([id, { Type, Properties }]) => {
    const next = after.Resources[id];
    const isSame =
      Type !== 'AWS::SNS::Subscription' ||
      !next ||
      JSON.stringify(next.Properties.Endpoint) === JSON.stringify(Properties.Endpoint);
    return isSame ? [] : [id];
  });
}

/** Whole resources that matter to people outside of this stack. */
function lostResource(id, resource, now) {
  if (now[id]?.Type === resource.Type) return [];
  const { Type, Properties = {} } = resource;
  const lost = (says) => [{ name: id, says }];
  if (Type === 'AWS::SNS::Subscription' && AUDIENCE[Properties.Protocol])
    return lost(`${AUDIENCE[Properties.Protocol]} is no longer subscribed to ${topicOf(Properties)}`);
  if (Type === 'AWS::Scheduler::Schedule') return lost(`${jobOf(Properties)} is no longer scheduled`);
  if (Type === 'AWS::RDS::EventSubscription')
    return lost(`events of ${Properties.SourceType} are no longer heard`);
  if (Type === 'AWS::CloudWatch::Alarm' && isWatchedStill(Properties, now))
    return lost(`the alarm ${Properties.AlarmName ?? id} is gone, and what it watches is not`);
  if (Type === 'AWS::S3::BucketPolicy' && now[Properties.Bucket?.Ref])
    return lost(`the policy of the bucket ${Properties.Bucket.Ref} is gone`);
  // Each deployment makes versions of functions anew; the framework keeps the old ones, which hold nothing.
  if (KEPT.includes(resource.DeletionPolicy) && Type !== 'AWS::Lambda::Version')
    return lost(
      `${id} (${Type}) is no longer part of the deployment, which begins with an empty one or none`,
    );
  return [];
}

/** What a resource that stays loses. */
function lostSettings(id, { Type, Properties = {}, DeletionPolicy }, next) {
  const { Properties: Later = {} } = next;
  const found = [];
  const say = (setting, says) => found.push({ name: `${id}.${setting}`, says });
  if (KEPT.includes(DeletionPolicy) && !KEPT.includes(next.DeletionPolicy))
    say('DeletionPolicy', `${id} would be deleted with the stack`);
  if (Type === 'AWS::Lambda::Function' && leavesNetwork(Properties.VpcConfig, Later.VpcConfig))
    say(
      'VpcConfig',
      `the function ${Properties.FunctionName ?? id} leaves ${subnets(Properties.VpcConfig).join(', ')}, and with it perhaps its databases`,
    );
  if (Type === 'AWS::Scheduler::Schedule' && Properties.State !== 'DISABLED' && Later.State === 'DISABLED')
    say('State', `${jobOf(Properties)} no longer runs by itself`);
  if (Type === 'AWS::RDS::EventSubscription' && Properties.Enabled !== false && Later.Enabled === false)
    say('Enabled', `events of ${Properties.SourceType} are no longer heard`);
  if (Type === 'AWS::CloudWatch::Alarm') {
    if (has(Properties.AlarmActions) && !has(Later.AlarmActions))
      say('AlarmActions', `the alarm ${id} reaches nobody`);
    if (Properties.TreatMissingData === 'breaching' && Later.TreatMissingData !== 'breaching')
      say('TreatMissingData', `the alarm ${id} no longer takes silence for a failure`);
  }
  for (const setting of PROTECTIONS[Type] ?? [])
    if (has(Properties[setting]) && !has(Later[setting])) say(setting, `${id} loses ${setting}`);
  if (Type === 'AWS::S3::Bucket') {
    if (
      has(Properties.ObjectLockConfiguration) &&
      has(Later.ObjectLockConfiguration) &&
      isWeaker(Properties.ObjectLockConfiguration, Later.ObjectLockConfiguration)
    )
      say('ObjectLockConfiguration', `${id} locks objects for less time, or less strictly`);
    const [bucket, later] = [Properties, Later].map(
      ({ VersioningConfiguration }) => VersioningConfiguration?.Status,
    );
    if (bucket === 'Enabled' && later !== 'Enabled')
      say('VersioningConfiguration', `${id} no longer keeps versions`);
  }
  if (Type === 'AWS::S3::BucketPolicy')
    for (const sid of denials(Properties).filter((each) => !denials(Later).includes(each)))
      say(sid, `the policy of ${id} no longer says ${sid}`);
  return found;
}

/** Whom a person would miss: queues and functions of ours are changed with the program. */
const AUDIENCE = {
  email: 'an e-mail address',
  'email-json': 'an e-mail address',
  https: 'an https endpoint',
  http: 'an http endpoint',
  sms: 'a phone',
};
const KEPT = ['Retain', 'RetainExceptOnCreate', 'Snapshot'];
const PROTECTIONS = {
  'AWS::S3::Bucket': [
    'ObjectLockEnabled',
    'ObjectLockConfiguration',
    'ReplicationConfiguration',
    'PublicAccessBlockConfiguration',
    'BucketEncryption',
  ],
  'AWS::DynamoDB::Table': [
    'DeletionProtectionEnabled',
    'PointInTimeRecoverySpecification',
    'SSESpecification',
  ],
  'AWS::KMS::Key': ['EnableKeyRotation'],
};

const topicOf = ({ TopicArn }) =>
  `topic ${String(TopicArn?.Ref ?? TopicArn)
    .replace(/Topic$/, '')
    .toLowerCase()}`;
const subnets = (network) =>
  network?.SubnetIds?.map((each) => (typeof each === 'string' ? each : each.Ref)) ?? [];

/** `dump of policy production`, or the schedule's own name. */
function jobOf({ Name, Target }) {
  try {
    const { job, policy } = JSON.parse(Target.Input);
    if (job && policy) return `${job} of policy ${policy}`;
  } catch {
    // The input of another program; its name says enough.
  }
  return String(Name);
}

/** To no network, or from subnets that were given by their ids to those of the quarantine. */
function leavesNetwork(network, later) {
  if (subnets(network).length === 0) return false;
  if (subnets(later).length === 0) return true;
  const isGiven = ({ SubnetIds }) => SubnetIds.some((each) => typeof each === 'string');
  return isGiven(network) && !isGiven(later);
}

/** Does the template still have what an alarm looks at? The dimension `service` is the stage's own. */
function isWatchedStill({ Dimensions = [] }, now) {
  const names = Object.values(now).flatMap(({ Properties = {} }) =>
    ['FunctionName', 'QueueName', 'TopicName', 'Name'].map((key) => Properties[key]),
  );
  return Dimensions.some(({ Name, Value }) => Name === 'service' || names.includes(Value));
}

function denials({ PolicyDocument }) {
  return [PolicyDocument?.Statement ?? []]
    .flat()
    .flatMap(({ Effect, Sid }) => (Effect === 'Deny' && Sid ? [Sid] : []));
}

function isWeaker(lock, later) {
  const [was, is] = [lock, later].map(({ Rule }) => Rule?.DefaultRetention);
  if (!was) return false;
  if (!is) return true;
  const days = ({ Days = 0, Years = 0 }) => Days + 365 * Years;
  return days(is) < days(was) || (was.Mode === 'COMPLIANCE' && is.Mode !== 'COMPLIANCE');
}

/** Is a property there? `AWS::NoValue`, false and an empty list are not. */
function has(value) {
  if (value === undefined || value === null || value === false || value === 'false') return false;
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object') {
    if (value.Ref === 'AWS::NoValue') return false;
    return !Object.values(value).every((each) => each === false || each === 'false');
  }
  return true;
}

module.exports = { losses, newAddresses };
