import { isDeepStrictEqual } from 'node:util';
import pc from 'picocolors';
import { type FormatWritten, writtenDurations } from '../../../lib/config/written-durations.ts';
import { formatServedBy } from '../../../lib/domain/incidents/served-by.ts';
import { formatClockChanges } from '../../../lib/domain/plan/clock-changes.ts';
import { formatArithmetic, MEANS, rpoArithmetic } from '../../../lib/domain/plan/objective.ts';
import { type Plan, type Policy, placeOf, rehearses } from '../../../lib/domain/plan/policy.ts';
import { inZone, nextFirings } from '../../../lib/domain/plan/schedule.ts';
import { many } from '../../../lib/domain/words.ts';
import type { StatusReport } from '../../../lib/workflows/operator/status.ts';
import { DONE, FOUND_WRONG } from '../exit-codes.ts';
import { formatDeployment } from '../format-deployment.ts';
import type { CommandResult } from '../print-result.ts';
import type { Session } from '../session.ts';

/**
 * Reads understudy.yml back in plain words: promises, next firings, retention. With a stage it also says where production is on
 * another database since a restore.
 */
export async function checkCommand(session: Session): Promise<CommandResult> {
  const plan = session.plan();
  const now = new Date();
  const written = writtenDurations(session.planText());
  const elsewhere = await servedElsewhere(session, plan);
  const { deployment = {} } = session.written();
  return {
    exit: elsewhere.length > 0 ? FOUND_WRONG : DONE,
    document: {
      ok: true,
      ...(elsewhere.length > 0 ? { elsewhere } : {}),
      deployment,
      policies: plan.policies.map((policy) => ({
        ...policy,
        arithmetic: rpoArithmetic(policy, now),
        next: nextOf(policy, now),
      })),
      targets: plan.targets.map((target) => ({
        ...target,
        arithmetic: rpoArithmetic(target.policy, now),
        next: nextOf(target.policy, now),
      })),
    },
    lines: [
      ...elsewhere.map((said) => pc.red(said)),
      ...blocksOf(plan).flatMap((block) => [
        ...formatPolicy(
          block,
          now,
          written(block.policy.name, block.overridden ? block.members[0] : undefined),
        ),
        '',
      ]),
      ...formatDeployment(deployment),
      `${session.options.config} is valid: ${many(plan.policies.length, 'policy', 'policies')}, ${many(plan.targets.length, 'target', 'targets')}`,
    ],
  };
}

/** With a stage: targets that another database serves than this file names. The file alone cannot know. */
async function servedElsewhere(session: Session, { targets }: Plan): Promise<string[]> {
  if (session.options.stage === undefined) return [];
  const report = await session.invoke<StatusReport>('operator', { ask: 'status' }).catch(() => undefined);
  // It is checked before the first deployment, too.
  if (!report) return [];
  return report.targets.flatMap(({ target, servedBy: by }) => {
    const here = targets.find(({ id }) => id === target)?.platform?.id;
    return by && here === by.named ? [formatServedBy(target, by)] : [];
  });
}

function nextOf(policy: Policy, now: Date): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(policy.schedules).map(([job, schedule]) => [job, nextFirings(schedule, now, 3)]),
  );
}

/** A policy as it applies to some targets: targets with overrides have their own block. */
type Block = { policy: Policy; members: string[]; overridden: boolean };

function blocksOf({ policies, targets }: Plan): Block[] {
  return policies.flatMap((policy) => {
    const blocks: Block[] = [{ policy, members: [], overridden: false }];
    for (const target of targets.filter((each) => each.policy.name === policy.name)) {
      const same = blocks.find((block) => isDeepStrictEqual(block.policy, target.policy));
      if (same) same.members.push(target.id);
      else blocks.push({ policy: target.policy, members: [target.id], overridden: true });
    }
    return blocks;
  });
}

