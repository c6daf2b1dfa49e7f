import type { Client } from 'pg';
import type { LargeObjectFacts } from '../../../../domain/proof/manifest.ts';
import { rows } from '../connection.ts';
import { fingerprintOf } from './ours.ts';

const CHUNK = 1_048_576;

/**
 * The number of large objects, and a fingerprint of all their bytes, read in chunks of 1 MiB (a large object can be
 * larger than a value can). Only digests of chunks are kept, so that the server writes no temporary file of the
 * bytes.
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
    with recursive chunk (oid, n, digest, full_chunk) as (
      select oid, 0::bigint, pg_catalog.md5(bytes), pg_catalog.length(bytes) = ${CHUNK}
      from pg_catalog.pg_largeobject_metadata, lateral (select pg_catalog.lo_get(oid, 0, ${CHUNK}) as bytes offset 0) first
      union all
      select oid, n + 1, pg_catalog.md5(bytes), pg_catalog.length(bytes) = ${CHUNK}
      from chunk, lateral (select pg_catalog.lo_get(oid, (n + 1) * ${CHUNK}, ${CHUNK}) as bytes offset 0) next where full_chunk)
    select count(*) filter (where n = 0)::text as count,
      ${fingerprintOf("oid || ':' || n || ':' || digest")} as fingerprint
    from chunk`,
  );
  return { count: found!.count, fingerprint: found!.fingerprint };
}
