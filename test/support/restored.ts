import { createHash } from 'node:crypto';
import { formatDifference } from '../../lib/domain/proof/proof.ts';
import type { RestoreRequest } from '../../lib/ports/database.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import { type Copy, withCopy } from './restored-copy.ts';
import { type Taken, take } from './source.ts';

const databases: TestDatabase[] = [];

/** A database of the test file's own. */
export async function source(fill: string, options?: string): Promise<TestDatabase> {
  const database = await createDatabase(undefined, options);
  databases.push(database);
  await database.sql(fill);
  return database;
}
afterAll(async () => {
  for (const database of databases) await database.drop();
});

type How = Pick<RestoreRequest, 'restoreAs' | 'leaveOut'>;
export const taken = async (fill: string, options?: string) =>
  take((await source(fill, options)).credentials);
/** The differences of a copy, and what else is said of it. */
export async function restored(from: Taken, how: How = {}, more?: (copy: Copy) => Promise<void>) {
  return withCopy(
    from,
    async (copy) => {
      await more?.(copy);
      const { leftOut, notes, exceptions = [] } = copy;
      const differences = (await copy.proof()).differences.map(formatDifference);
      return { differences, leftOut, notes, exceptions: [...new Set(exceptions.map(({ said }) => said))] };
    },
    how,
  );
}
/** How restoring fails, or undefined. */
export const failure = (from: Taken, how?: How) =>
  restored(from, how).then(
    () => undefined,
    (error: { code: string; message: string; hint?: string; notes?: string[] }) => error,
  );
/** The archive with other words of the same length in it, under a digest that agrees. */
export function altered(from: Taken, old: string, other: string): Taken {
  const archive = Buffer.from(from.archive.toString('latin1').replaceAll(old, other), 'latin1');
  const sha256 = createHash('sha256').update(archive).digest('hex');
  return { ...from, archive, manifest: { ...from.manifest, dump: { ...from.manifest.dump, sha256 } } };
}
export const major = async () =>
  Number((await databases[0]!.sql('show server_version_num'))[0]!['server_version_num']) / 10_000;
