const { plain } = require('./plain.cjs');

/** Does nothing of this deployment run by itself? It waits in the copies' Region for the day on which the other is lost. */
module.exports = async (resolveVariable) => {
  const given = await resolveVariable('param:standby');
  if (given !== 'yes' && given !== 'no')
    throw plain(`the parameter standby is yes or no, and not "${given}"`);
  return given === 'yes';
};
