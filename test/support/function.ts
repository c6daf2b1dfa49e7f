import { context } from '../../scripts/local/handlers.ts';

/** One invocation of function `dump` in a process of its own, for tests that kill it. */
const { handler } = await import('../../handlers/dump.ts');
await handler({ Records: [{ body: process.argv[2] }] }, context('dump'));
process.disconnect?.();
