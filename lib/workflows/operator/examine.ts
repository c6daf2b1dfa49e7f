import { hintOf, InputError, reasonOf } from '../../domain/errors.ts';
import { connectionOf, type Plan, requireTarget } from '../../domain/plan/policy.ts';
import { many } from '../../domain/words.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Engine, Secrets, Symptom } from '../../ports/database.ts';
import type { Vault } from '../../ports/vault.ts';

export type DoctorDeps = {
  plan: Plan;
  engine: Pick<Engine, 'doctor'>;
  secrets: Secrets;
  vault: Vault;
  clock: Clock;
};

/** Checks everything that a target's next dump needs, each by name with what to do. Changes nothing. */
export async function examine(
  id: string,
  deps: DoctorDeps,
): Promise<{ target: string; symptoms: Symptom[] }> {
  const target = requireTarget(deps.plan, id);
  if (!target.connection)
    throw new InputError(
      `${id} has no connection in understudy.yml, so no dump is taken of it`,
      [],
      `./understudy run preflight ${id} asks about an instance or a cluster`,
    );
  const symptoms: Symptom[] = [];
  const ask = async (check: string, question: () => Promise<Symptom[]>) => {
    try {
      symptoms.push(...(await question()));
    } catch (error) {
      const next = hintOf(error);
      symptoms.push({ check, state: 'bad', message: reasonOf(error), ...(next ? { next } : {}) });
    }
  };
  await ask('secret', async () => {
    const credentials = await deps.secrets.credentials(target);
    symptoms.push({
      check: 'secret',
      state: 'good',
      message: `${connectionOf(target).secret} names user ${credentials.user} at ${credentials.host}`,
    });
    return deps.engine.doctor(credentials, target.policy);
  });
  await ask('vault', async () => {
    const open = await deps.vault.openUploads(`${target.id}/`);
    return [
      {
        check: 'vault',
        state: 'good',
        message:
          open.length === 0
            ? 'reachable, no upload is open'
            : `reachable; ${many(open.length, 'upload is', 'uploads are')} open, a dump may be running`,
      },
    ];
  });
  return { target: target.id, symptoms };
}
