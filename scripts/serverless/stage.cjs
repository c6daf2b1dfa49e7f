const { plain } = require('./plain.cjs');

/** The stage that is packaged, whose name must be one that names and rights can be made of. */
module.exports = async (resolveVariable) => {
  const stage = await resolveVariable('sls:stage');
  const { stageProblem } = require('../../lib/domain/names.ts');
  const problem = stageProblem(stage);
  if (problem) throw plain(problem);
  return stage;
};
