import { humanSeconds, secondsBetween } from '../time.ts';
import { FINDINGS, type Finding } from './finding.ts';
import type { Entry } from './registry.ts';

/** Why an alert goes out: only on a change of state, and once a day while nothing changes. */
export type Occasion = 'opened' | 'worsened' | 'reminder' | 'resolved' | 'dropped';

/** Where alerts go: `alerts` to mail and chat, `pages` to the pager; `alarms` carries CloudWatch's own. */
export type AlertTopic = 'alerts' | 'pages' | 'alarms';

/** Where a person looks whose data is gone. */
const EMERGENCY = 'docs/emergency.md';

export type Alert = { occasion: Occasion; finding: Finding; since: string; at: string; stage: string };

const WORD: Record<Occasion, string> = {
  opened: '',
  worsened: 'worse: ',
  reminder: 'still: ',
  resolved: 'resolved: ',
  // The target, source, place or assertion is no longer in understudy.yml.
  dropped: 'closed (removed): ',
};

/** Subject line: ASCII without control characters and at most 100 of them, as SNS requires. */
export function alertSubject(alert: Alert): string {
  const text = `[${alert.finding.severity}] ${WORD[alert.occasion]}${alert.finding.target}: ${alert.finding.code} (${alert.stage})`;
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
}

/** The operator's commands in a text as they are typed for a deployment: `./understudy --stage prod run dump crm`. */
export function withOption(text: string, option: string): string {
  return text.replace(
    /\.\/understudy (?!local\b)((?:(?!\.\/understudy )[^`;\n])*)/g,
    (command, rest: string) =>
      /--(?:stage|local)\b/.test(rest) ? command : `./understudy ${option} ${rest}`,
  );
}

/** Formats an alert: what happened, to which target, since when, what it means for the objectives, and the next command. */
export function alertText(alert: Alert): string {
  const { finding, occasion, since, at } = alert;
  const lines = [
    `${finding.severity} ${WORD[occasion]}${finding.code}`,
    '',
    finding.message,
    '',
    `target:      ${finding.target}`,
    `about:       ${finding.subject}`,
    `since:       ${since}${since === at ? '' : ` (${humanSeconds(secondsBetween(since, at))})`}`,
  ];
  const known = FINDINGS[finding.code] as Entry | undefined;
  if (known) lines.push(`means:       ${known.means}`);
  if (finding.objectives) lines.push(`objectives:  ${finding.objectives}`);
  if (occasion !== 'resolved' && occasion !== 'dropped') {
    lines.push(`next:        ${finding.next}`);
    if (finding.severity === 'P0') lines.push(`data lost?   ${EMERGENCY}`);
  }
  lines.push('', `understudy, stage ${alert.stage}, ${at}`);
  return withOption(lines.join('\n'), `--stage ${alert.stage}`);
}

/** The same for machines, one JSON document. */
export function alertJson(alert: Alert): string {
  const { finding, ...rest } = alert;
  const next = withOption(finding.next, `--stage ${alert.stage}`);
  const isOpen = alert.occasion !== 'resolved' && alert.occasion !== 'dropped';
  const emergency = isOpen && finding.severity === 'P0' ? { emergency: EMERGENCY } : {};
  return JSON.stringify({ schemaVersion: 1, ...rest, ...finding, next, ...emergency });
}
