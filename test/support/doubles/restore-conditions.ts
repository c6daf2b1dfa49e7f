import type {
  Denial,
  KeyFacts,
  RestoreConditions,
  SecurityGroupFacts,
  SubnetGroupFacts,
  SupportFacts,
  VersionFacts,
} from '../../../lib/ports/restore-conditions.ts';
import { type Recorded, recorded } from './recorded.ts';

export type World = {
  subnetGroups: Record<string, SubnetGroupFacts>;
  securityGroups: SecurityGroupFacts[];
  families: Record<string, string>;
  versions: Record<string, VersionFacts>;
  support: Record<string, SupportFacts>;
  keys: Record<string, KeyFacts>;
  secretProblem: string | undefined;
  denied: Denial[];
};
export type MemoryConditions = RestoreConditions & Recorded<RestoreConditions> & { world: World };

/** A world in which the builders' source can be restored; the test takes away what it is about. */
export function memoryConditions(): MemoryConditions {
  const zones = ['eu-central-1a', 'eu-central-1b'];
  const key = { state: 'Enabled', encrypts: true, awsManaged: false };
  const support = { major: '15', standardUntil: '2028-02-29T00:00:00Z' };
  const world: World = {
    subnetGroups: {
      quarantine: { vpc: 'vpc-q', zones, freeAddresses: 200 },
      private: { vpc: 'vpc-p', zones, freeAddresses: 100 },
    },
    securityGroups: [
      { id: 'sg-quarantine', vpc: 'vpc-q' },
      { id: 'sg-crm', vpc: 'vpc-p' },
    ],
    families: { 'default.postgres15': 'postgres15', 'default.aurora-postgresql15': 'aurora-postgresql15' },
    versions: {
      'postgres 15.18': { family: 'postgres15', offered: true },
      'aurora-postgresql 15.4': { family: 'aurora-postgresql15', offered: true },
    },
    support: {
      'postgres 15.18': { ...support, extendedUntil: '2031-02-28T00:00:00Z' },
      'aurora-postgresql 15.4': { ...support },
    },
    keys: { 'arn:aws:kms:eu-central-1:111122223333:key/home': key },
    secretProblem: undefined,
    denied: [],
  };
  const port: RestoreConditions = {
    subnetGroup: async (name) => structuredClone(world.subnetGroups[name]),
    securityGroups: async (ids) => world.securityGroups.filter(({ id }) => ids.includes(id)),
    parameterFamily: async (_kind, name) => world.families[name],
    engineVersion: async ({ engine, version }) => world.versions[`${engine} ${version}`],
    async support({ engine, version }) {
      const found = world.support[`${engine} ${version}`];
      if (!found) throw new Error(`nothing is said of the support of ${engine} ${version}`);
      return found;
    },
    key: async (id) => structuredClone(world.keys[id]),
    secretProblem: async () => world.secretProblem,
    denied: async () => structuredClone(world.denied),
  };
  return { ...recorded(port), world };
}
