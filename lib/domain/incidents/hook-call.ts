import * as z from 'zod';
import type { Address } from './redirect-secret.ts';

/** What a hook is told to do: to stop the application’s writes, to allow them again, to follow it there, and back. */
export type HookAsk = 'freeze' | 'thaw' | 'cut-over' | 'cut-back';

/**
 * The payload of a hook, a function of the user’s own. `new` is null until the new database exists, `old` when the old
 * one was gone before. A change that a hook of today would misread gets another `schemaVersion`.
 */
export type HookCall = {
  schemaVersion: 1;
  hook: HookAsk;
  target: string;
  restore: string;
  /** Who began the restore. */
  by: string;
  at: string;
  old: Address | null;
  new: Address | null;
};

/** Nothing, or a message for the notes. Anything else may be an error that its function returned, and counts as one. */
const hookAnswer = z.strictObject({ message: z.string().trim().min(1).max(500).optional() }).nullish();

/** The message of an answer; `ok` is false for one that no hook gives. */
export function readHookAnswer(answer: unknown): { ok: boolean; message?: string } {
  const { success, data } = hookAnswer.safeParse(answer);
  return { ok: success, ...(data?.message === undefined ? {} : { message: data.message }) };
}
