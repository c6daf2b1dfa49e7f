import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** Where the printed script belongs, below the home directory, and the line that the shell makes of another with Tab. */
type Shell = { file: string; complete: (line: string, home: string) => string };

const SHELLS: Record<string, Shell> = {
  fish: {
    file: '.config/fish/conf.d/understudy.fish',
    complete: (line, home) => {
      const words = run('fish', ['-c', 'complete -C $argv', line], home).trim().split('\n');
      return line.slice(0, line.lastIndexOf(' ') + 1) + words.join('|');
    },
  },
  // Its completion needs a terminal, so a second zsh gets one.
  zsh: {
    file: '_understudy',
    complete: (line, home) => run('zsh', ['-f', '-c', TAB_IN_ZSH, 'zsh', line], home).trim(),
  },
};
const TAB_IN_ZSH = `
  zmodload zsh/zpty
  zpty terminal zsh -f -i
  zpty -w terminal 'PS1= fpath=($HOME $fpath); autoload -Uz compinit; compinit -u -D'
  zpty -w terminal 'show-line() { print -r -- "<<$BUFFER>>" }; zle -N show-line; bindkey "^X" show-line'
  zpty -w terminal 'print rea""dy'
  zpty -r terminal said '*ready*'
  zpty -w -n terminal "$1"$'\\t\\x18'
  zpty -r terminal said '*<<*>>*'
  print -r -- "\${\${said##*<<}%%>>*}"
  zpty -d terminal`;

function run(program: string, args: string[], HOME: string): string {
  const env = { PATH: process.env['PATH'], HOME, TERM: 'xterm', LANG: 'C.UTF-8', NO_COLOR: '1' };
  const ran = spawnSync(program, args, { encoding: 'utf8', cwd: ROOT, env, timeout: 300_000 });
  expect([ran.status, ran.stderr]).toEqual([0, '']);
  return ran.stdout;
}

/** The tests of a shell that is not installed do not exist, so they do not pass either. */
const installed = Object.entries(SHELLS).filter(([name]) => spawnSync(name, ['--version']).status === 0);

for (const [name, { file, complete }] of installed)
  describe(`${name}, with the script of ./understudy completion ${name}`, () => {
    let home: string;
    beforeAll(() => {
      home = mkdtempSync(join(tmpdir(), 'us-completion-'));
      mkdirSync(dirname(join(home, file)), { recursive: true });
      writeFileSync(join(home, file), run('./understudy', ['completion', name], home));
      symlinkSync(ROOT, join(home, 'here'));
    });
    afterAll(() => rmSync(home, { recursive: true }));

    it.each([
      ['a command', './understudy st', './understudy status'],
      ['an option', './understudy run --po', './understudy run --point'],
      ['a job', './understudy run exp', './understudy run expire'],
      ['a target, without the files beside it', './understudy run dump ', './understudy run dump crm-prod'],
      [
        'the value of an option',
        './understudy rehearse crm-prod --from s',
        './understudy rehearse crm-prod --from snapshot',
      ],
      ['a file where no word fits', './understudy --config CHANG', './understudy --config CHANGELOG.md'],
      ['a command below ~', '~/here/understudy st', '~/here/understudy status'],
    ])('completes %s', (_what, typed, whole) => expect(complete(typed, home)).toBe(whole));

    it('offers nothing, and no error, for a command that cannot be found', () =>
      expect(complete('nowhere/understudy stat', home)).toBe(
        'nowhere/understudy stat'.replace(/stat$/, name === 'fish' ? '' : 'stat'),
      ));
  });

test.each(Object.keys(SHELLS))('the file of the %s script is the one that the help names', (name) => {
  const help = run('./understudy', ['completion', '--help'], tmpdir());
  expect(help).toContain(`./understudy completion ${name} > ~/`);
  expect(help).toContain(SHELLS[name]!.file);
});
