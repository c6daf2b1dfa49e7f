import { UnderstudyError } from '../../../lib/domain/errors.ts';
import type { Address } from '../../../lib/domain/incidents/redirect-secret.ts';
import { RESTORED_NAME } from '../../../lib/domain/names.ts';
import type { MissingSetting, RestoredInstances } from '../../../lib/ports/platform.ts';
import type { ApplicationSecrets } from '../../../lib/ports/switching.ts';
import { type Recorded, recorded } from './recorded.ts';
import { memoryScratchInstances } from './scratch-instances.ts';

export type MemoryRestored = RestoredInstances &
  Recorded<RestoredInstances> & {
    /** Which resource has which name now. */
    names: Map<string, string>;
    made(): string[];
    /** Settings that the new one lacks, each for so many looks; one with a command for ever. */
    lacks: { what: string; looks: number; command?: string }[];
    /** What else names the old one. */
    behind: MissingSetting[];
  };

/** What an emergency restore makes, in memory. A name is another's after one look at the renaming. */
export function memoryRestored(oldName: string, oldId: string): MemoryRestored {
  const inner = memoryScratchInstances({ looks: 2, isOurs: (name) => RESTORED_NAME.test(name) });
  const names = new Map([[oldName, oldId]]);
  const renaming = new Map<string, string>();
  const lacks: MemoryRestored['lacks'] = [];
  const behind: MissingSetting[] = [];
  const released = new Set<string>();
  const port: RestoredInstances = {
    quarantineParameters: inner.quarantineParameters,
    removeParameters: async () => undefined,
    async begin(order) {
      await inner.begin(order);
      names.set(order.name, (await inner.list()).find(({ name }) => name === order.name)!.resourceId);
    },
    look: inner.look,
    addMember: inner.addMember,
    secure: inner.secure,
    async complete() {
      const missing = lacks.filter(({ looks, command }) => command !== undefined || looks > 0);
      for (const each of lacks) each.looks--;
      return missing.map(({ what, command }) => ({ what, ...(command ? { command } : {}) }));
    },
    async leftBehind() {
      return [...behind];
    },
    async release(_kind, _old, name) {
      if (released.has(name)) return 'done';
      released.add(name);
      return 'working';
    },
    async removeDrilled(kind, name) {
      if (!(await inner.list()).some((each) => each.name === name)) return 'gone';
      return inner.remove(kind, name);
    },
    async rename(_kind, resourceId, from, to, leaving) {
      if (names.get(to) === resourceId) return 'done';
      if (names.get(to) === leaving && leaving !== undefined) return 'working';
      if (names.has(to)) throw new UnderstudyError('instance-exists', `${to} is the name of another one`);
      if (names.get(from) !== resourceId)
        throw new UnderstudyError('source-not-found', `${from} is another one than ${resourceId}`);
      // The first call asks for it, and the second finds it done.
      if (renaming.get(resourceId) === to) {
        names.delete(from);
        names.set(to, resourceId);
        renaming.delete(resourceId);
        return 'done';
      }
      renaming.set(resourceId, to);
      return 'working';
    },
  };
  const made = () => inner.left().filter((each) => each.startsWith('instance') && !each.endsWith('-1'));
  return { ...recorded(port), names, lacks, behind, made };
}

export type MemoryApplicationSecrets = ApplicationSecrets &
  Recorded<ApplicationSecrets> & {
    /** Versions by secret, the current one last. */
    versions: Map<string, { id: string; host: string }[]>;
    /** Somebody else writes it. */
    write(secret: string, id: string): void;
  };

/** A secret is where it leads: to a host, or to a database of one. */
export function memoryApplicationSecrets(secrets: readonly string[], host: string): MemoryApplicationSecrets {
  const whereOf = ({ host, database }: Address) => database ?? host;
  const versions: MemoryApplicationSecrets['versions'] = new Map(
    secrets.map((secret) => [secret, [{ id: `first-of-${secret}`, host }]]),
  );
  const current = (secret: string) => versions.get(secret)!.at(-1)!;
  const changed = (secret: string) =>
    new UnderstudyError('secret-changed', `somebody else has written the secret ${secret} meanwhile`);
  const port: ApplicationSecrets = {
    async version(secret, leadsTo) {
      if (current(secret).host !== whereOf(leadsTo))
        throw new UnderstudyError('secret-shape', `nothing in the secret ${secret} names ${leadsTo.host}`);
      return current(secret).id;
    },
    async redirect(secret, before, _from, to, token) {
      const made = { secret, before, after: token };
      if (current(secret).id === token) return made;
      if (current(secret).id !== before) throw changed(secret);
      versions.get(secret)!.push({ id: token, host: whereOf(to) });
      return made;
    },
    async putBack({ secret, before, after }, { anyway = false } = {}) {
      if (current(secret).id === before) return;
      if (current(secret).id !== after && !anyway) throw changed(secret);
      const first = versions.get(secret)!.find(({ id }) => id === before)!;
      versions.get(secret)!.push(first);
    },
  };
  return {
    ...recorded(port),
    versions,
    write: (secret, id) => void versions.get(secret)!.push({ id, host: 'elsewhere.example.internal' }),
  };
}
