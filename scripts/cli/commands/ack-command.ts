import pc from 'picocolors';
import { InputError } from '../../../lib/domain/errors.ts';
import { FINDINGS } from '../../../lib/domain/findings/registry.ts';
import { DURATION_PATTERN, plusSeconds, seconds, utc } from '../../../lib/domain/time.ts';
import type { AcknowledgeAnswer } from '../../../lib/workflows/operator/acknowledge.ts';
import { DONE } from '../exit-codes.ts';
import { type CommandResult, shortUtc } from '../print-result.ts';
import type { Session } from '../session.ts';

type AckOptions = { subject?: string; until?: string; reason?: string; end?: boolean };

/** Acknowledges a finding, or announces one, until a moment; or ends that. */
export async function ackCommand(
  session: Session,
  target: string,
  code: string,
  options: AckOptions,
): Promise<CommandResult> {
  if (!Object.hasOwn(FINDINGS, code)) throw unknownCode(code);
  const about = { target, code, subject: options.subject, by: session.caller };
  return options.end ? end(session, about, options) : acknowledge(session, about, options);
}

/** The error for an unknown code: names those that share a word with it. */
function unknownCode(code: string): InputError {
  const words = code.split('-').filter((word) => word.length > 2);
  const near = Object.keys(FINDINGS).filter((each) => words.some((word) => each.split('-').includes(word)));
  const hint =
    near.length > 0
      ? `did you mean ${near.slice(0, 5).join(', ')}?`
      : 'docs/reference/findings.md lists them';
  return new InputError(`there is no finding "${code}"`, [], hint);
}

type About = { target: string; code: string; subject: string | undefined; by: string };

async function acknowledge(
  session: Session,
  about: About,
  { until, reason }: AckOptions,
): Promise<CommandResult> {
  const missing = [
    ...(until ? [] : ['--until is missing: 7d, 12h, or a moment such as 2026-12-01T06:00Z']),
    ...(reason ? [] : ['--reason is missing: it stays on record']),
  ];
  if (!until || !reason) throw new InputError('an acknowledgement has an end and a reason', missing);
  const answer = await session.invoke<AcknowledgeAnswer>('operator', {
    ask: 'acknowledge',
    ...about,
    until: parseUntil(until, new Date()),
    reason,
  });
  return { document: answer, exit: DONE, lines: formatMade(answer) };
}

function formatMade({ acknowledgement, open }: AcknowledgeAnswer): string[] {
  const { target, code, subject, until } = acknowledgement;
  const what = `${code} of ${target}${subject === undefined ? '' : `, ${subject},`}`;
  if (open.length === 0)
    return [
      `${what} is expected until ${shortUtc(until)} UTC: no alert of it until then`,
      pc.dim(`nothing of it is open now; take it back: ./understudy ack ${target} ${code} --end`),
    ];
  return [
    `${what} is acknowledged until ${shortUtc(until)} UTC; if it is still open then, you are alerted again`,
    ...open.map(({ severity, message }) => `  ${severity} ${message}`),
    ...(open.some(({ severity }) => severity === 'P0')
      ? [`  a P0 stays in status, and ${target} stays bad: only its reminders stop`]
      : []),
    pc.dim(`take it back: ./understudy ack ${target} ${code} --end`),
  ];
}

async function end(session: Session, about: About, { until, reason }: AckOptions): Promise<CommandResult> {
  if (until !== undefined || reason !== undefined)
    throw new InputError('--end goes with neither --until nor --reason');
  const answer = await session.invoke<{ ended: unknown[] }>('operator', {
    ask: 'end-acknowledgement',
    ...about,
  });
  const lines = [`${about.code} of ${about.target} is no longer acknowledged; open findings alert again`];
  return { document: answer, exit: DONE, lines };
}

/** `7d`, `2026-12-01` (its first moment) or `2026-12-01T06:00Z`; in UTC without a zone. */
export function parseUntil(text: string, now: Date): string {
  if (DURATION_PATTERN.test(text)) return utc(plusSeconds(now, seconds(text)));
  const form = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  const [, day, time = '00:00', second = ':00', zone = 'Z'] = form ?? [];
  const moment = new Date(`${day}T${time}${second}${zone}`);
  if (!form || Number.isNaN(moment.getTime()) || (zone === 'Z' && !moment.toISOString().startsWith(day!)))
    throw new InputError(
      `--until "${text}" is no duration and no moment`,
      [],
      'write 7d, 12h, 2026-12-01 or 2026-12-01T06:00Z',
    );
  return utc(moment);
}
