import type { Policy } from '../../lib/domain/plan/policy.ts';
import type { Credentials, Symptom } from '../../lib/ports/database.ts';
import { policy } from './builders.ts';
import { engine } from './source.ts';

/** What doctor says of a database; `check` picks one symptom, or several of one name. */
export async function examine(
  credentials: Credentials,
  options: Partial<Policy> = {},
): Promise<{ all: Symptom[]; of(check: string): Symptom[] }> {
  const all = await engine().doctor(credentials, policy(options));
  return { all, of: (check) => all.filter((symptom) => symptom.check === check) };
}
