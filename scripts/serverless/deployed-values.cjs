/** Plugin: gives CloudFormation the values of `env:NAME` at the deployment, as parameters that it never shows. */
const { plain } = require('./plain.cjs');
const { valuesOf } = require('./references.cjs');

class DeployedValues {
  constructor(serverless, options) {
    // Not read earlier: the framework replaces the provider by that of the finished package.
    const values = () => {
      try {
        return valuesOf(serverless.service.provider.compiledCloudFormationTemplate, process.env);
      } catch (error) {
        throw plain(error.message);
      }
    };
    this.hooks = {
      'before:deploy:deploy': () => {
        // A changed value changes nothing in the template, so the framework would skip the deployment.
        if (values().length > 0) options.force = true;
      },
      // Not earlier: the template that a first deployment begins with has no parameters.
      'before:aws:deploy:deploy:updateStack': () => {
        const given = values();
        if (given.length > 0) serverless.service.provider.stackParameters = given;
      },
    };
  }
}

module.exports = DeployedValues;
