const { parameters } = require('./plan.cjs');

/**
 * The parameters of the stage: the defaults of serverless.yml, and over them what `deployment:` of understudy.yml says.
 * The framework puts those of the command line over both.
 */
module.exports = async ({ options, resolveConfigurationProperty }) => {
  const defaults = await resolveConfigurationProperty(['custom', 'parameters']);
  const stage = options.stage ?? (await resolveConfigurationProperty(['provider', 'stage']));
  return { default: { ...defaults, ...parameters(stage) } };
};
