import { JOBS } from '../../../lib/domain/runs/job.ts';
import { ASKED_JOBS } from '../../../scripts/cli/asked-jobs.ts';
import { COMMANDS } from '../../../scripts/cli/registry/commands.ts';

test('run offers every job that has a message, and the names of a rehearsal', () => {
  const names = ['simulation', 'rehearse-snapshot', 'rehearse-moment'];
  const asked = JOBS.filter((job) => job !== 'heartbeat' && job !== 'rehearse-instance');
  expect([...ASKED_JOBS].sort()).toEqual([...asked, ...names].sort());
});

test.each(COMMANDS.map((command) => [command.name, command] as const))(
  'the registry has examples of the command %s, and says what its exit codes mean',
  (name, { examples, done }) => {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(example).toMatch(new RegExp(`\\./understudy .*\\b${name}\\b`));
    expect(done).not.toBe('');
  },
);
