import * as z from 'zod';
import type { Address } from './redirect-secret.ts';

/**
 * What a hook is told to do: to stop the application’s writes, to allow them again, to follow it there, and back; to start
 * an application of its own against the new database, and to stop that; or asked, which migrations the application expects.
 */
export type HookAsk = 'freeze' | 'thaw' | 'cut-over' | 'cut-back' | 'start' | 'stop' | 'migrations';

/**
 * The payload of a hook, a function of the user’s own. `new` is null until the new database exists, `old` when the old
 * one was gone before. A change that a hook of today would misread gets another `schemaVersion`.
 */
export type HookCall = {
  schemaVersion: 1;
  hook: HookAsk;
  target: string;
  /** Null in a rehearsal. */
  restore: string | null;
  /** The run of the rehearsal whose copy `new` is; null in a restore, so that a hook takes neither for the other. */
  rehearsal: string | null;
  /** Of a rehearsal: its copy stands no longer than this. */
  expires?: string;
  /** Who began the restore or the rehearsal. */
  by: string;
  at: string;
  /** A call that begins later is of an execution that has been stopped. */
  notAfter: string;
  old: Address | null;
  new: Address | null;
};

const message = z.string().trim().min(1).max(500).optional();
/** Nothing, or a message for the notes. Anything else may be an error that its function returned, and counts as one. */
const hookAnswer = z.strictObject({ message }).nullish();
/** Where the started application answers. */
const started = z.strictObject({ message, url: z.url({ protocol: /^https?$/ }) });

/** What another function is asked travels through a checkpoint, which takes 256 KiB. */
const FITS = 200_000;

/** The migrations that the application needs, as the table of its tool names them; none is no answer. */
const migrations = z.strictObject({
  message,
  expected: z
    .array(z.string().min(1).max(300))
    .min(1)
    .max(5000)
    .refine((names) => JSON.stringify(names).length <= FITS),
});

export type HookSaid = { message?: string | undefined; url?: string; expected?: string[] };

/** What a hook answers, by what it is asked. */
const ANSWERS: Partial<Record<HookAsk, z.ZodType<HookSaid>>> = { start: started, migrations };

/** An answer; undefined for one that no hook gives to this. */
export function readHookAnswer(ask: HookAsk, answer: unknown): HookSaid | undefined {
  const { success, data } = (ANSWERS[ask] ?? hookAnswer).safeParse(answer);
  return success ? (data ?? {}) : undefined;
}

/** What has to be answered to this; undefined where nothing has to be. */
export function requiredAnswer(ask: HookAsk): string | undefined {
  return { start: '{ url }', migrations: '{ expected }' }[ask as string];
}
