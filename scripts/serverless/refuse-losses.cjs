/**
 * Plugin: before anything is changed, compares the template with the deployed one and refuses a deployment that would take
 * something away, unless `--param mayRemove=` says each by its name.
 */
const {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
} = require('@aws-sdk/client-cloudformation');
const { losses, newAddresses } = require('./losses.cjs');
const { plain } = require('./plain.cjs');

/** Says that a comparison is not needed, where nobody may read the deployed template. */
const UNCOMPARED = 'uncompared';

class RefuseLosses {
  constructor(serverless, options, { log } = {}) {
    this.hooks = {
      // After the framework has read the finished package, and before it creates or uploads anything.
      'before:deploy:deploy': async () => {
        const provider = serverless.getProvider('aws');
        const { compiledCloudFormationTemplate: template } = serverless.service.provider;
        const named = namesIn(options.param);
        const before = await deployed(provider).catch((error) => ({ reason: error.message }));
        const { refusal, notes } = judge(before, template, named);
        for (const note of notes) log.notice(note);
        if (refusal) throw plain(refusal);
      },
    };
  }
}

/** The names in `--param mayRemove=A,B`: of the command line alone, because what a file says holds for every deployment. */
function namesIn(params = []) {
  return [params]
    .flat()
    .filter((each) => each.startsWith('mayRemove='))
    .flatMap((each) => each.slice('mayRemove='.length).split(','))
    .map((each) => each.trim())
    .filter(Boolean);
}

/** The deployed template; none where there is no stack, or one from which everything was taken back. Rejects if AWS does not say. */
async function deployed(provider) {
  const StackName = provider.naming.getStackName();
  const cloudFormation = new CloudFormationClient(await provider.getAwsSdkV3Config());
  try {
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
    if (NOTHING_THERE.includes(Stacks?.[0]?.StackStatus)) return {};
    const { TemplateBody } = await cloudFormation.send(
      new GetTemplateCommand({ StackName, TemplateStage: 'Original' }),
    );
    return { template: JSON.parse(TemplateBody) };
  } catch (error) {
    if (/does not exist/.test(error.message)) return {};
    throw error;
  }
}

const NOTHING_THERE = ['REVIEW_IN_PROGRESS', 'ROLLBACK_COMPLETE', 'DELETE_COMPLETE'];

/** Whether to deploy, and what to say. `before` is what is deployed, or the reason why nobody knows. */
function judge({ template, reason }, next, named) {
  if (reason !== undefined) {
    if (named.includes(UNCOMPARED)) return { notes: ['Not compared with what is deployed'] };
    return {
      notes: [],
      refusal: `what this deployment would take away is not known: ${reason}\nallow cloudformation:DescribeStacks and cloudformation:GetTemplate, or deploy uncompared with --param mayRemove=${UNCOMPARED}`,
    };
  }
  const found = losses(template, next);
  const unsaid = found.filter(({ name }) => !named.includes(name));
  const notes = [
    ...named
      .filter((name) => !found.some((loss) => loss.name === name))
      .map((name) => `mayRemove=${name}: this deployment takes no such thing away`),
    ...newAddresses(template, next).map(
      (id) => `${id} changes: a new address gets nothing until it confirms`,
    ),
  ];
  if (unsaid.length === 0)
    return { notes: [...notes, ...found.map(({ name, says }) => `Taken away: ${name}: ${says}`)] };
  const all = found.map(({ name }) => name).join(',');
  return {
    notes,
    refusal: [
      `this deployment would take away what is deployed now:`,
      ...unsaid.map(({ name, says }) => `  ${name}: ${says}`),
      'Nothing was changed. If a parameter is missing, write it under deployment: in understudy.yml.',
      `If it is meant, say so, this once: --param mayRemove=${all}`,
    ].join('\n'),
  };
}

module.exports = RefuseLosses;
module.exports.judge = judge;
module.exports.namesIn = namesIn;
module.exports.deployed = deployed;
