import { lambdaContext } from '../../scripts/local/invoke-locally.ts';

/** One invocation of function `dump` in a process of its own, for tests that kill it. */
const { handler } = await import('../../handlers/dump.ts');
await handler({ Records: [{ body: process.argv[2] }] }, lambdaContext('dump'));
process.disconnect?.();
