import type { Session } from '../session.ts';
import { type CommandDefinition, type Given, TARGET } from './command-definition.ts';

const FROM = [
  { flags: '--point <id>', says: 'this dump or snapshot; else the newest good dump' },
  { flags: '--at <utc>', says: 'as of this moment: the newest good dump that is not later' },
  { flags: '--before <utc>', says: 'as of the second before this moment' },
  {
    flags: '--moment <utc>',
    says: 'this very second, from what AWS backs up: restored onto a scratch instance first',
  },
  { flags: '--from <what>', says: 'with --at and --before: dump (the default), snapshot or moment' },
  { flags: '--yes', says: 'restore onto a scratch instance without a question' },
  { flags: '--again', says: 'onto another one, even if the rows of the last are still there' },
  { flags: '--table <name>', says: 'this table, such as public.leads; may be repeated', many: true },
  { flags: '--where <sql>', says: 'only rows of this condition' },
] as const;

/** Commands for the day on which rows are gone. */
export const EMERGENCY_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'diff',
    says: 'rows that are missing, extra or changed since a dump, a snapshot or a moment; changes nothing',
    args: [TARGET],
    options: [
      ...FROM,
      { flags: '--first <n>', says: 'how many rows of each kind to show of each table', default: '5' },
      { flags: '--values', says: 'show their values too, not only their keys' },
      {
        flags: '--find <sql>',
        says: 'instead: the last dump in which this condition was true, by restoring a few of them',
      },
      {
        flags: '--within <duration>',
        says: 'with --find: then the moment too, to 5m or 2h, by restoring moments between two dumps; --from moment: to 15m',
      },
      { flags: '--after <utc>', says: 'with --find: moments after this one only' },
    ],
    examples: [
      './understudy diff crm-prod --stage prod',
      './understudy diff crm-prod --at 2026-11-20T01:00:00Z --table public.leads --stage prod',
      './understudy diff crm-prod --moment 2026-11-20T13:43:00Z --table public.leads --stage prod',
      `./understudy diff crm-prod --find "exists (select from leads where id = 7)" --stage prod`,
      `./understudy diff crm-prod --find "exists (select from leads where id = 7)" --within 5m --stage prod`,
    ],
    done: 'no row differs; the dump or the moment is found',
    wrong: 'rows differ; the condition is true of none',
    action: async (session, [target], options) =>
      (await import('../obtain-extract.ts')).unlessDeclined(async () =>
        (await import('../commands/diff-command.ts')).diffCommand(session, target!, options),
      ),
  },
  {
    name: 'restore',
    says: 'ways back, with what each loses and takes; --table: rows back by SQL files; --to: a dump into a database of yours',
    args: [
      { name: 'target', words: 'targets', optional: true },
      { name: 'of', optional: true },
    ],
    options: [
      {
        flags: '--go',
        says: 'make a new instance or database of a moment, a snapshot or a dump, and give it to the application after approval',
      },
      {
        flags: '--beside',
        says: 'dumps into a new database on the living server, and no instance; without rds: and aurora: they go there anyway',
      },
      { flags: '--way <what>', says: 'with --go: moment, snapshot or dump; else the recommended one' },
      { flags: '--reason <text>', says: 'with --go: for the record' },
      {
        flags: '--confirm <code>',
        says: 'with --go: what the plan shows for this way, instead of a question',
      },
      { flags: '--follow', says: 'with `restore status T`: stay until it has ended' },
      {
        flags: '--restore <id>',
        says: 'with `restore rollback T` and `restore status T`: this restore; else the newest that can be put back, and the last',
      },
      ...FROM.map((option) =>
        option.flags === '--point <id>' ? { ...option, says: 'this point, and no other' } : option,
      ),
      { flags: '--latest', says: 'as new as possible, as without --point, --at and --before' },
      {
        flags: '--patch',
        says: 'put missing rows back into their tables; else beside them, in a new schema',
      },
      {
        flags: '--mend <kinds>',
        says: 'with --patch: missing (the default), changed, extra, or several with commas',
      },
      { flags: '--without-triggers', says: 'with --patch: the triggers of the tables do not fire' },
      { flags: '--output <directory>', says: 'the directory for the files; the default is this one' },
      {
        flags: '--to <url>',
        says: 'restore into this database: postgres://user@host/name, without a password',
      },
      { flags: '--file <path>', says: 'with --to or --list: this archive, or the one in this directory' },
      { flags: '--list', says: 'show what the dump or the file contains' },
      { flags: '--only-schema', says: 'with --to: definitions without rows' },
      {
        flags: '--owners',
        says: 'with --to: create missing roles, and give objects their owners and privileges; without it, everything belongs to you',
      },
      {
        flags: '--into <name>',
        says: 'with --to: the name of the database again, to allow one that is not empty',
      },
      { flags: '--jobs <n>', says: 'with --to: how many tables at once; the default is one for each core' },
    ],
    examples: [
      './understudy restore crm-prod --stage prod',
      './understudy restore crm-prod --before 2026-11-20T13:43:39Z --go --stage prod',
      './understudy restore crm-prod --beside --stage prod',
      './understudy restore status crm-prod --follow --stage prod',
      './understudy restore crm-prod --table public.leads --patch --stage prod',
      './understudy restore crm-prod --table public.leads --stage prod',
      './understudy restore crm-prod --list --stage prod',
    ],
    done: 'there is a way back; the files are written; with --to, restored and equal to the dump; with --go, in service',
    wrong:
      'there is no way back; with --to: something could not be restored, or differs; with --go, production is as it was',
    interrupted: 'with --go: you have left; the restore goes on (with --local it ends)',
    action: async (session, [first, of], options) =>
      of === undefined
        ? (await import('../obtain-extract.ts')).unlessDeclined(async () =>
            (await import('../commands/restore-command.ts')).restoreCommand(session, first, options),
          )
        : (await import('../commands/restore-under-way-command.ts')).restoreUnderWayCommand(
            session,
            first!,
            of,
            options,
          ),
  },
  {
    name: 'restore-all',
    says: 'show every target in the order of understudy.yml (P0 first) and how long each and all will take; --go restores them',
    options: [
      { flags: '--at <utc>', says: 'as of this moment; else as new as possible' },
      { flags: '--before <utc>', says: 'as of the second before this moment' },
      { flags: '--targets <ids>', says: 'only these, with commas; steps of functions and people stay' },
      { flags: '--go', says: 'begin the restores, step by step; each waits for approval by itself' },
      { flags: '--confirm <code>', says: 'with --go: what was shown, instead of a question' },
      { flags: '--reason <text>', says: 'with --go: for the record' },
    ],
    examples: [
      './understudy restore-all --stage prod',
      './understudy restore-all --before 2026-11-20T13:43:39Z --go --stage prod',
    ],
    done: 'each has a way back within its RTO, as far as measured; with --go, all are made or done',
    wrong: 'one has none, or is late; with --go, one failed or is for a person to restore',
    interrupted: 'you have left; what was begun goes on (with --local it ends)',
    action: async (session, _args, options) =>
      (await import('../commands/restore-all-command.ts')).restoreAllCommand(session, options),
  },
  ...(['approve', 'reject'] as const).map((name) => ({
    name,
    says:
      name === 'approve'
        ? 'give the application the database that a restore made'
        : 'end a restore that waits for approval; production stays as it was',
    args: [TARGET],
    options: [{ flags: '--reason <text>', says: 'for the record' }],
    examples: [`./understudy ${name} crm-prod --stage prod`],
    done: 'answered',
    action: async (session: Session, [target]: readonly string[], options: Given) =>
      (await import('../commands/restore-under-way-command.ts')).answerCommand(
        session,
        name,
        target!,
        options,
      ),
  })),
  {
    name: 'patch',
    says: '`patch apply FILE` runs a file that restore wrote, in one transaction; PGHOST, PGUSER … say where',
    args: [{ name: 'what', words: ['apply'] }, { name: 'file' }],
    options: [{ flags: '--to <url>', says: 'postgres://user@host/database, without a password' }],
    examples: [
      './understudy patch apply crm-prod-20261120t010000z-patch.sql --to postgres://me@localhost/crm',
    ],
    done: 'applied',
    action: async (session, [what, file], options) =>
      (await import('../commands/patch-command.ts')).patchCommand(session, what!, file!, options),
  },
];
