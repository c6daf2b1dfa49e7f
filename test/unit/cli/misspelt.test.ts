import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
  [['dump', '--help'], "unknown command 'dump'", './understudy run dump TARGET'],
  [['--stage', 'prod', 'verify', 'crm'], "unknown command 'verify'", './understudy run verify TARGET'],
  [['help', 'statsu'], "unknown command 'statsu'", 'status'],
  [['statsu', '-h'], "unknown command 'statsu'", 'status'],
  [['status', '--jsno', '--help'], "unknown option '--jsno'", '--json'],
  [['run', 'dump', 'crm', '--pont', 'x', '--help'], "unknown option '--pont'", '--point'],
  [['--jsno', '--help'], "unknown option '--jsno'", '--json'],
  [['dmup', 'crm'], "unknown command 'dmup'", './understudy run dump TARGET'],
  [['frobnicate'], "unknown command 'frobnicate'", './understudy --help'],
  [['alerts', 'tset'], 'there is no "alerts tset"', './understudy alerts test'],
  [['local', 'pu'], 'there is no "local pu"', './understudy local up'],
  [['completion', 'bsh'], 'there is no "completion bsh"', './understudy completion bash'],
  [['run', 'dmup', 'crm-prod'], 'there is no job "dmup"', 'did you mean dump?'],
  [['run', 'dump', 'crm-prd'], 'there is no target "crm-prd"', 'did you mean crm-prod?'],
  [['check', 'crm'], 'too many arguments', '--help'],
])('./understudy %j ends with exit code 2 and names what is nearest', (args, said, nearest) => {
  const { status, stdout, stderr } = understudy(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(said);
  expect(stderr).toContain(nearest);
});

test.each([
  [['--help']],
  [['help']],
  [['run', '--help']],
  [['points', '--help']],
  [['alerts', '--help']],
  [['help', 'run']],
  [['--stage', 'prod', '--help']],
])('./understudy %j shows help with examples and exit codes, no wider than 80 columns', (args) => {
  const { status, stdout } = understudy(...args);
  expect([status, stdout]).toEqual([0, expect.stringContaining('Usage: understudy')]);
  expect([stdout.includes('Examples:'), /Exit codes/.test(stdout)]).toEqual([true, true]);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('./understudy --version prints the version of the package', () => {
  const { status, stdout } = understudy('--version');
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect([status, stdout]).toEqual([0, `understudy ${version}\n`]);
});

test.each(['bash', 'zsh', 'fish'])(
  './understudy completion %s prints a script that asks the command',
  (shell) => {
    const { status, stdout } = understudy('completion', shell);
    expect([status, stdout]).toEqual([0, expect.stringContaining('__complete')]);
  },
);

test('bash completes ./understudy by the printed script', () => {
  const script = [
    'eval "$(./understudy completion bash)"',
    'COMP_WORDS=(./understudy run du) COMP_CWORD=2',
    '_understudy',
    'echo "${COMPREPLY[@]}"',
  ].join('\n');
  const { stdout } = spawnSync('bash', ['-c', script], { encoding: 'utf8', cwd: ROOT });
  expect(stdout).toBe('dump\n');
});
