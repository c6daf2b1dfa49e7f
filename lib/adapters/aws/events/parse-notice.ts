import { createHash } from 'node:crypto';
import type { AlarmNotice, AlarmState, Notice, RdsNotice } from '../../../domain/runs/notice-event.ts';
import type { EventMeaning } from '../../../domain/status/timeline-event.ts';
import { plusSeconds, utc } from '../../../domain/time.ts';
import { EVENTS_KNOWN } from './rds-events.ts';

const ALARM_STATES: readonly AlarmState[] = ['ALARM', 'OK', 'INSUFFICIENT_DATA'];

/** The longest text that is kept of a message without a known format. */
const LONGEST = 1000;
const LONGEST_NAME = 200;

/**
 * Understands the text of a message on topic `events`. It never throws: what it does not understand is `unknown` and kept.
 * RDS's form is that of https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.TagsAttributesForFiltering.html
 * (times are UTC without saying so; the event's id comes as a link that ends in the code), an alarm's is what
 * CloudWatch publishes to SNS. `receivedAt` should be the same for every delivery: SNS's own timestamp.
 */
export function parseNotice(text: string, receivedAt: string): Notice {
  const body = bodyOf(text);
  return (
    (body && (rdsNotice(body, receivedAt) ?? alarmNotice(body, receivedAt))) ?? {
      from: 'unknown',
      id: digest('unknown', text, receivedAt),
      at: receivedAt,
      subject: 'topic events',
      message: clean(text, LONGEST),
      meaning: { means: 'it is not understood', is: 'neither', finding: 'notice-unknown' },
    }
  );
}

type Body = Record<string, unknown>;

function bodyOf(text: string): Body | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return isBody(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function rdsNotice(body: Body, receivedAt: string): RdsNotice | undefined {
  const code = /RDS-EVENT-\d{4}/.exec(textOf(body['Event ID']))?.[0];
  const said = textOf(body['Event Source']);
  if (!said && !code) return undefined;
  const arn = textOf(body['Source ARN']);
  const time = textOf(body['Event Time']);
  const message = textOf(body['Event Message']);
  const source = said || SOURCES[arn.split(':')[5] ?? ''] || 'unknown';
  const meaning = meaningOf(code, clean(message, LONGEST));
  const subject = textOf(body['Source ID']) || nameIn(arn, textOf(body['Identifier Link'])) || source;
  return {
    from: 'rds',
    id: digest('rds', source, subject, code ?? '', time || receivedAt, message),
    at: momentOf(time, receivedAt),
    source: clean(source, LONGEST_NAME),
    subject: clean(subject, LONGEST_NAME) || 'unknown',
    message: clean(message, LONGEST),
    tags: tagsOf(body['Tags']),
    meaning,
    ...(code ? { code } : {}),
    ...(arn ? { arn: clean(arn, LONGEST_NAME) } : {}),
  };
}

const SOURCES: Record<string, string> = {
  db: 'db-instance',
  cluster: 'db-cluster',
  snapshot: 'db-snapshot',
  'cluster-snapshot': 'db-cluster-snapshot',
};

/** The last part of an ARN (it may hold colons: `snapshot:rds:crm-prod-…`), or what the console's link shows. */
function nameIn(arn: string, link: string): string | undefined {
  return arn.split(':').slice(6).join(':') || /(?:[#;]|:)id=([^;&\s]+)|SourceId: (\S+)/.exec(link)?.[1];
}

function alarmNotice(body: Body, receivedAt: string): AlarmNotice | undefined {
  const name = textOf(body['AlarmName']);
  const state = ALARM_STATES.find((each) => each === body['NewStateValue']);
  if (!name || !state) return undefined;
  const time = textOf(body['StateChangeTime']);
  const reason = textOf(body['NewStateReason']);
  return {
    from: 'alarm',
    id: digest('alarm', name, state, time || receivedAt, reason),
    at: momentOf(time, receivedAt),
    subject: clean(name, LONGEST_NAME) || 'unknown',
    state,
    message: clean(reason || textOf(body['AlarmDescription']), LONGEST),
    about: dimensionsOf(body['Trigger']),
    meaning: OF_ALARM[state],
  };
}

const OF_ALARM: Partial<Record<AlarmState, EventMeaning>> = {
  ALARM: { means: 'it went off', is: 'bad', finding: 'cloudwatch-alarm' },
  OK: { means: 'it is over', is: 'good', resolves: ['cloudwatch-alarm'] },
};

const DIMENSIONS = ['DBInstanceIdentifier', 'DBClusterIdentifier', 'CacheClusterId', 'ReplicationGroupId'];

/** Of one metric, or of every metric that an expression is made of. A composite alarm has none. */
function dimensionsOf(trigger: unknown): AlarmNotice['about'] {
  if (!isBody(trigger)) return [];
  const metrics = listOf(trigger['Metrics']).map((each) => partOf(partOf(each, 'MetricStat'), 'Metric'));
  const found = [trigger, ...metrics].flatMap((metric) => listOf(partOf(metric, 'Dimensions')));
  const about = found.flatMap((each) => {
    const dimension = textOf(partOf(each, 'name') ?? partOf(each, 'Name'));
    const id = textOf(partOf(each, 'value') ?? partOf(each, 'Value'));
    return DIMENSIONS.includes(dimension) && id ? [{ dimension, id: clean(id, LONGEST_NAME) }] : [];
  });
  return about.filter(({ id }, index) => about.findIndex((other) => other.id === id) === index);
}

const BACKUP = /\b(?:backup|snapshot)s?\b/i;
const FAILED =
  /(?<!\b(?:no|without|any)\s)\b(?:fail|unable|error)|\b(?:could\s?n[o’']t|cannot|can[’']t)\b.*\b(?:take|create|complete|perform|finish|start|run\b|proceed|continue|back(?:ed)?\sup\b)/i;

/** What a code means. A code that AWS has added since counts only if its text says that a backup failed. */
export function meaningOf(code: string | undefined, message: string): EventMeaning | undefined {
  const known = code === undefined ? undefined : EVENTS_KNOWN[code];
  const says = message.split(/[.]\s/).some((clause) => BACKUP.test(clause) && FAILED.test(clause));
  if (known || !says) return known;
  return { means: 'a backup failed', is: 'bad', finding: 'platform-backup-failed' };
}

/**
 * RDS writes `2026-11-20 01:02:03.456` and means UTC. A moment far in the future or past would stay at the top or
 * bottom of the timeline, so `receivedAt` replaces it.
 */
function momentOf(text: string, receivedAt: string): string {
  const bare = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)$/.exec(text.trim());
  const moment = new Date(bare ? `${bare[1]}T${bare[2]}Z` : text);
  const sensible = moment >= new Date('2006-01-01') && moment <= plusSeconds(receivedAt, 86_400);
  return sensible ? utc(moment) : receivedAt;
}

/** One line without control characters, which SNS would refuse, or half a character at its end, which DynamoDB would. */
function clean(text: string, longest: number): string {
  return text
    .slice(0, longest)
    .toWellFormed()
    .replace(/[\p{Cc}\uFFFE\uFFFF]+/gu, ' ')
    .trim();
}

function tagsOf(tags: unknown): Record<string, string> {
  if (!isBody(tags)) return {};
  return Object.fromEntries(
    Object.entries(tags)
      .slice(0, 50)
      .flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}

const isBody = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const partOf = (value: unknown, name: string): unknown => (isBody(value) ? value[name] : undefined);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const digest = (...parts: string[]) =>
  createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32);
