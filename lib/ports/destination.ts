import type { Readable } from 'node:stream';
import type { LeftOut } from '../domain/proof/exceptions.ts';
import type { Manifest } from '../domain/proof/manifest.ts';
import type { Proof } from '../domain/proof/proof.ts';
import type { Credentials } from './credentials.ts';

/** What is restored into a database of somebody's own, and how. */
export type OntoRequest = {
  /** The archive as a file. */
  archive: string;
  /** Without it nothing can be proven. */
  manifest?: Manifest | undefined;
  /** CREATE ROLE statements as a file: roles that the server lacks are created from it, without passwords. */
  roles?: string | undefined;
  /** Do objects get their owners, and do roles get their privileges? Otherwise all belongs to who restores. */
  owners: boolean;
  privileges: boolean;
  /** `schema`: definitions without rows. */
  only?: 'schema' | undefined;
  /** Only these tables, such as `public.leads`, with what they need. */
  tables?: readonly string[] | undefined;
  /** The name of a database that is not empty, which the person has typed again. */
  into?: string | undefined;
  /** Entries of the archive restored at once. */
  jobs: number;
  phase: (name: string) => void;
  /** Called as tables are restored or read: those since the last call, their rows, and how many there are in all. */
  onRead: (read: { tables: number; rows: number; of: number }) => void;
  /** Called every few seconds with what has arrived in the database. For the eyes: a moment may be missing. */
  onArrived?: ((seen: Arrived) => void) | undefined;
  signal: AbortSignal;
};

/** How far a load has come, from one call to the next. Small: it travels through a checkpoint. */
export type LoadProgress = {
  /** Schemas in which everybody may create until it is over. */
  lent: string[];
  /** Extensions that are not here. */
  leftOut: string[];
  /** Entries with rows that are done. */
  data: number | 'all';
  /** Indexes, constraints and whatever else comes after the rows, as far as they are done. */
  postData: number;
  /** A whole call was too short for a portion: entry by entry. */
  smaller?: boolean;
};

/** A dump as it is stored. */
export type LoadOnto = Pick<OntoRequest, 'jobs' | 'phase' | 'signal'> & {
  manifest: Manifest;
  /** Where an earlier call stopped: what is loaded stays. Without it everything begins anew. */
  from?: LoadProgress | undefined;
  /** Until it has to be over. The call stops before what does not fit. */
  secondsLeft: () => number;
  /** Opens the stored archive and roles for reading. */
  dump: () => Promise<Readable>;
  roles: () => Promise<Readable>;
  /**
   * Beside a living database, on its server: roles are those that there are, nobody but who restores gets in, and the
   * database is given its owner, privileges and comment by `give`. The mark tells what an earlier try has left.
   */
  beside?: { mark: string } | undefined;
};

/** A database that was loaded beside a living one gets what belongs to it, and lets in who may. */
export type GiveOnto = Pick<LoadOnto, 'manifest' | 'dump'> & {
  /** The living one, which it is compared with. */
  living: string;
  /** Only says what would be; everything stays as it is. */
  isTrial: boolean;
};

/** `ofRows`: those in the manifest, where it is there and the server counts rows. */
export type Arrived = {
  rows: number;
  ofRows?: number | undefined;
  indexes: number;
  ofIndexes: number;
  /** By how much the database has grown. */
  bytes: number;
};

export type OntoResult = {
  /** What could not be restored, each with its error. */
  failed: string[];
  notes: string[];
  /** The comparison with the manifest; absent without a manifest, without rows, and where a load had no time for it. */
  proof?: Proof;
  /** What a load left out that is over and was not compared here. */
  leftOut?: LeftOut;
  /** A load that is not over goes on from here. */
  next?: LoadProgress;
};

/** Somebody's own database; without a password the programs look into the file of passwords. */
export type Destination = Omit<Credentials, 'password'> & {
  password?: string | undefined;
  passfile?: string | undefined;
};

/** A line of an archive's contents. */
export type ArchiveLine = { type: string; name: string };

/** A database over the network that a restore goes into. */
export type Destinations = {
  /**
   * Restores into this database. Rejects with `destination-not-empty`, and when
   * nothing could be begun; what cannot be restored is part of the result.
   */
  restore(into: Destination, request: OntoRequest): Promise<OntoResult>;
  /**
   * Makes this database anew like a dump's source and loads the dump into it; what was in it is gone. Otherwise as
   * `restore`, with roles, owners, privileges, and the settings of the database. It stops when its time is over, or the
   * signal says so: `next` is what to call it with again. Rejects with `does-not-fit` when one entry alone takes longer,
   * and beside a living database with `database-exists` where that name is another's.
   */
  load(into: Destination, request: LoadOnto): Promise<OntoResult>;
  /**
   * Gives a database that was loaded beside the living one its comment, privileges and owner. Resolves with what was not
   * possible, and how it will differ from the living one as a whole. May be repeated.
   */
  give(into: Destination, request: GiveOnto): Promise<string[]>;
  /**
   * What an archive contains, in the order of a restore. Takes the head of the stream only, and ends it then. Rejects
   * with `restore-failed` for another file.
   */
  list(archive: AsyncIterable<Buffer>): Promise<ArchiveLine[]>;
};
