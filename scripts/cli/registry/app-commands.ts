import { type CommandDefinition, TARGET } from './command-definition.ts';

const ASKED = [
  { flags: '--reason <text>', says: 'for the record' },
  { flags: '--yes', says: 'do not ask; yes to all that is shown' },
  { flags: '--confirm <code>', says: 'what was shown without a terminal, instead of a question' },
] as const;

/** Commands for an application that fails while its data is whole. */
export const APP_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'restart-app',
    says: 'let every task of the application’s ECS services start anew, and wait until they are steady',
    args: [TARGET],
    options: ASKED,
    examples: ['./understudy restart-app crm-prod --stage prod'],
    done: 'every service is steady',
    wrong: 'a service is not steady; the way back is shown',
    interrupted: 'you have left; it goes on (with --local it ends)',
    action: async (session, [target], options) =>
      (await import('../commands/app-command.ts')).appCommand(session, 'restart-app', target!, options),
  },
  {
    name: 'rollback-app',
    says: 'give the application’s ECS services a former task definition, and wait until they are steady',
    args: [TARGET],
    options: [
      { flags: '--to <what>', says: 'PREVIOUS: what each ran before; FAMILY:REVISION; or an ARN' },
      ...ASKED,
    ],
    examples: [
      './understudy rollback-app crm-prod --to PREVIOUS --stage prod',
      './understudy rollback-app crm-prod --to crm:41 --stage prod',
    ],
    done: 'every service is steady',
    wrong: 'a service is not steady; the way back is shown',
    interrupted: 'you have left; it goes on (with --local it ends)',
    action: async (session, [target], options) =>
      (await import('../commands/app-command.ts')).appCommand(session, 'rollback-app', target!, options),
  },
];
