import { UnderstudyError } from '../../../domain/errors.ts';

/** The role that restores. Like RDS's master user it is no superuser: what fails for it would fail there. */
export const RESTORER = 'understudy_restore';
export const DATABASE = 'restored';

/** The point did not restore, or could not be tried; its code says which. */
export class RestoreFailed extends UnderstudyError {}
