import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { withOption } from '../../lib/domain/findings/alert.ts';
import type { Finding } from '../../lib/domain/findings/finding.ts';
import type { Plan } from '../../lib/domain/plan/policy.ts';
import { nextFirings } from '../../lib/domain/plan/schedule.ts';
import type { Evidence } from '../../lib/domain/proof/evidence.ts';
import { plusSeconds, shortMoment, utc } from '../../lib/domain/time.ts';
import { restoreAndProve, type ScratchRequest } from '../../lib/restore/on-server.ts';
import { status as judgeStatus } from '../../lib/workflows/operator/status.ts';
import { watch } from '../../lib/workflows/watch/watch.ts';
import { statusCommand } from '../cli/commands/status-command.ts';
import { formatEvidenceLines } from '../cli/format-evidence-lines.ts';
import type { Session } from '../cli/session.ts';
import { showProgress } from '../cli/show-progress.ts';
import { type Delivery, drainQueues, readInbox } from '../local/drain-queues.ts';
import { endDurable, invokeLocally, replacedFunctions } from '../local/invoke-locally.ts';
import { tool, tools } from '../local/tools.ts';
import { actForgottenWhere } from './act-forgotten-where.ts';
import { keepWriting, makeCrm } from './crm.ts';
import { type DemoOptions, type DemoStage, openDemoStage, storeSecret } from './demo-stage.ts';
import { narrator } from './narrator.ts';
import { sabotagedScratch } from './sabotaged-scratch.ts';

/**
 * The whole story on one machine, with the functions that Lambda would run: a good night, and four failures. Any
 * unexpected result ends the demo with 1; nothing is simulated.
 */
const { values } = parseArgs({
  options: {
    verify: { type: 'string', default: 'full' },
    proof: { type: 'string', default: 'fingerprints' },
    moment: { type: 'string', default: 'before' },
  },
});
const options: DemoOptions = {
  verify: values.verify === 'exists' ? 'exists' : 'full',
  proof: values.proof === 'counts' ? 'counts' : 'fingerprints',
  databaseUrl: process.env['DATABASE_URL'] || undefined,
};

const { say, typed, expect } = narrator;
const act = (number: number, title: string) => say(`\n${pc.bold(`${number}  ${title}`)}`);

async function tell(): Promise<void> {
  const began = Date.now();
  const stage = await showProgress('a cloud and a database on this machine', () => openDemoStage(options));
  try {
    if (stage.cluster) await showProgress('a CRM with 310,000 rows', () => makeCrm(stage.cluster!));
    await storeSecret(stage, options.databaseUrl);
    const point = await aNight(stage);
    await aRehearsal(stage);
    await aFlippedBit(stage, point);
    await anAlteredRow(stage);
    if (stage.rds) {
      act(5, 'On RDS: a DELETE without WHERE');
      await actForgottenWhere(stage.rds, values.moment === 'after' ? 'after' : 'before', narrator);
    }
    const later = await aMissedSchedule(stage, stage.rds ? 6 : 5);
    await theMorning(stage, stage.rds ? 7 : 6, later);
    await theWayBack(stage, stage.rds ? 8 : 7);
    say(
      `\n${pc.green('That was it')}, in ${Math.round((Date.now() - began) / 1000)} s, and nothing is left running.`,
    );
    say(`Where to look next: ${pc.bold('README.md')} takes your own database to its first proven backup;`);
    say(
      'DATABASE_URL=… bash scripts/demo.sh plays this with it, read-only; ./understudy local up keeps such a cloud running.',
    );
  } finally {
    await endDurable();
    await stage.close();
  }
}

async function aNight(stage: DemoStage): Promise<string> {
  act(
    1,
    stage.cluster
      ? 'A night: the dump, while the database is being written to'
      : 'A night: the dump of your database',
  );
  typed(`./understudy run dump ${stage.target}`);
  const stop = new AbortController();
  const writing = stage.cluster ? keepWriting(stage.cluster, stop.signal) : Promise.resolve(0);
  await dispatch('dump', utc(new Date()));
  const deliveries = await showProgress('01:00 the schedule fires: one message to topic jobs', ({ say }) =>
    drainQueues((delivery) => say(line(delivery))),
  );
  stop.abort();
  const written = await writing;
  const [dump, verify] = deliveries;
  expect(
    dump?.error === undefined && summary(dump).length > 0,
    `dumped in one database snapshot: ${summary(dump)}`,
  );
  if (stage.cluster)
    expect(
      written > 0,
      `meanwhile the CRM was written to ${written.toLocaleString('en')} times, and no session waited`,
    );
  expect(findings(verify).length === 0, `verified: ${summary(verify)}`);
  return (dump!.result as { point: string }).point;
}

