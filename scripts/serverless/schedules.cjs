/** One EventBridge schedule per policy and job, from understudy.yml, and the one that wakes the watch. */
const { readPlan } = require('./plan.cjs');
const stageOf = require('./stage.cjs');
const isStandby = require('./standby.cjs');

const arn = (id) => ({ 'Fn::GetAtt': [id, 'Arn'] });
/** Scheduler inserts the scheduled moment, which names the run: a retry an hour later is still the run of one o'clock. */
const SCHEDULED_FOR = '<aws.scheduler.scheduled-time>';

module.exports = async ({ resolveVariable }) => {
  const { toAwsCron } = require('../../lib/adapters/aws/cron.ts');
  const { expectedSchedules } = require('../../lib/domain/plan/expected-schedules.ts');
  const stage = await stageOf(resolveVariable);
  const State = (await isStandby(resolveVariable)) ? 'DISABLED' : 'ENABLED';
  const Resources = {};

  for (const { name, cron, timezone, input } of expectedSchedules(readPlan(), stage)) {
    const id = `${pascal(input.policy)}${pascal(input.job)}Schedule`;
    Resources[id] = schedule(name, toAwsCron(cron), timezone, State, {
      Arn: arn('DispatchLambdaFunction'),
      RoleArn: arn('ScheduleRole'),
      Input: JSON.stringify({ ...input, scheduledFor: SCHEDULED_FOR }),
      // A late firing is worth delivering: its run has the right name and is done once. A heartbeat's is not: a later row
      // says nothing about its minute.
      RetryPolicy: {
        MaximumEventAgeInSeconds: input.job === 'heartbeat' ? 300 : 7200,
        MaximumRetryAttempts: 60,
      },
      DeadLetterConfig: { Arn: arn('DispatchDead') },
    });
  }

  Resources.WatchSchedule = schedule(`${stage}-watch`, 'rate(5 minutes)', 'UTC', State, {
    Arn: arn('WatchLambdaFunction'),
    RoleArn: arn('ScheduleRole'),
    Input: JSON.stringify({ scheduledFor: SCHEDULED_FOR }),
    // A look that is five minutes late is the next look.
    RetryPolicy: { MaximumEventAgeInSeconds: 240, MaximumRetryAttempts: 3 },
    DeadLetterConfig: { Arn: arn('WatchDead') },
  });
  return { Resources };
};

function schedule(Name, ScheduleExpression, ScheduleExpressionTimezone, State, Target) {
  return {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      Name,
      GroupName: { Ref: 'Schedules' },
      ScheduleExpression,
      ScheduleExpressionTimezone,
      FlexibleTimeWindow: { Mode: 'OFF' },
      State,
      Target,
    },
  };
}

/** A logical id has letters and digits only. As the framework does, `-` is spelt out, so that no two names meet. */
function pascal(name) {
  return (name[0].toUpperCase() + name.slice(1)).replaceAll('-', 'Dash');
}
