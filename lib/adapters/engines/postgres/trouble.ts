import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, RestoreFailed, reasonOf } from '../../../domain/errors.ts';
import type { Manifest } from '../../../domain/proof/manifest.ts';
import { diedIn, formatEnding } from './process.ts';
import { digestOnDisk } from './restore/fetch.ts';
import { type ScratchServer, SUPERUSER } from './scratch-server.ts';

/** With less than this PostgreSQL may not even write another segment of its log. */
const LOW_WATER_BYTES = 64_000_000;
const ELSE = 'find what else writes or deletes there';
/** SQLSTATEs, or classes of them, that are about the machine: PostgreSQL's manual, appendix A. */
const OF_MACHINE: [RegExp, string, string][] = [
  [/^53100/, 'PostgreSQL found the disk full', 'give scratch more space'],
  [/^53200/, 'PostgreSQL had too little memory', 'give scratch more memory'],
  [/^53/, 'PostgreSQL lacked resources', 'give scratch more memory'],
  [/^57P0[12]/, 'PostgreSQL was told to end', 'find what else ends processes on that machine'],
  [/^58/, 'PostgreSQL could not use its own files', 'check the disk of that machine'],
  [/^XX00[12]/, 'PostgreSQL found its own files damaged', 'check the disk and the memory of that machine'],
];

type Trouble = { message: string; hint: string };

/** Findings about the stored bytes, wherever they were read. */
const OF_BYTES = ['checksum-mismatch', 'artifact-missing'];

/**
 * Checks after a failure whether the machine caused it, by its state and not by the error's text: did the server or a
 * program die, did the server report space, memory or files, is there room, and are the fetched bytes unchanged?
 * Returns the failure itself if everything is in order, else an error that names what is not.
 */
export async function orTrouble(
  error: unknown,
  server: ScratchServer,
  manifest: Manifest,
  killedBefore: number,
): Promise<unknown> {
  if ([...OF_BYTES, 'scratch-trouble'].includes(codeOf(error))) return error;
  const trouble =
    (await ofServer(server, killedBefore, codeOf(error))) ??
    (await ofDisk(server)) ??
    (codeOf(error).startsWith('restore-') ? await ofFiles(server, manifest) : undefined);
  if (!trouble) return error;
  const said = new RestoreFailed(
    'scratch-trouble',
    `${trouble.message}, so the point was not judged; the rehearsal’s error: ${reasonOf(error)}`,
    { hint: `${trouble.hint}, then rehearse again`, cause: error },
  );
  if (error instanceof RestoreFailed) said.notes = error.notes;
  return said;
}

async function ofServer(
  server: ScratchServer,
  killedBefore: number,
  code: string,
): Promise<Trouble | undefined> {
  const hint = 'check the memory of that machine, and what ends processes there';
  const answers = await isUp(server);
  if (killedForMemory() > killedBefore)
    return {
      message: 'the system ended a process because memory ran out',
      hint: 'give scratch more memory',
    };
  for (const [states, message, what] of OF_MACHINE) {
    const state = [...server.reported()].find((each) => states.test(each) && !isLack(each, code));
    if (state) return { message: `${message} (SQLSTATE ${state})`, hint: what };
  }
  const ended = server.hasEnded();
  // Its last output may quote a row or a statement.
  if (ended) return { message: formatEnding('the scratch server', { ...ended, stderr: '' }), hint };
  if (!answers) return { message: 'the scratch server no longer answers', hint };
  const [died] = diedIn(server.directory);
  return died === undefined ? undefined : { message: died, hint };
}

/** A library that is not installed here: `restore-needs-…` reports that better. */
function isLack(state: string, code: string): boolean {
  return state === '58P01' && code.startsWith('restore-needs-');
}

/** A server whose backend died ends within a moment, and refuses connections until then. */
async function isUp(server: ScratchServer): Promise<boolean> {
  for (let attempt = 0; attempt < 2; attempt++) {
    await sleep(250);
    const client = await server.connect(SUPERUSER, 'postgres').catch(() => undefined);
    if (!client) return false;
    await client.end();
  }
  return true;
}

async function ofDisk({ directory }: ScratchServer): Promise<Trouble | undefined> {
  const place = await statfs(directory).catch(() => undefined);
  if (!place) return { message: `the scratch directory ${directory} vanished`, hint: ELSE };
  if (place.bavail * place.bsize >= LOW_WATER_BYTES) return undefined;
  return { message: `${directory} has no space left`, hint: 'give scratch more space' };
}

async function ofFiles(
  { directory }: ScratchServer,
  { dump, roles }: Manifest,
): Promise<Trouble | undefined> {
  for (const [name, { sha256 }] of Object.entries({ 'archive.dump': dump, 'roles.sql': roles })) {
    const now = await digestOnDisk(join(directory, name));
    if (now === undefined) return { message: `${name} vanished after it was fetched`, hint: ELSE };
    if (now !== sha256) return { message: `${name} changed on the disk after it was fetched`, hint: ELSE };
  }
  return undefined;
}

/** How many processes the kernel has killed for lack of memory since it started; 0 where it does not report that. */
export function killedForMemory(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
