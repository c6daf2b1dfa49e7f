import { InputError } from '../domain/errors.ts';
import { type DeploymentByStage, type DeploymentSettings, meantStage } from './deployment-schema.ts';

export const DEFAULT_STAGE = 'default';

/** Each pair or three of these is given whole, or not at all. */
const TOGETHER = [
  ['vpcSubnets', 'vpcSecurityGroups'],
  ['proveSubnets', 'proveSecurityGroups'],
  ['replicaBucket', 'replicaRegion', 'replicaKey'],
] as const;

type Written = DeploymentByStage | undefined;

/** What `deployment:` says of one stage: its own settings, over those of `default`. */
export function stageSettings(written: Written, stage: string): DeploymentSettings {
  return { ...written?.[DEFAULT_STAGE], ...written?.[stage] };
}

/**
 * The parameters of serverless.yml for a stage, as its defaults are written. A file with a `deployment:` that does not know the stage is
 * refused: a misspelt stage would silently lose its subscribers and its network.
 */
export function parametersOf(written: Written, stage: string): Record<string, string | number> {
  if (written && !Object.hasOwn(written, stage) && !Object.hasOwn(written, DEFAULT_STAGE))
    throw new InputError(
      `deployment: says nothing of stage "${stage}"; ${meantStage(stage, Object.keys(written))}`,
      [],
      `Add ${stage}: {} if it needs no parameters.`,
    );
  return Object.fromEntries(
    Object.entries(stageSettings(written, stage)).map(([name, value]) => [name, asParameter(name, value)]),
  );
}

/** Settings of one stage that need each other. */
export function deploymentContradictions(written: Written): { path: string[]; message: string }[] {
  return Object.keys(written ?? {}).flatMap((stage) => {
    const settings = stageSettings(written, stage);
    return TOGETHER.flatMap((names) => {
      const missing = names.filter((name) => settings[name] === undefined);
      const given = names.find((name) => settings[name] !== undefined);
      if (!given || missing.length === 0) return [];
      return [{ path: ['deployment', stage, given], message: `needs ${missing.join(' and ')} beside it` }];
    });
  });
}

function asParameter(name: string, value: DeploymentSettings[keyof DeploymentSettings]): string | number {
  if (Array.isArray(value)) return value.join(name.startsWith('pg') ? ' ' : ',');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return value ?? '';
}
