import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { localScratch } from '../../../lib/adapters/engines/postgres/local-scratch.ts';
import { BIN, never, type Taken } from '../../support/source.ts';

/** A directory for scratch servers that no other test has; it does not exist yet. */
export const newBase = () => join(tmpdir(), `us-base-${randomBytes(4).toString('hex')}`);

/** Scratch servers below a directory, of programs that a test may choose, in the time that it says. */
export const scratchIn = (base: string, how: { bin?: string; secondsLeft?: () => number } = {}) =>
  localScratch({
    base,
    binDirectories: [how.bin ?? BIN()],
    owner: process.env['UNDERSTUDY_PG_USER'],
    secondsLeft: how.secondsLeft ?? (() => 900),
  });

/** What a scratch server is asked to restore. */
export const requestOf = ({ manifest, archive, roles }: Taken) => ({
  manifest,
  dump: async () => Readable.from([archive]),
  roles: async () => Readable.from([roles]),
  phase: (_name: string): void => undefined,
  signal: never(),
});
