import { type Functions, RENEWED } from '../../../lib/ports/functions.ts';
import { type Recorded, recorded } from './recorded.ts';

export type MemoryFunctions = Functions &
  Recorded<Functions> & {
    /** The tokens that each has started anew for, in order. */
    renewed: Map<string, string[]>;
  };

/** Functions that have started anew at the second look after the first. */
export function memoryFunctions(): MemoryFunctions {
  const renewed: MemoryFunctions['renewed'] = new Map();
  const begun = new Set<string>();
  const port: Functions = {
    check: async () => undefined,
    async renew({ function: name }, token) {
      const known = renewed.get(name) ?? [];
      if (known.at(-1) === token) return RENEWED;
      if (!begun.has(`${name} ${token}`)) {
        begun.add(`${name} ${token}`);
        return `${name} is being updated`;
      }
      renewed.set(name, [...known, token]);
      return RENEWED;
    },
  };
  return { ...recorded(port), renewed };
}
