import type { Destination } from '../../../../ports/destination.ts';
import { connectInto } from '../connection.ts';
import type { Paced } from './portions.ts';

const LATE =
  'there was no time to gather all statistics: its first queries may be slow until ANALYZE has run in it';
/** SQLSTATE of a statement that was ended, as by its timeout. */
const ENDED = '57014';

/** A restored database has no statistics, and its first queries would be slow. A load gathers what it has time for. */
export async function analyze(into: Destination, paced: Paced | undefined): Promise<string[]> {
  const seconds = paced ? Math.floor(paced.secondsLeft()) : Number.POSITIVE_INFINITY;
  if (seconds < 1) return [LATE];
  const client = await connectInto(into);
  try {
    if (Number.isFinite(seconds)) await client.query(`set statement_timeout = '${seconds}s'`);
    await client.query('analyze');
    return [];
  } catch (error) {
    return (error as { code?: string }).code === ENDED ? [LATE] : [];
  } finally {
    await client.end();
  }
}
