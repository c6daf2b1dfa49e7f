import { findPrograms } from '../../lib/adapters/engines/postgres/programs.ts';
import { makeRunDirectory } from '../../lib/adapters/engines/postgres/scratch-directory.ts';
import { startScratchServer } from '../../lib/adapters/engines/postgres/scratch-server.ts';

/** A process for tests to kill: it starts a scratch server below the base in its argument, says where, and waits. */
const [programs] = await findPrograms([process.env['PG_BIN']!]);
const { path } = await makeRunDirectory(process.argv[2]!);
const owner = process.env['UNDERSTUDY_PG_USER'];
await startScratchServer(path, programs!, owner, new AbortController().signal);
process.stdout.write(`${path}\n`);
setInterval(() => undefined, 1000);