async function aRehearsal(stage: DemoStage): Promise<void> {
  act(2, 'Sunday: the rehearsal');
  const evidence = await rehearse(stage);
  for (const text of formatEvidenceLines(evidence)) say(`   ${text}`);
  if (options.proof === 'counts') {
    throw new Error('with proof.depth: counts nothing is ever proven, so there is no more to show');
  }
  expect(
    evidence.outcome === 'passed' && evidence.strength === 'exact',
    'the restored copy is equal to its source, row by row',
  );
}

async function aFlippedBit(stage: DemoStage, pointId: string): Promise<void> {
  act(3, 'Trouble: one bit of a stored dump flips');
  await readInbox(stage.stack.inbox.pages);
  const { points } = {
    points: (await invokeLocally('operator', { ask: 'points', target: stage.target })) as {
      id: string;
      dump: { key: string; bytes: number };
    }[],
  };
  const stored = points.find((point) => point.id === pointId)!;
  stage.damage.flipByte(stored.dump.key, Math.floor(stored.dump.bytes / 2));
  say(
    `   one bit of byte ${Math.floor(stored.dump.bytes / 2).toLocaleString('en')} of ${stored.dump.bytes.toLocaleString('en')} in ${stored.dump.key} was flipped`,
  );
  typed(`./understudy run verify ${stage.target} --point ${pointId} --again`);
  await ask({
    job: 'verify',
    target: stage.target,
    scheduledFor: utc(new Date()),
    requestedBy: 'demo',
    point: pointId,
    again: true,
  });
  const [verify] = await showProgress('the dump is verified again', () => drainQueues());
  const found = findings(verify);
  expect(
    found.some((each) => each.code === 'checksum-mismatch'),
    `verify found it: ${found.map((each) => each.code).join(', ') || 'nothing'}`,
  );
  await showPage(stage, 'checksum-mismatch');
}

async function anAlteredRow(stage: DemoStage): Promise<void> {
  act(4, 'Trouble: one row of a restored copy is altered');
  await dispatch('dump', utc(plusSeconds(new Date(), 1)));
  await showProgress('another night’s dump', ({ say }) => drainQueues((delivery) => say(line(delivery))));
  let table = '';
  const scratch = sabotagedScratch(
    {
      base: stage.scratchDirectory,
      binDirectories: [tool('PG_BIN')],
      owner: tools()['UNDERSTUDY_PG_USER'],
      secondsLeft: () => 900,
    },
    (name) => (table = name),
  );
  const compose = await import('../../lib/runtime/compose.ts');
  replacedFunctions.scratch = (input) =>
    restoreAndProve(input as ScratchRequest, {
      plan: compose.plan(),
      vault: compose.vault(),
      scratch,
      clock: compose.clock,
      log: compose.log(),
      secondsLeft: () => 900,
    });
  const evidence = await rehearse(stage).finally(() => (replacedFunctions.scratch = undefined));
  say(`   one row of ${table} in the restored copy was altered`);
  for (const text of formatEvidenceLines(evidence).slice(0, 1)) say(`   ${text}`);
  expect(
    evidence.differences.some((each) => each.name === table),
    `the proof names the table: ${evidence.findings[0]?.message ?? ''}`,
  );
  await showPage(stage, 'proof-mismatch');
}

async function aMissedSchedule(stage: DemoStage, number: number): Promise<Date> {
  act(number, 'Trouble: a schedule that never fired');
  const compose = await import('../../lib/runtime/compose.ts');
  const { policy } = stage.plan.targets[0]!;
  const missed = nextFirings(policy.schedules.dump!, new Date(), 1)[0]!;
  const later = plusSeconds(missed, policy.grace + 60);
  say(`   suppose it is ${utc(later)}, and no dump was requested at ${missed}`);
  const clock = { ...compose.clock, now: () => later };
  const looked = await showProgress('the watch looks', () =>
    watch({
      ...compose.platformDeps(),
      // Only this target: tomorrow has no shop instance.
      plan: onlyOf(stage.plan, stage.target),
      clock,
      scratch: compose.scratchInstances(),
      scratchSecrets: compose.scratchSecretStore(),
      secrets: compose.secrets(),
      vault: compose.vault(),
      schedules: compose.schedules(),
    }),
  );
  expect(
    looked.findings.some((each) => each.code === 'job-silent' && each.subject === 'dump'),
    'the watch reports it',
  );
  await showPage(stage, 'job-silent');
  return later;
}

