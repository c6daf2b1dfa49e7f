/** Messages that no function takes: an unknown job, or none. For a message that is not a JSON object see alarms.cjs. */
module.exports = () => {
  const { JOBS } = require('../../lib/domain/runs/job.ts');
  return { job: [{ 'anything-but': [...JOBS] }, { exists: false }, null] };
};
