import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');

function understudy(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'understudy'), args, {
    encoding: 'utf8',
    cwd: ROOT,
  });
  return { status, stdout, stderr };
}

test.each([
  [['restore', '--help'], "unknown command 'restore'", 'docs/emergency.md'],
  [['dump', '--help'], "unknown command 'dump'", './understudy run dump TARGET'],
  [['--stage', 'prod', 'verify', 'crm'], "unknown command 'verify'", './understudy run verify TARGET'],
  [['help', 'statsu'], "unknown command 'statsu'", 'status'],
  [['statsu', '-h'], "unknown command 'statsu'", 'status'],
  [['status', '--jsno', '--help'], "unknown option '--jsno'", '--json'],
  [['run', 'dump', 'crm', '--pont', 'x', '--help'], "unknown option '--pont'", '--point'],
  [['--jsno', '--help'], "unknown option '--jsno'", '--json'],
  [['alerts', 'tset'], 'there is no "alerts tset"', 'alerts test'],
  [['check', 'crm'], 'too many arguments', '--help'],
])('%j is an error that names what is nearest, and no help with exit 0', (args, said, nearest) => {
  const { status, stdout, stderr } = understudy(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(said);
  expect(stderr).toContain(nearest);
});

test.each([
  [['--help']],
  [['help']],
  [['run', '--help']],
  [['help', 'run']],
  [['--stage', 'prod', '--help']],
])('%j shows the help', (args) => {
  const { status, stdout } = understudy(...args);
  expect([status, stdout]).toEqual([0, expect.stringContaining('Usage: understudy')]);
});
