import type { Client } from 'pg';
import { Refusal } from '../../../domain/errors.ts';
import type { Credentials } from '../../../ports/database.ts';
import { refusePooler } from './pooler.ts';
import { missingRights } from './rights.ts';

/** Refuses a source that cannot be dumped truthfully, before any upload: every missing right at once, each with its SQL. */
export async function refuseUndumpable(client: Client, credentials: Credentials): Promise<void> {
  await refusePooler(client, credentials);
  const missing = await missingRights(client);
  const [first] = missing;
  if (!first) return;
  throw new Refusal(first.code, missing.map(({ message }) => message).join('; '), {
    hint: missing.map(({ sql }) => sql).join(' '),
  });
}
