/** Plugin: counts what is in the template. CloudFormation refuses more than 500 resources, after everything is uploaded. */
const { plain } = require('./plain.cjs');

const MOST = 500;
const NEARLY = 450;
const ADVICE =
  'merge policies that have the same schedules (each adds one resource per schedule), or deploy some targets as a second stage with UNDERSTUDY_CONFIG';

class ResourceLimit {
  constructor(serverless, _options, { log } = {}) {
    this.hooks = {
      'after:aws:package:finalize:mergeCustomProviderResources': () => {
        const { verdict, message } = judge(
          Object.keys(serverless.service.provider.compiledCloudFormationTemplate.Resources).length,
        );
        if (verdict === 'too many') throw plain(message);
        if (verdict === 'nearly') log.warning(message);
      },
    };
  }
}

/** Whether so many resources can be deployed, and what to say. */
function judge(count) {
  if (count > MOST)
    return {
      verdict: 'too many',
      message: `this deployment has ${count} resources, and CloudFormation takes ${MOST}: ${ADVICE}`,
    };
  if (count > NEARLY)
    return {
      verdict: 'nearly',
      message: `this deployment has ${count} of the ${MOST} resources that CloudFormation takes: ${ADVICE}`,
    };
  return { verdict: 'fits' };
}

module.exports = ResourceLimit;
module.exports.judge = judge;
