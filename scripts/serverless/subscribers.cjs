const { referred } = require('./references.cjs');

/** The subscriptions from the parameters. Others can be added by hand; the watch checks all of them. */
const SUBSCRIPTIONS = [
  { param: 'alertEmail', protocol: 'email', topics: ['Alerts', 'Alarms'] },
  { param: 'alertEndpoint', protocol: 'https', topics: ['Alerts'] },
  { param: 'pagerEndpoint', protocol: 'https', topics: ['Pages', 'Alarms'] },
];

module.exports = async ({ resolveVariable }) => {
  const Resources = {};
  const Parameters = {};
  for (const { param, protocol, topics } of SUBSCRIPTIONS) {
    const endpoint = await resolveVariable(`param:${param}`);
    if (!endpoint) continue;
    const reference = referred(param, endpoint);
    Object.assign(Parameters, reference.Parameters);
    for (const topic of topics) {
      Resources[`${topic}To${param[0].toUpperCase()}${param.slice(1)}`] = {
        Type: 'AWS::SNS::Subscription',
        DependsOn: ['SubscribersDeadPolicy'],
        Properties: {
          TopicArn: { Ref: `${topic}Topic` },
          Protocol: protocol,
          Endpoint: reference.value,
          RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['SubscribersDead', 'Arn'] } },
          ...(protocol === 'https' && { DeliveryPolicy: PATIENT }),
        },
      };
    }
  }
  return { Resources, ...(Object.keys(Parameters).length > 0 && { Parameters }) };
};

/** By default SNS gives up on an endpoint after a minute. A pager may be restarting: this retries for up to 50 minutes. */
const PATIENT = {
  healthyRetryPolicy: {
    numRetries: 25,
    minDelayTarget: 5,
    maxDelayTarget: 120,
    backoffFunction: 'exponential',
  },
};
