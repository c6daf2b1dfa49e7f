import { dumpWorld, engineOf, type Table } from '../../../support/dumps.ts';

/** What becomes of one dump of such a source: its outcome, or the code of the error that ended it. */
export async function dumped(tables: Table[], listing: string, changed?: Error): Promise<string> {
  const { dumpOnce } = dumpWorld(undefined, engineOf(tables, listing, changed));
  return dumpOnce().then(
    ({ outcome }) => outcome,
    (error: Error & { code?: string }) => error.code ?? error.message,
  );
}
