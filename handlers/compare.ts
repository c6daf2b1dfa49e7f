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
import { compareRequest, compareWithPoint } from '../lib/workflows/emergency/compare.ts';

/** A person → the differences between a dump and the living database, and the files that mend them. */
export const handler = personHandler(compareRequest, (asked, { secondsLeft }) =>
  compareWithPoint(asked, {
    plan: plan(),
    catalog: catalog(),
    vault: vault(),
    scratch: engine(asked.target).scratch(secondsLeft),
    secrets: secrets(),
    files: files(),
    bucket: filesBucket(),
    clock,
    log: log(),
    secondsLeft,
  }),
);
