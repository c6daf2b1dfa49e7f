import type { Client } from 'pg';
import type { LargeObjectFacts } from '../../../domain/manifest.ts';
import { rows } from '../connection.ts';
import { fingerprintOf } from './ours.ts';

const CHUNK = 1_048_576;

/**
 * How many large objects there are, and a fingerprint of all their bytes, read in chunks of 1 MiB
 * (a large object may be far larger than a value may be).
 */
export async function largeObjectFacts(
  client: Client,
  depth: 'fingerprints' | 'counts',
): Promise<LargeObjectFacts> {
  if (depth === 'counts') {
    const [counted] = await rows<{ count: string }>(
      client,
      'select count(*)::text as count from pg_catalog.pg_largeobject_metadata',
    );
    return { count: counted!.count };
  }
  const [found] = await rows<{ count: string; fingerprint: string }>(
    client,
    `
    with recursive chunk (oid, n, bytes) as (
      select oid, 0::bigint, pg_catalog.lo_get(oid, 0, ${CHUNK}) from pg_catalog.pg_largeobject_metadata
      union all
      select oid, n + 1, pg_catalog.lo_get(oid, (n + 1) * ${CHUNK}, ${CHUNK}) from chunk where pg_catalog.length(bytes) = ${CHUNK})
    select count(distinct oid)::text as count,
      ${fingerprintOf("oid || ':' || n || ':' || pg_catalog.md5(bytes)")} as fingerprint
    from chunk`,
  );
  return { count: found!.count, fingerprint: found!.fingerprint };
}
