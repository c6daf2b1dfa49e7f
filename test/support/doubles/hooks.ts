import type { HookAsk, HookCall } from '../../../lib/domain/incidents/hook-call.ts';
import type { Hooks } from '../../../lib/ports/hooks.ts';
import { type Recorded, recorded } from './recorded.ts';

export const FREEZER = 'crm-maintenance';
export const STARTER = 'crm-copy';
export const KNOWER = 'crm-schema';
/** Where the application answers that the hook has started. */
export const COPY = 'http://copy.example.internal';
export const FOLLOWERS = ['crm-cache:live', 'crm-search'];

export type MemoryHooks = {
  port: Hooks & Recorded<Hooks>;
  /** The functions by name, as an execution invokes them. */
  functions: Record<string, (call: HookCall) => Promise<unknown>>;
  /** What was called, in order: `crm-maintenance freeze`. */
  called: string[];
  payloads: HookCall[];
  /** What the application is like for them. */
  application: { frozen: boolean; follows: 'old' | 'new'; copy?: string | undefined };
  /** What a call does instead of answering nothing; by hook and what it is asked. */
  instead: Partial<Record<`${string} ${HookAsk}`, (call: HookCall) => unknown>>;
};

/** Hooks of an application that does what they tell it. Each may be called twice. */
export function memoryHooks(): MemoryHooks {
  const application: MemoryHooks['application'] = { frozen: false, follows: 'old' };
  const called: string[] = [];
  const payloads: HookCall[] = [];
  const instead: MemoryHooks['instead'] = {};
  const DOES: Record<HookAsk, Partial<typeof application>> = {
    freeze: { frozen: true },
    thaw: { frozen: false },
    'cut-over': { follows: 'new' },
    'cut-back': { follows: 'old' },
    start: { copy: COPY },
    stop: { copy: undefined },
    migrations: {},
  };
  const functions = Object.fromEntries(
    [FREEZER, ...FOLLOWERS, STARTER, KNOWER].map((hook) => [
      hook,
      async (call: HookCall) => {
        called.push(`${hook} ${call.hook}`);
        payloads.push(call);
        Object.assign(application, DOES[call.hook]);
        const usual = call.hook === 'start' ? { url: COPY } : null;
        return instead[`${hook} ${call.hook}`]?.(call) ?? usual;
      },
    ]),
  );
  return {
    port: recorded<Hooks>({ check: async () => undefined }),
    ...{ functions, called, payloads, application, instead },
  };
}
