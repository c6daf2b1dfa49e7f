import { InputError } from '../../../lib/domain/errors.ts';
import { type CommandDefinition, LAST, TARGET } from './command-definition.ts';

/** Commands that only read. */
export const QUERY_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'check',
    says: 'read understudy.yml back: objectives, next firings, what is kept',
    examples: ['./understudy check', './understudy --config other.yml check'],
    done: 'the file is valid',
    wrong: 'with --stage: a restore gave a target another database than the file names',
    action: async (session) => (await import('../commands/check-command.ts')).checkCommand(session),
  },
  {
    name: 'targets',
    says: 'what is protected',
    examples: ['./understudy targets', './understudy targets --json'],
    done: 'listed',
    action: async (session) => (await import('../commands/targets-command.ts')).targetsCommand(session),
  },
  {
    name: 'points',
    says: 'recovery points, newest first, and which to restore; `points show TARGET POINT` shows one in full',
    args: [TARGET, { name: 'point', optional: true }, { name: 'id', optional: true }],
    examples: [
      './understudy points crm-prod --stage prod',
      './understudy points show crm-prod 20261120T010000Z-1 --stage prod',
    ],
    done: 'listed',
    wrong: 'the point shown is not good',
    async action(session, [first, second, third]) {
      if (second === undefined)
        return (await import('../commands/points-command.ts')).pointsCommand(session, first!);
      const { pointsShowCommand } = await import('../commands/points-show-command.ts');
      if (third === undefined) return pointsShowCommand(session, first!, second);
      if (first === 'show') return pointsShowCommand(session, second, third);
      throw new InputError('too many arguments for points', [], './understudy points show TARGET POINT');
    },
  },
  {
    name: 'status',
    says: 'overview: objectives, newest backup, last rehearsal, open findings',
    args: [{ ...TARGET, optional: true }],
    examples: ['./understudy status --stage prod', './understudy status crm-prod --stage prod'],
    done: 'every target shown is good',
    wrong: 'one is bad or unknown',
    action: async (session, [target]) =>
      (await import('../commands/status-command.ts')).statusCommand(session, target),
  },
  {
    name: 'doctor',
    says: 'check connection, permissions, versions and locks before a dump',
    args: [TARGET],
    examples: ['./understudy doctor crm-prod --stage prod'],
    done: 'a dump can run',
    wrong: 'something prevents a dump',
    action: async (session, [target]) =>
      (await import('../commands/doctor-command.ts')).doctorCommand(session, target!),
  },
  {
    name: 'evidence',
    says: 'test-restore records: the newest rehearsals with every measurement',
    args: [TARGET],
    options: [{ flags: '--last <n>', says: LAST, default: '1' }],
    examples: [
      './understudy evidence crm-prod --stage prod',
      './understudy evidence crm-prod --last 12 --json --stage prod',
    ],
    done: 'the newest rehearsal passed',
    wrong: 'it failed, or there is none',
    action: async (session, [target], { last }) =>
      (await import('../commands/evidence-command.ts')).evidenceCommand(
        session,
        target!,
        parseCount(last, 100),
      ),
  },
  {
    name: 'timeline',
    says: 'runs, alerts, events and acknowledgements of a target; those of no target under `understudy`',
    args: [TARGET],
    options: [{ flags: '--last <n>', says: LAST, default: '50' }],
    examples: [
      './understudy timeline crm-prod --last 20 --stage prod',
      './understudy timeline understudy --stage prod',
    ],
    done: 'shown',
    action: async (session, [target], { last }) =>
      (await import('../commands/timeline-command.ts')).timelineCommand(
        session,
        target!,
        parseCount(last, 1000),
      ),
  },
];

/** The number of an option such as `--last 12`. */
export function parseCount(text: string, most: number, option = '--last'): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw new InputError(`${option} takes a number from 1 to ${most}`);
}
