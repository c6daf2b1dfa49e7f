import { InputError, Refusal, reasonOf } from '../../domain/errors.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { Manifest } from '../../domain/proof/manifest.ts';
import { readManifest } from '../../points/read-manifest.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Vault } from '../../ports/vault.ts';

export type ExtractAtHand = { point: string; asOf: string; manifest: Manifest; leftOut: string[] };

/** What a run of `extract` brought out, by the manifest whose digest the catalog holds. */
export async function chooseExtract(
  target: Target,
  scheduledFor: string,
  { catalog, files }: { catalog: Pick<Catalog, 'run'>; files: Pick<Vault, 'read'> },
): Promise<ExtractAtHand> {
  const run = await catalog.run({ job: 'extract', target: target.id, scheduledFor });
  const { manifest, point, asOf, leftOut = [] } = run?.extracted ?? {};
  if (!manifest || !point || !asOf)
    throw new InputError(
      `${target.id} has no extract of ${scheduledFor}`,
      [],
      `make one: ./understudy diff ${target.id} --moment 2026-11-20T01:00:00Z`,
    );
  try {
    return { point, asOf, leftOut, manifest: await readManifest(files, manifest) };
  } catch (error) {
    throw new Refusal('extract-gone', `the extract of ${point} cannot be read: ${reasonOf(error)}`, {
      hint: 'it is kept for a day; add --again to make another',
    });
  }
}