function onlyOf(plan: Plan, id: string): Plan {
  const targets = plan.targets.filter((target) => target.id === id);
  const policies = plan.policies.filter(({ name }) => targets.some(({ policy }) => policy.name === name));
  return { ...plan, policies, targets };
}

/** At the assumed moment, so that nothing it expects lies in the past. */
async function theMorning(stage: DemoStage, number: number, later: Date): Promise<void> {
  act(number, `The morning after, ${shortMoment(utc(later))} UTC`);
  typed('./understudy status');
  const answer = await statusAt(stage, later);
  for (const text of answer.lines) say(`   ${withOption(text, '--stage demo')}`);
  expect(answer.exit === 3, 'status does not report that all is good');
}

/** Follows the alerts' next steps, back in the present, until all is good again. */
async function theWayBack(stage: DemoStage, number: number): Promise<void> {
  act(number, 'What the alerts said to do');
  typed(`./understudy run dump ${stage.target}`);
  await dispatch('dump', utc(plusSeconds(new Date(), 2)));
  await showProgress('a new dump', ({ say }) => drainQueues((delivery) => say(line(delivery))));
  const { outcome } = await rehearse(stage);
  expect(outcome === 'passed', 'it restores, and is equal to its source');
  await showProgress('the watch looks again', () => invokeLocally('watch', {}));
  typed('./understudy status');
  const answer = await statusAt(stage, new Date());
  for (const text of answer.lines) say(`   ${withOption(text, '--stage demo')}`);
  expect(answer.exit === 0, 'all is good again');
}

async function statusAt(stage: DemoStage, now: Date) {
  const compose = await import('../../lib/runtime/compose.ts');
  const clock = { ...compose.clock, now: () => now };
  const report = await judgeStatus({ plan: stage.plan, catalog: compose.catalog(), clock });
  return statusCommand({ invoke: async () => report } as unknown as Session);
}

/** Shows the alert that the pager gets. */
async function showPage(stage: DemoStage, code: string): Promise<void> {
  const pages = await readInbox(stage.stack.inbox.pages);
  const page = pages.find((each) => each.text.includes(code));
  expect(page !== undefined, `the pager goes off: ${page?.subject ?? ''}`);
  const {
    severity,
    code: what,
    target,
    since,
    message,
    objectives,
    next,
  } = page!.finding as Record<string, string>;
  const shown = { severity, code: what, target, since, message, objectives, next };
  for (const [name, value] of Object.entries(shown))
    if (value) say(`     ${pc.dim(name.padEnd(10))} ${value}`);
}

async function rehearse({ target }: DemoStage): Promise<Evidence> {
  typed(`./understudy rehearse ${target}`);
  await dispatch('rehearse', utc(new Date()));
  const [rehearsal] = await showProgress('02:00 the scheduled test restore', () => drainQueues());
  if (rehearsal?.error) throw rehearsal.error;
  const { evidence, summary } = (rehearsal?.result ?? {}) as { evidence?: Evidence; summary?: string };
  if (!evidence) throw new Error(summary ?? 'there was no rehearsal');
  return evidence;
}

let ticks = 0;

/** A firing of a schedule. Each gets its own moment, as on the calendar. */
function dispatch(job: string, moment: string): Promise<unknown> {
  return invokeLocally('dispatch', {
    policy: 'production',
    job,
    scheduledFor: utc(plusSeconds(moment, ticks++)),
  });
}

function ask(message: object): Promise<unknown> {
  return invokeLocally('operator', { ask: 'run', message });
}

function summary(delivery: Delivery | undefined): string {
  if (delivery?.error) return delivery.error.message;
  const result = (Array.isArray(delivery?.result) ? delivery.result[0] : delivery?.result) as
    | { summary?: string }
    | undefined;
  return result?.summary ?? '';
}

function findings(delivery: Delivery | undefined): Finding[] {
  return ((Array.isArray(delivery?.result) ? delivery.result : []) as { findings: Finding[] }[]).flatMap(
    (result) => result.findings,
  );
}

function line(delivery: Delivery): string {
  return `${delivery.function}: ${summary(delivery)}`;
}

try {
  await tell();
} catch (error) {
  say(`\n${pc.red('✖')} ${(error as Error).message}`);
  process.exitCode = 1;
}
