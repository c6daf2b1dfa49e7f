import type { Credentials } from './credentials.ts';

/** The server of a living database, as a restore beside it finds it. Sizes in bytes. */
export type LivingServer = {
  /** What identifies the living database under any name. */
  id: string;
  /** Why this user cannot make a database there and give it to its owner: nothing, or a reason with its remedy each. */
  obstacles: string[];
  /** Is there a database of the name that is wanted? */
  isTaken: boolean;
  /** What the server may still take, where it has a limit of its own. */
  free?: number;
};

/** Databases of one server as a whole: one is made beside another, and may take its name. */
export type Databases = {
  /** Looks at the server for a new database of this name. Rejects with `database-missing` without the living one. */
  living(admin: Credentials, name: string): Promise<LivingServer>;
  /** The database with this id, or with this name. */
  find(admin: Credentials, which: { id: string } | { name: string }): Promise<FoundDatabase | undefined>;
  /**
   * Gives the database with this id another name, after its sessions have ended. May be repeated. Rejects with
   * `database-exists`, `database-missing`, `rename-denied` and `sessions-stay`.
   */
  rename(admin: Credentials, id: string, to: string): Promise<void>;
  /** The roles that this user is a member of, each as the statement that would end it. */
  memberships(admin: Credentials): Promise<string[]>;
  /** Who reads the changes of the database with this id. What they have not read the server keeps, without a limit. */
  readers(admin: Credentials, id: string): Promise<ChangeReader[]>;
};

/** `end`: the statement after which the server keeps nothing for it. */
export type ChangeReader = { name: string; end: string };

export type FoundDatabase = { id: string; name: string };
