import { randomBytes } from 'node:crypto';
import type { Exception } from '../../../../domain/proof/exceptions.ts';
import type { ScratchServer } from '../scratch-server.ts';

/**
 * The role that restores. Like RDS's master user it is not a superuser: what fails here would fail there. Its name is
 * partly random, so no source has it.
 */
export const RESTORER = `understudy_restore_${randomBytes(6).toString('hex')}`;
export const DATABASE = 'restored';

/** What a restore runs against: a scratch server, or a database of somebody's own over the network. */
export type RestoreServer = Pick<ScratchServer, 'directory' | 'environment' | 'identity' | 'connect'> & {
  /** Somebody's own, in which the restoring person may be no superuser. */
  foreign?: { owners: boolean; privileges: boolean };
};

/** What a restore left out, and its notes. */
export type RestoredDatabase = { leftOut: string[]; notes: string[]; exceptions: Exception[] };
