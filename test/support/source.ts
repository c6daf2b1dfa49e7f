import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgres } from '../../lib/adapters/engines/postgres/engine.ts';
import { findPrograms, type Programs } from '../../lib/adapters/engines/postgres/programs.ts';
import type { Policy } from '../../lib/domain/plan/policy.ts';
import type { ContentFacts, Manifest } from '../../lib/domain/proof/manifest.ts';
import type { Credentials, Engine, HeldSource } from '../../lib/ports/database.ts';
import { planWith } from './plan.ts';

export const BIN = () => process.env['PG_BIN']!;
export const engine = (bin = BIN()): Engine =>
  postgres({ binDirectories: () => [bin], scratchDirectory: tmpdir() });
export const programs = async (): Promise<Programs> => (await findPrograms([BIN()]))[0]!;
export const never = () => new AbortController().signal;

export function policyWith(policy = ''): Policy {
  return planWith({ policy }).policies[0]!;
}

export function fixture(name: string): string {
  return readFileSync(join(__dirname, '../fixtures', name), 'utf8');
}

/** A whole dump in memory: archive, roles and the manifest that the workflow would have written. */
export type Taken = { archive: Buffer; roles: Buffer; manifest: Manifest };

/** Dumps a small database as the workflow does, without a vault. */
export async function take(
  credentials: Credentials,
  policy = policyWith(),
  during?: (held: HeldSource) => Promise<void>,
  beforeRoles?: (held: HeldSource) => Promise<void>,
): Promise<Taken> {
  const held = await engine().hold(credentials, policy, never());
  try {
    await during?.(held);
    const standing = await held.sequences();
    const started = held.archive();
    const [archive, { content, sequences: before }] = await Promise.all([
      collect(started.stream),
      held.content(policy.proof.depth, standing),
    ]);
    await beforeRoles?.(held);
    const [toc, roles, after] = [await started.toc, await held.roles(), await held.sequences()];
    return {
      archive,
      roles,
      manifest: manifestOf(held, started.client, content, toc, before, after, archive, roles),
    };
  } finally {
    await held.release();
  }
}

function manifestOf(
  held: HeldSource,
  client: Manifest['client'],
  content: ContentFacts,
  toc: { entries: unknown[]; sha256: string },
  before: Awaited<ReturnType<HeldSource['sequences']>>,
  after: Awaited<ReturnType<HeldSource['sequences']>>,
  archive: Buffer,
  roles: Buffer,
): Manifest {
  const stored = (key: string, body: Buffer) => ({
    key,
    versionId: 'v1',
    bytes: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
  });
  return {
    schemaVersion: 1,
    target: 'crm',
    point: '20261120T010000Z-1',
    run: 'dump/crm/2026-11-20T01:00:00Z',
    source: held.facts,
    client,
    extensions: held.extensions,
    parameters: held.parameters,
    ...content,
    sequences: before.map(({ value, ...rest }, index) => ({
      ...rest,
      before: value,
      after: after[index]?.value ?? value,
    })),
    toc: { entries: toc.entries.length, sha256: toc.sha256 },
    dump: stored('crm/x.dump', archive),
    roles: stored('crm/x.roles.sql', roles),
  };
}

export async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
