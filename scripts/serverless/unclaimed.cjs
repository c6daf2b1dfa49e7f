/** What nobody takes: a job that is not on the list, or a message without one. No JSON object at all: see alarms.cjs. */
module.exports = () => {
  const { JOBS } = require('../../lib/domain/runs/job.ts');
  return { job: [{ 'anything-but': [...JOBS] }, { exists: false }, null] };
};
