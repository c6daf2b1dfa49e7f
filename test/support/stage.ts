import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import type { Plan } from '../../lib/domain/plan/policy.ts';
import type { Credentials } from '../../lib/ports/database.ts';
import { forget } from '../../lib/runtime/compose.ts';
import { readTemplate } from '../../scripts/local/read-template.ts';
import { createStack, type LocalStack } from '../../scripts/local/stack.ts';
import { packaged } from '../template/packaged.ts';

export type Stage = LocalStack & {
  name: string;
  /** Puts credentials where the target's secret is. */
  secret(target: string, credentials: Credentials): Promise<void>;
  /** Makes another plan the deployment's. */
  usePlan(plan: Plan): void;
};

/**
 * A stage of a test file's own, made in moto from the packaged template, with this process's environment pointing at it;
 * one of the same name in another Region, if that is given.
 */
export async function createStage(plan: Plan, there?: { name: string; region: string }): Promise<Stage> {
  const name = there?.name ?? `t${randomBytes(4).toString('hex')}`;
  const { directory } = packaged();
  const stack = await createStack(
    process.env['AWS_ENDPOINT_URL']!,
    readTemplate(join(directory, 'cloudformation-template-update-stack.json'), name),
    name,
    there?.region,
  );
  const home = mkdtempSync(join(tmpdir(), 'us-stage-'));
  Object.assign(process.env, stack.environment, {
    UNDERSTUDY_SCRATCH_DIRECTORY: join(tmpdir(), `us-scratch-${name}`),
  });
  let plans = 0;
  const usePlan = (next: Plan) => {
    const file = join(home, `plan-${++plans}.json`);
    // Test files share one moto: each stage has secrets of its own.
    const targets = next.targets.map((target) => ({
      ...target,
      ...(target.connection ? { connection: { ...target.connection, secret: `${name}/${target.id}` } } : {}),
    }));
    writeFileSync(file, JSON.stringify({ ...next, targets }));
    process.env['UNDERSTUDY_PLAN'] = file;
    forget();
  };
  usePlan(plan);
  const secrets = new SecretsManager({});
  return {
    ...stack,
    name,
    usePlan,
    async secret(target, { user, password, host, port, database }) {
      const SecretString = JSON.stringify({ username: user, password, host, port, dbname: database });
      const Name = `${name}/${target}`;
      const again = () => secrets.putSecretValue({ SecretId: Name, SecretString });
      await secrets.createSecret({ Name, SecretString }).catch(again);
    },
  };
}
