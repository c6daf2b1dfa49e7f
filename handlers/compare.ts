import * as z from 'zod';
import {
  catalog,
  clock,
  engine,
  files,
  filesBucket,
  log,
  plan,
  secrets,
  vault,
} from '../lib/runtime/compose.ts';
import { personHandler } from '../lib/runtime/job-handler.ts';
import {
  type ComparisonReport,
  compareRequest,
  compareWithPoint,
} from '../lib/workflows/emergency/compare.ts';
import { type FoundIn, findInPoint, findRequest } from '../lib/workflows/emergency/find.ts';

const request = z.discriminatedUnion('ask', [compareRequest, findRequest]);

/** A person → the differences between a dump and the living database with the files that mend them, or what is true of a dump. */
export const handler = personHandler(
  request,
  async (asked, { secondsLeft }): Promise<ComparisonReport | FoundIn> => {
    const deps = {
      plan: plan(),
      catalog: catalog(),
      vault: vault(),
      files: files(),
      scratch: engine(asked.target).scratch(secondsLeft),
      clock,
      log: log(),
      secondsLeft,
    };
    if (asked.ask === 'find') return findInPoint(asked, deps);
    return compareWithPoint(asked, { ...deps, secrets: secrets(), bucket: filesBucket() });
  },
);
