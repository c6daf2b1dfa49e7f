import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { withOption } from '../../lib/domain/alert.ts';
import { hintOf, InputError, reasonOf } from '../../lib/domain/errors.ts';
import { DONE, FAILED, WRONG_INPUT } from './exit.ts';
import { refuseMisspelt } from './misspelt.ts';
import { type Answer, show } from './say.ts';
import { type Options, openSession, type Session } from './session.ts';

const program = new Command('understudy')
  .description(
    'Backs up PostgreSQL, proves on a schedule that the backups restore, and alerts you when they do not.',
  )
  .option('--stage <name>', 'talk to a deployed stage')
  .option('--local', 'run the same functions in this process against the local cloud')
  .option('--config <file>', 'what is protected', 'understudy.yml')
  .option('--json', 'print exactly one JSON document on stdout')
  .showHelpAfterError('(understudy --help lists the commands)')
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text) });

/** Each command's code is loaded when it is called. */
const command = (
  usage: string,
  description: string,
  action: (session: Session, ...args: string[]) => Promise<Answer>,
  shape?: (command: Command) => Command,
) => {
  const made = program.command(usage).description(description);
  (shape?.(made) ?? made).action(async (...all: unknown[]) => {
    const self = all.at(-1) as Command;
    const args = all.slice(0, -2) as string[];
    const options = self.optsWithGlobals<Options>();
    const session = openSession(options);
    finish(await action(session, ...args, self.opts() as never), options.json === true);
  });
  return made;
};

command('check', 'read understudy.yml back: objectives, next firings, what is kept', async (session) =>
  (await import('./commands/check.ts')).check(session),
);
command('targets', 'what is protected', async (session) =>
  (await import('./commands/targets.ts')).targets(session),
);
command('points <target>', 'recovery points, newest first', async (session, target) =>
  (await import('./commands/points.ts')).points(session, target!),
);
command(
  'status [target]',
  'overview: objectives, newest backup, last rehearsal, open findings',
  async (session, target) => (await import('./commands/status.ts')).status(session, target),
);
command(
  'doctor <target>',
  'check connection, permissions, versions and locks before a dump',
  async (session, target) => (await import('./commands/doctor.ts')).doctor(session, target!),
);
command(
  'run <job> <target>',
  'ask for dump, verify, rehearse, simulation, snapshot, copy, rehearse-snapshot, rehearse-moment, preflight or expire',
  async (session, job, target, options) =>
    (await import('./commands/run.ts')).run(session, job!, target!, options as never),
  (made) =>
    made
      .option('--point <id>', 'verify, rehearse or copy this point')
      .option('--again', 'verify what was verified before')
      .option(
        '--label <text>',
        'snapshot: the one before a risky release; kept for snapshot.labelled, exempt from daily, weekly and monthly retention',
      )
      .option('--to <place>', 'copy: a Region, or REGION/ACCOUNT')
      .option('--moment <utc>', 'rehearse-moment: this one; else the latest')
      .option('--dry-run', 'expire: say what would be deleted and why')
      .option('--wait', 'wait until it is done')
      .option('--reason <text>', 'for the record'),
);
command(
  'rehearse <target>',
  'test-restore a dump, a snapshot or a moment onto scratch, prove it, delete it',
  async (session, target, options) =>
    (await import('./commands/run.ts')).run(session, 'rehearse', target!, {
      wait: true,
      ...(options as unknown as object),
    }),
  (made) =>
    made
      .option('--point <id>', 'this point; else the newest verified one')
      .option('--from <what>', 'dump, snapshot or moment', 'dump')
      .option('--moment <utc>', 'with --from moment: this one; else the latest')
      .option('--simulation', 'with every assertion')
      .option('--reason <text>', 'for the record'),
);
command(
  'evidence <target>',
  'show test-restore records: the newest rehearsals and all that was measured',
  async (session, target, options) => {
    const last = Number((options as unknown as { last: string }).last);
    if (!Number.isInteger(last) || last < 1 || last > 100)
      throw new InputError('--last takes a number from 1 to 100');
    return (await import('./commands/evidence.ts')).evidence(session, target!, last);
  },
  (made) => made.option('--last <n>', 'how many', '1'),
);
command(
  'timeline <target>',
  'runs, alerts, events and acknowledgements of a target; of `understudy`, what concerns no target',
  async (session, target, options) => {
    const last = Number((options as unknown as { last: string }).last);
    if (!Number.isInteger(last) || last < 1 || last > 1000)
      throw new InputError('--last takes a number from 1 to 1000');
    return (await import('./commands/timeline.ts')).timeline(session, target!, last);
  },
  (made) => made.option('--last <n>', 'how many', '50'),
);
command(
  'ack <target> <code>',
  'acknowledge a finding, or announce one that is expected: no alert of it until then',
  async (session, target, code, options) =>
    (await import('./commands/ack.ts')).ack(session, target!, code!, options as never),
  (made) =>
    made
      .option('--subject <text>', 'of this subject alone; else of all')
      .option('--until <when>', '7d, 12h, 2026-12-01 or 2026-12-01T06:00Z; 90 d at most')
      .option('--reason <text>', 'why, for the record')
      .option('--end', 'take it back'),
);
command(
  'alerts <what>',
  '`alerts test` sends one to each topic and says who is subscribed',
  async (session, what) => {
    if (what !== 'test') throw new InputError(`there is no "alerts ${what}"`, [], 'alerts test');
    return (await import('./commands/alerts.ts')).testAlerts(session);
  },
);
command(
  'local <what>',
  'a local cloud: up, down, env',
  async (session, what, options) => {
    const local = await import('./commands/local.ts');
    if (what === 'up') return local.up(session, (options as unknown as { target?: string }).target);
    if (what === 'down') return local.down();
    if (what === 'env') return local.env();
    throw new InputError(`there is no "local ${what}"`, [], 'local up, local down, local env');
  },
  (made) => made.option('--target <id>', 'up: whose secret DATABASE_URL becomes; else the first target’s'),
);

