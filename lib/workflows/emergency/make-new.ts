import { Refusal } from '../../domain/errors.ts';
import { runName } from '../../domain/names.ts';
import { TAGS } from '../../domain/points/platform-source.ts';
import type { ScratchOrder } from '../../ports/platform.ts';
import { bringUp } from '../../restore/instance/bring-up.ts';
import { completeNew } from './complete-new.ts';
import { nameOfRestored } from './declare.ts';
import { loadNew } from './load-new.ts';
import { makeBeside } from './make-beside.ts';
import { letUsersIn, reopenNew, warmNew } from './open-new.ts';
import { noteMigrations, proveNew } from './prove-new.ts';
import { instanceOf, type Restoring } from './restoring.ts';

const DAY = 86_400;

/** Makes the new database beside the old one, in quarantine, and everything that is to be known of it before approval. */
export async function makeNew(restoring: Restoring): Promise<void> {
  if (restoring.log.record.kind === 'database') return makeBeside(restoring);
  await bringUpNew(restoring);
  const isEmpty = restoring.log.record.way.kind === 'dump';
  if (isEmpty) await loadNew(restoring);
  await completeNew(restoring);
  // What was just loaded was compared row by row, and has been read.
  if (!isEmpty) await reopenNew(restoring);
  if (!isEmpty) restoring.proven = await proveNew(restoring);
  await noteMigrations(restoring);
  if (!isEmpty) await warmNew(restoring);
  await letUsersIn(restoring);
}

/** Is the copy of the source's own major? Groups of another do not fit it. */
export function isSameFamily(restoring: Restoring): boolean {
  const own = restoring.declared.source?.parameterGroup;
  return own !== undefined && instanceOf(restoring).parametersFrom === own;
}

function orderOfNew(restoring: Restoring): ScratchOrder {
  const { target, declared, log, deps } = restoring;
  const { source } = declared;
  const chosen = instanceOf(restoring);
  const { settings, id } = log.record;
  const subnetGroup = source?.subnetGroup ?? settings.subnetGroup;
  if (!subnetGroup)
    throw new Refusal('network-missing', `nothing says in which subnet group ${target.id} belongs`, {
      hint: 'say restore.subnetGroup in understudy.yml and deploy',
    });
  return {
    kind: chosen.kind,
    name: nameOfRestored(target, log.record),
    from: chosen.from,
    engine: chosen.engine,
    engineVersion: chosen.engineVersion,
    instanceClass: source?.instanceClass || target.policy.rehearsal.instance.class,
    subnetGroup,
    securityGroups:
      settings.quarantine.length > 0
        ? settings.quarantine
        : (source?.securityGroups ?? settings.securityGroups ?? []),
    ...(source?.optionGroup && isSameFamily(restoring) ? { optionGroup: source.optionGroup } : {}),
    ...(source?.serverless ? { serverless: source.serverless } : {}),
    backupDays: source ? Math.max(1, source.backups.retention / DAY) : 7,
    tags: {
      [TAGS.run]: runName({ job: 'restore', target: target.id, scheduledFor: id }),
      [TAGS.target]: target.id,
      [TAGS.stage]: deps.stage,
      [TAGS.restore]: id,
      ...(log.record.drill ? { [TAGS.drill]: 'yes' } : {}),
    },
  };
}

async function bringUpNew(restoring: Restoring): Promise<void> {
  const { log, durable, deps } = restoring;
  const { settings } = log.record;
  const order = orderOfNew(restoring);
  if (settings.quarantine.length === 0)
    await log.add(
      'its network',
      'until approval only its parameters keep the new database from acting on others: restore.quarantine names no security groups',
    );
  // Before the first call: what dies in between is found by its name.
  await log.note('its name', { made: { name: order.name, resourceId: '' } });
  const up = await bringUp(
    {
      order,
      parametersFrom: instanceOf(restoring).parametersFrom,
      deadline: settings.deadline,
      option: 'restore.deadline',
      phase: (name) => log.phase(name as 'prepare' | 'restore' | 'secure'),
      // It is on record by its name, and by its id a moment later.
      identify: async () => undefined,
    },
    durable,
    { ...deps, scratch: deps.restored, scratchSecrets: deps.passwords },
  );
  await log.note('where it is', { made: { name: order.name, ...up }, masterPasswordIn: order.name });
}
