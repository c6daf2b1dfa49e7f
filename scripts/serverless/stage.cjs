const { plain } = require('./plain.cjs');

/** The packaged stage; its name must fit into names and permissions. */
module.exports = async (resolveVariable) => {
  const stage = await resolveVariable('sls:stage');
  const { stageProblem } = require('../../lib/domain/names.ts');
  const problem = stageProblem(stage);
  if (problem) throw plain(problem);
  return stage;
};
