import type { DatabaseEngine, OnRead } from '../../../ports/database.ts';
import { doctor } from './doctor/doctor.ts';
import { hold } from './hold.ts';
import { inspect } from './inspect.ts';
import { findPrograms } from './programs.ts';

/** PostgreSQL as the workflows know it. Programs are looked for when they are first needed. */
export function postgresEngine(binDirectories: () => readonly string[], onRead?: OnRead): DatabaseEngine {
  let found: ReturnType<typeof findPrograms> | undefined;
  const programs = () => {
    found ??= findPrograms(binDirectories());
    return found;
  };
  return {
    hold: async (credentials, policy, signal) => hold(credentials, policy, await programs(), signal, onRead),
    inspect: async (archive, clientMajor, depth, signal) =>
      inspect(archive, await programs(), clientMajor, depth, signal),
    doctor: async (credentials, policy) => doctor(credentials, policy, await programs()),
  };
}
