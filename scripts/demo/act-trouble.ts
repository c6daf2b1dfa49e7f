import pc from 'picocolors';
import type { Plan } from '../../lib/domain/plan/policy.ts';
import { nextFirings } from '../../lib/domain/plan/schedule.ts';
import type { DumpPoint } from '../../lib/domain/points/recovery-point.ts';
import { plusSeconds, utc } from '../../lib/domain/time.ts';
import { restoreAndProve, type ScratchRequest } from '../../lib/restore/on-server.ts';
import { watch } from '../../lib/workflows/watch/watch.ts';
import { formatDeliveryLine } from '../cli/format-delivery.ts';
import { formatEvidenceLines } from '../cli/format-evidence-lines.ts';
import { showProgress } from '../cli/show-progress.ts';
import { drainQueues, readInbox } from '../local/drain-queues.ts';
import { invokeLocally, replacedFunctions } from '../local/invoke-locally.ts';
import { tool, tools } from '../local/tools.ts';
import { findingsOf, requestJob } from './deliveries.ts';
import type { DemoStage } from './demo-stage.ts';
import { fireSchedule, rehearseOnSchedule } from './fire-schedule.ts';
import { narrator } from './narrator.ts';
import { sabotagedScratch } from './sabotaged-scratch.ts';

const { act, say, typed, expect } = narrator;

export async function actFlippedBit(stage: DemoStage, pointId: string): Promise<void> {
  act(3, 'Trouble: one bit of a stored dump flips');
  await readInbox(stage.stack.inbox.pages);
  const points = (await invokeLocally('operator', { ask: 'points', target: stage.target })) as DumpPoint[];
  const { key, bytes } = points.find((point) => point.id === pointId)!.dump!;
  const middle = Math.floor(bytes / 2);
  stage.damage.flipByte(key, middle);
  say(
    `   one bit of byte ${middle.toLocaleString('en')} of ${bytes.toLocaleString('en')} in ${key} was flipped`,
  );
  typed(`./understudy run verify ${stage.target} --point ${pointId} --again`);
  await requestJob({ job: 'verify', target: stage.target, point: pointId, again: true });
  const [verify] = await showProgress('the dump is verified again', () => drainQueues());
  const found = findingsOf(verify);
  expect(
    found.some((each) => each.code === 'checksum-mismatch'),
    `verify found it: ${found.map((each) => each.code).join(', ') || 'nothing'}`,
  );
  await showPage(stage, 'checksum-mismatch');
}

export async function actAlteredRow(stage: DemoStage): Promise<void> {
  act(4, 'Trouble: one row of a restored copy is altered');
  await fireSchedule('dump', utc(plusSeconds(new Date(), 1)));
  await showProgress('another night’s dump', ({ say }) =>
    drainQueues((delivery) => say(formatDeliveryLine(delivery))),
  );
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
  const evidence = await rehearseOnSchedule(stage).finally(() => (replacedFunctions.scratch = undefined));
  say(`   one row of ${table} in the restored copy was altered`);
  for (const text of formatEvidenceLines(evidence).slice(0, 1)) say(`   ${text}`);
  expect(
    evidence.differences.some((each) => each.name === table),
    `the proof names the table: ${evidence.findings[0]?.message ?? ''}`,
  );
  await showPage(stage, 'proof-mismatch');
}

/** Returns the moment at which the watch notices. */
export async function actMissedSchedule(stage: DemoStage, number: number): Promise<Date> {
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

/** Shows the alert that the pager gets. */
async function showPage(stage: DemoStage, code: string): Promise<void> {
  const pages = await readInbox(stage.stack.inbox.pages);
  const page = pages.find((each) => each.text.includes(code));
  expect(page !== undefined, `the pager goes off: ${page?.subject ?? ''}`);
  for (const name of ['severity', 'code', 'target', 'since', 'message', 'objectives', 'next']) {
    const value = page!.finding[name];
    if (value) say(`     ${pc.dim(name.padEnd(10))} ${value}`);
  }
}
