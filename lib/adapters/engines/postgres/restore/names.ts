import { randomBytes } from 'node:crypto';
import type { Exception } from '../../../../domain/proof/exceptions.ts';

/**
 * The role that restores. Like RDS's master user it is no superuser: what fails for it would fail there. No source has
 * a role of this name: part of it is left to chance.
 */
export const RESTORER = `understudy_restore_${randomBytes(6).toString('hex')}`;
export const DATABASE = 'restored';

/** What a restore had to leave out, and what it has to say. */
export type Restored = { leftOut: string[]; notes: string[]; exceptions: Exception[] };