/** Given twice, an option would silently mean its last value. */
function once(command: Command): void {
  for (const option of command.options.filter(({ required }) => required)) {
    const given: string[] = [];
    option.argParser((value: string) => {
      if (given.push(value) > 1) throw new InvalidArgumentError('It was given twice.');
      return value;
    });
  }
}
for (const each of [program, ...program.commands]) once(each);
refuseMisspelt(program);

/** Commands are shown as they are typed for what this one talks to. */
function here(text: string): string {
  const { stage, local } = program.opts<Options>();
  if (local) return withOption(text, '--local');
  return stage ? withOption(text, `--stage ${stage}`) : text;
}

function finish(answer: Answer, json: boolean): void {
  show({ ...answer, lines: answer.lines.map(here) }, json);
  process.exitCode = answer.exit;
}

/** What went wrong, about what, and what to do next; with --json as a document too. */
function fail(error: unknown): void {
  const json = program.opts<Options>().json === true;
  const hint = hintOf(error);
  const exit = error instanceof InputError ? WRONG_INPUT : FAILED;
  if (json)
    process.stdout.write(
      `${JSON.stringify({ error: { message: reasonOf(error), ...(hint ? { hint } : {}), ...(error instanceof InputError ? { mistakes: error.mistakes } : {}) } }, null, 2)}\n`,
    );
  process.stderr.write(here(`understudy: ${reasonOf(error)}\n${hint ? `  next: ${hint}\n` : ''}`));
  process.exitCode = exit;
}

/** Whoever read has gone: that changes nothing about what was done. Anything else is said. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`understudy: the answer cannot be written: ${error.message}\n`);
  process.exitCode = FAILED;
});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) fail(error);
  else if (error.exitCode === 0) process.exitCode = DONE;
  else {
    // What is wrong stands on stderr already.
    process.exitCode = WRONG_INPUT;
    if (process.argv.includes('--json'))
      process.stdout.write(`${JSON.stringify({ error: { message: error.message } }, null, 2)}\n`);
  }
}
