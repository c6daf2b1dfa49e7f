import type { Alert, AlertTopic } from '../domain/findings/alert.ts';
import type { JobMessage } from '../domain/runs/job.ts';

/** Topic `jobs`, and the queues behind it. */
export type JobMessages = {
  publish(message: Partial<JobMessage> & { job: string; target: string }): Promise<void>;
  /** Publishes many, in batches; resolves with those that failed after retries, and why. */
  publishAll(messages: readonly JobMessage[]): Promise<Unpublished[]>;
  /** Puts a message back unspent: a fresh copy arrives later, with no receipt counted. */
  postpone(message: JobMessage, delaySeconds: number): Promise<void>;
};

export type Unpublished = { message: JobMessage; reason: string };

export type Subscription = { protocol: string; endpoint: string; confirmed: boolean };

export type Alerts = {
  /** Publishes to these topics, each on its own. Resolves with those that did not take it. */
  send(alert: Alert, topics: readonly AlertTopic[]): Promise<{ topic: AlertTopic; reason: string }[]>;
  /** Sends a trial message to one topic. */
  trial(topic: AlertTopic, text: string): Promise<void>;
  subscriptions(topic: AlertTopic): Promise<Subscription[]>;
};

/** Metrics about policies and jobs; never one for each target. */
export type Metrics = {
  count(
    name: string,
    value: number,
    dimensions?: { policy?: string; job?: string },
    properties?: Record<string, string>,
  ): void;
};

export type LogFields = Record<string, unknown>;
export type Log = {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
};

/** The deployed schedules, to be compared with the plan. */
export type DeployedSchedule = { name: string; expression: string; timezone: string; enabled: boolean };
export type Schedules = {
  deployed(): Promise<DeployedSchedule[]>;
  /** Five fields of cron as the service writes them. */
  expression(cron: string): string;
};
