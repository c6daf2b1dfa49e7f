import { ASKED_JOBS } from '../asked-jobs.ts';
import { unknownWord } from '../refuse-misspelt.ts';
import { type CommandDefinition, LAST, TARGET } from './command-definition.ts';
import { parseCount } from './query-commands.ts';

const REASON = { flags: '--reason <text>', says: 'for the record' };
const LEFT = 'interrupted: a deployed job goes on, a local one is ended and on record as failed';

/** Commands that change something. */
export const ACTION_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'run',
    says: 'ask for a job as a schedule would',
    args: [{ name: 'job', words: ASKED_JOBS }, TARGET],
    options: [
      { flags: '--point <id>', says: 'verify, rehearse or copy this point' },
      { flags: '--again', says: 'verify what was verified before' },
      {
        flags: '--label <text>',
        says: 'snapshot: the one before a risky release; kept for snapshot.labelled, exempt from daily, weekly and monthly retention',
      },
      { flags: '--to <place>', says: 'copy: a Region, or REGION/ACCOUNT' },
      { flags: '--moment <utc>', says: 'rehearse-moment: this one; else the latest' },
      { flags: '--dry-run', says: 'expire: say what would be deleted and why' },
      { flags: '--wait', says: 'wait until it is done' },
      REASON,
    ],
    examples: [
      './understudy run dump crm-prod --wait --stage prod',
      './understudy run verify crm-prod --point 20261120T010000Z-1 --stage prod',
      './understudy run expire crm-prod --dry-run --stage prod',
    ],
    done: 'asked for; with --wait or --local, done and good',
    wrong: 'done, and it found something wrong or unusual',
    interrupted: LEFT,
    action: async (session, [job, target], options) =>
      (await import('../commands/run-command.ts')).runCommand(session, job!, target!, options),
  },
  {
    name: 'rehearse',
    says: 'test-restore a dump, a snapshot or a moment onto scratch, prove it, delete it',
    args: [TARGET],
    options: [
      { flags: '--point <id>', says: 'this point; else the newest verified one' },
      {
        flags: '--from <what>',
        says: 'dump, snapshot or moment',
        default: 'dump',
        words: ['dump', 'snapshot', 'moment'],
      },
      { flags: '--moment <utc>', says: 'with --from moment: this one; else the latest' },
      { flags: '--simulation', says: 'with every assertion' },
      REASON,
    ],
    examples: [
      './understudy rehearse crm-prod --stage prod',
      './understudy rehearse crm-prod --simulation --reason "before the audit" --stage prod',
    ],
    done: 'it restored and passed',
    wrong: 'it was restored or tried, and something is wrong',
    interrupted: LEFT,
    action: async (session, [target], options) =>
      (await import('../commands/run-command.ts')).runCommand(session, 'rehearse', target!, {
        wait: true,
        ...options,
      }),
  },
  {
    name: 'smoke',
    says: 'run the smoke steps: requests to the application, and questions to the living database',
    args: [TARGET],
    options: [
      { flags: '--url <address>', says: 'of another application than smoke.url: a copy, a preview' },
      { flags: '--dry-run', says: 'show the requests and send nothing' },
    ],
    examples: [
      './understudy smoke crm-prod --dry-run',
      './understudy smoke crm-prod --stage prod',
      './understudy smoke crm-prod --url https://preview.example.com --stage prod',
    ],
    done: 'every step passed',
    wrong: 'a step failed',
    action: async (session, [target], options) =>
      (await import('../commands/smoke-command.ts')).smokeCommand(session, target!, options),
  },
  {
    name: 'cancel',
    says: 'end a running job, cleanly and on record',
    args: [{ name: 'job', words: ASKED_JOBS }, TARGET],
    examples: ['./understudy --stage prod cancel dump crm-prod', './understudy --local cancel dump crm-prod'],
    done: 'cancelled, or requested of the worker: on record as failed with who did it',
    action: async (session, [job, target]) =>
      (await import('../commands/cancel-command.ts')).cancelCommand(session, job!, target!),
  },
  {
    name: 'ack',
    says: 'acknowledge a finding, or announce an expected one: no alerts about it until then',
    args: [TARGET, { name: 'code' }],
    options: [
      { flags: '--subject <text>', says: 'only this subject; by default all' },
      { flags: '--until <when>', says: '7d, 12h, 2026-12-01 or 2026-12-01T06:00Z; 90 d at most' },
      { flags: '--reason <text>', says: 'why, for the record' },
      { flags: '--end', says: 'take it back' },
    ],
    examples: [
      './understudy ack crm-prod size-anomaly --until 7d --reason "bulk load" --stage prod',
      './understudy ack crm-prod size-anomaly --end --stage prod',
    ],
    done: 'on record',
    action: async (session, [target, code], options) =>
      (await import('../commands/ack-command.ts')).ackCommand(session, target!, code!, options),
  },
  {
    name: 'alerts',
    says: '`alerts list TARGET`: what was sent, when, to whom; `alerts test` sends one to each topic',
    args: [
      { name: 'what', words: ['list', 'test'] },
      { ...TARGET, optional: true },
    ],
    options: [{ flags: '--last <n>', says: `list: ${LAST}`, default: '50' }],
    examples: ['./understudy alerts list crm-prod --stage prod', './understudy alerts test --stage prod'],
    done: 'listed; for test: each topic took it, and has a confirmed subscriber',
    wrong: 'for test: a topic has no confirmed subscriber',
    async action(session, [what, target], { last }) {
      const { alertsListCommand, alertsTestCommand } = await import('../commands/alerts-command.ts');
      if (what === 'list') return alertsListCommand(session, target, parseCount(last, 1000));
      if (what !== 'test') throw unknownWord('alerts', what!, ['list', 'test']);
      return alertsTestCommand(session);
    },
  },
  {
    name: 'catalog',
    says: '`catalog rebuild` makes the catalog anew from manifests and snapshots’ tags, with your own credentials; changes no record',
    args: [{ name: 'what', words: ['rebuild'] }],
    options: [
      { flags: '--target <id>', says: 'only this one', words: 'targets' },
      { flags: '--dry-run', says: 'say what would be added' },
      { flags: '--vault <bucket>', says: 'read manifests from this bucket: the vault’s replica' },
      { flags: '--region <name>', says: 'the Region of that bucket, if it is another one' },
    ],
    examples: [
      './understudy catalog rebuild --dry-run --stage prod',
      './understudy catalog rebuild --vault crm-dumps-replica --stage prod',
    ],
    done: 'the catalog has what there is',
    wrong: 'the same, and something in the vault is no point',
    async action(session, [what], options) {
      if (what !== 'rebuild') throw unknownWord('catalog', what!, ['rebuild']);
      return (await import('../commands/catalog-command.ts')).catalogRebuildCommand(session, options);
    },
  },
  {
    name: 'local',
    says: 'a local cloud: up, down, env',
    args: [{ name: 'what', words: ['up', 'down', 'env'] }],
    options: [
      {
        flags: '--target <id>',
        says: 'up: the target that gets DATABASE_URL as its secret; by default the first',
        words: 'targets',
      },
      {
        flags: '--rds',
        says: 'up: with an RDS instance, a small CRM in it and an application; --local then protects that',
      },
      { flags: '--empty', says: 'up --rds: without rows and application' },
    ],
    examples: [
      './understudy local up   # with DATABASE_URL=postgres://USER:PASSWORD@HOST/DB',
      './understudy local up --rds',
      'eval "$(./understudy local env)"',
      './understudy local down',
    ],
    done: 'it is up, or down, or shown',
    async action(session, [what], { target, rds, empty }) {
      const local = await import('../commands/local-command.ts');
      if (what === 'up') return local.localUp(session, { target, rds, empty });
      if (what === 'down') return local.localDown();
      if (what === 'env') return local.localEnv();
      throw unknownWord('local', what!, ['up', 'down', 'env']);
    },
  },
  {
    name: 'completion',
    says: 'print a script that completes commands, options and targets in your shell',
    args: [{ name: 'shell', words: ['bash', 'zsh', 'fish'] }],
    examples: [
      'eval "$(./understudy completion bash)"',
      './understudy completion zsh > ~/.zfunc/_understudy   # a directory of fpath',
      './understudy completion fish > ~/.config/fish/conf.d/understudy.fish',
    ],
    done: 'printed',
    async action(_session, [shell]) {
      return (await import('../commands/completion-command.ts')).completionCommand(shell!);
    },
  },
];
