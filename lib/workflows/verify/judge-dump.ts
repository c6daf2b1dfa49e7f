import type { Finding } from '../../domain/findings/finding.ts';
import { VAULT } from '../../domain/names.ts';
import type { Target } from '../../domain/plan/policy.ts';
import type { DumpPoint } from '../../domain/points/recovery-point.ts';
import {
  checkAgreement,
  checkArchive,
  checkManifest,
  checkPresence,
  checkSmall,
  type Subject,
} from '../../points/artifact.ts';
import type { Engine } from '../../ports/database.ts';

/** Checks a point to the policy's depth; an obstacle to the next check ends it. */
export async function judgeDump(
  subject: Subject,
  engine: Pick<Engine, 'inspect'>,
  signal: AbortSignal,
): Promise<Finding[]> {
  const depth = depthOf(subject.target, subject.point);
  const { manifest, findings } = await checkManifest(subject);
  if (!manifest) return findings;
  const disagreement = checkAgreement(subject, manifest);
  if (disagreement.length > 0) return disagreement;
  const absent = [
    ...(await checkPresence(subject, manifest.dump)),
    ...(await checkPresence(subject, manifest.roles)),
  ];
  if (depth === 'exists' || absent.length > 0) return absent;
  return [
    ...(await checkArchive(subject, manifest, depth, engine, signal)),
    ...(await checkSmall(subject, manifest.roles)),
  ];
}

/** The policy's depth. A marked point is read completely, because only that can clear it. */
export function depthOf(target: Target, point: DumpPoint): Target['policy']['verify']['depth'] {
  const depth = point.state === 'corrupt' ? 'full' : target.policy.verify.depth;
  // The original shows that the archive is readable: a replica only has to have the same bytes.
  return point.place === VAULT || depth === 'exists' ? depth : 'checksum';
}
