import * as z from 'zod';
import { clock, engine, plan, secrets, vault } from '../lib/runtime/compose.ts';
import { personHandler } from '../lib/runtime/job-handler.ts';
import { examine } from '../lib/workflows/operator/examine.ts';

const request = z.strictObject({ target: z.string() });

/** A person → what a target's next dump needs, each by name. A container function in the database's network. */
export const handler = personHandler(request, ({ target }) =>
  examine(target, { plan: plan(), engine: engine(target), secrets: secrets(), vault: vault(), clock }),
);
