import { randomBytes } from 'node:crypto';
import { UnderstudyError } from '../../../domain/errors.ts';

/**
 * The role that restores. Like RDS's master user it is no superuser: what fails for it would fail there. No source has
 * a role of this name: part of it is left to chance.
 */
export const RESTORER = `understudy_restore_${randomBytes(6).toString('hex')}`;
export const DATABASE = 'restored';

/** The point did not restore, or could not be tried; its code says which. `notes` explain it, like those of a restore that succeeds. */
export class RestoreFailed extends UnderstudyError {
  notes: string[] = [];
}
