import type { HookAsk, HookCall, HookSaid } from '../../domain/incidents/hook-call.ts';
import { addressOf, type RestoreRecord, type RestoreSide } from '../../domain/incidents/restore-record.ts';
import { askHook } from '../../restore/application/ask-hook.ts';
import type { Afterwards } from './restoring.ts';

/** Calls a hook of this restore, and keeps its message as a note. Rejects with `hook-failed` and `hook-answer`. */
export async function callHook(restoring: Afterwards, hook: string, ask: HookAsk): Promise<HookSaid> {
  const { log, durable, deps } = restoring;
  const { target, id, by } = log.record;
  const about = { target, restore: id, rehearsal: null, by, ...addresses(log.record) };
  const said = await askHook(hook, ask, about, durable, deps);
  if (said.message !== undefined) await log.add(`what ${hook} says`, `${hook}, ${ask}: ${said.message}`);
  return said;
}

/** By their names of now: after a renaming the new one answers where the old one did. */
function addresses({ old, made, switched, undoing }: RestoreRecord): Pick<HookCall, 'old' | 'new'> {
  const { newIs, oldIs } = undoing ? {} : (switched ?? {});
  const replaced = old && oldIs ? calledOtherwise(old, oldIs) : old;
  return { old: addressOf(replaced) ?? null, new: addressOf(newIs ? old : made) ?? null };
}

function calledOtherwise(side: RestoreSide, name: string): RestoreSide {
  if (side.database !== undefined) return { ...side, database: name };
  return side.host ? { ...side, host: side.host.replace(/^[^.]+/, name) } : side;
}