function formatPolicy({ policy, members, overridden }: Block, now: Date, as: FormatWritten): string[] {
  const sums = (['dump', 'snapshot'] as const).flatMap(
    (means) => rpoArithmetic(policy, now, undefined, means) ?? [],
  );
  return [
    `${pc.bold(policy.name)}${overridden ? ', with overrides' : ''}  ${pc.dim(members.length > 0 ? members.join(', ') : 'no target')}`,
    ...(sums.length === 0 ? formatBareRpos(policy, as) : []),
    ...sums.map(
      (sum) =>
        `  RPO ${as(`objectives.rpo.${sum.means}`, sum.promised)} from ${sum.means}s: ${formatArithmetic(sum)}`,
    ),
    ...formatPitr(policy, as),
    rehearses(policy)
      ? `  RTO ${as('objectives.rto', policy.objectives.rto)}, measured by every rehearsal; one must pass every ${as('rehearsal.atMostEvery', policy.rehearsal.atMostEvery)}`
      : `  RTO ${as('objectives.rto', policy.objectives.rto)}, which nothing measures: nothing is rehearsed`,
    ...Object.entries(policy.schedules).flatMap(([job, schedule]) => [
      ...nextFirings(schedule, now, 3).map((moment, index) => {
        const name = (index === 0 ? job : '').padEnd(18);
        const zone = schedule.timezone === 'UTC' ? '' : `  ${pc.dim(inZone(moment, schedule.timezone))}`;
        return `  ${name}${moment.slice(0, 16).replace('T', ' ')} UTC${zone}${index === 0 ? `  ${pc.dim(schedule.cron)}` : ''}`;
      }),
      ...formatClockChanges(schedule, now).map((change) => `${' '.repeat(20)}${pc.dim(change)}`),
    ]),
    `  kept              ${formatRetention(policy, as)}`,
    ...formatSnapshots(policy, as),
    ...(policy.schedules.dump || !policy.schedules.snapshot
      ? [formatDumps(policy, as), ...formatRestore(policy)]
      : []),
  ];
}

function formatDumps(policy: Policy, as: FormatWritten): string {
  return `  dumps             verified ${policy.verify.depth}${policy.verify.depth === 'exists' ? ', which shows no more than that something is there' : ''}; proof by ${policy.proof.depth}${policy.proof.depth === 'counts' ? ', which proves nothing' : ''}; ${policy.vault.lock === 'none' ? 'not locked' : `locked (${policy.vault.lock}) for ${as('vault.lockFor', policy.vault.lockFor)}`}`;
}

/** The differences from a restore of everything by a role without superuser. */
function formatRestore({ rehearsal: { restoreAs, leaveOut } }: Policy): string[] {
  if (restoreAs === 'master' && leaveOut.length === 0) return [];
  const who = restoreAs === 'superuser' ? 'by a superuser' : 'by a role without superuser';
  return [`  restored          ${who}${leaveOut.length > 0 ? `, without ${leaveOut.join(', ')}` : ''}`];
}

/** Where snapshots are copied to, how long labelled ones are kept, and the limits of a rehearsal on an instance. */
function formatSnapshots({ schedules, snapshot, rehearsal }: Policy, as: FormatWritten): string[] {
  if (!schedules.snapshot) return [];
  const places = snapshot.copies.map(placeOf);
  const { class: of, atOnce, hoursAMonth, place } = rehearsal.instance;
  const onInstances = schedules['rehearse-snapshot'] ?? schedules['rehearse-moment'];
  return [
    `  snapshots         ${places.length > 0 ? `copied to ${places.join(', ')}` : 'copied nowhere'}; with a label kept for ${as('snapshot.labelled', snapshot.labelled)}`,
    ...(onInstances
      ? [
          `  scratch           ${of}${place ? ` in ${place}` : ''}, ${atOnce} at once, ${hoursAMonth} h a month at most`,
        ]
      : []),
  ];
}

/** The window for restoring to a point in time: chosen in the policy, compared with RDS's every day. */
function formatPitr({ objectives, pitr }: Policy, as: FormatWritten): string[] {
  if (objectives.rpo.pitr === undefined) return [];
  return [
    `  RPO ${as('objectives.rpo.pitr', objectives.rpo.pitr)} from a point in time, any of the last ${as('pitr.window', pitr.window)}; RDS trails by about 5 min`,
  ];
}

function formatRetention({ retention }: Policy, as: FormatWritten): string {
  const said = {
    all: 'all for',
    daily: 'the last of each day for',
    weekly: 'of each week for',
    monthly: 'of each month for',
  };
  const parts = Object.entries(said).flatMap(([age, how]) => {
    const kept = retention[age as keyof typeof said];
    return kept ? [`${how} ${as(`retention.${age}`, kept)}`] : [];
  });
  return `${parts.join(', ')}; never less than the newest verified and the newest rehearsed`;
}

/** RPOs without a schedule to calculate from. */
function formatBareRpos({ objectives: { rpo } }: Policy, as: FormatWritten): string[] {
  const said = MEANS.flatMap((means) =>
    rpo[means] === undefined || means === 'pitr'
      ? []
      : [`${as(`objectives.rpo.${means}`, rpo[means])} from ${means}s`],
  );
  return said.length > 0 ? [`  RPO ${said.join(', ')}`] : [];
}
