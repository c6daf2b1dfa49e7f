import type { Address } from '../domain/incidents/redirect-secret.ts';
import type { Held, SecretVersions } from '../domain/incidents/restore-record.ts';
import type { Credentials } from './credentials.ts';

/**
 * The application's secrets. Values never leave a call. Every call recognizes its own work by the token, so repeating
 * it changes nothing.
 */
export type ApplicationSecrets = {
  /**
   * The id of its current version, which leads to this address. Rejects with `secret-managed` for a secret that RDS
   * writes, with `secret-shape` when nothing in it names the address, and with `secret-unreadable`.
   */
  version(secret: string, leadsTo: Address): Promise<string>;
  /**
   * Makes a new version that leads elsewhere. Rejects with `secret-changed` when it is no longer at `before`, and with
   * `secret-shape` when nothing in it names the old address.
   */
  redirect(
    secret: string,
    before: string,
    from: Address,
    to: Address,
    token: string,
  ): Promise<SecretVersions>;
  /**
   * Makes the former version the current one again. Rejects with `secret-changed` when another was written since, unless
   * it is to go back anyway.
   */
  putBack(versions: SecretVersions, options?: { anyway?: boolean }): Promise<void>;
};

/** A service of the application on ECS. */
export type ServiceRef = { cluster: string; service: string };

/** A deployment of a service, and when it was made: a later one has replaced it. */
export type Deployment = { id: string; begunAt: string };

/** A task definition that a service may go back to, by ARN, and how it is known. */
export type EarlierDefinition = {
  taskDefinition: string;
  from: 'deployment' | 'history' | 'revision' | 'guess';
};

export type Services = {
  /**
   * Lets all its tasks start anew, with the secrets as they are now; resolves with the deployment that does. Rejects
   * with `service-missing`, `platform-denied`.
   */
  startAnew(ref: ServiceRef): Promise<Deployment>;
  /** Gives it another task definition. Repeating it changes nothing more. */
  use(ref: ServiceRef, taskDefinition: string): Promise<Deployment>;
  /** Have the tasks of that deployment replaced all others? `seen` says how far it is. */
  look(
    ref: ServiceRef,
    deployment: Deployment,
  ): Promise<{ state: 'steady' | 'rolling' | 'failed'; seen: string }>;
  /** The ARN of its task definition. Rejects with `service-foreign` for one that CodeDeploy or another deploys. */
  current(ref: ServiceRef): Promise<string>;
  /**
   * What it ran before: of the last deployment that was completed with another task definition, else the former
   * revision of its family that is still active.
   */
  earlier(ref: ServiceRef): Promise<EarlierDefinition | undefined>;
  /** The ARN of `FAMILY:REVISION` or an ARN. Rejects with `task-definition-missing` for one that nothing can run. */
  definition(name: string): Promise<string>;
};

/** What a tool for migrations has applied to a database, as its table says. */
export type MigrationTable = { tool: string; table: string; applied: string[] };

/** The code of a call about a database that its server does not have. */
export const DATABASE_MISSING = 'database-missing';

/**
 * What an emergency restore does inside databases. Every call uses its own connection, and may be repeated. Those that
 * change a database reject with `database-missing` where there is none of that name.
 */
export type Switching = {
  /** Names of the databases of this server, without its own. */
  databases(admin: Credentials): Promise<string[]>;
  /** What keeps this user from freezing, closing and ending sessions: nothing, or a reason with its remedy each. */
  obstacles(admin: Credentials): Promise<string[]>;
  before(admin: Credentials): Promise<Held[string]>;
  /**
   * Makes a database read-only for every new session and ends those that were there. Resolves with the server's time
   * when the last one had ended. Rejects with `freeze-denied`, or `sessions-stay`.
   */
  freeze(admin: Credentials): Promise<{ at: string }>;
  thaw(admin: Credentials, held: Held[string]): Promise<void>;
  /**
   * Lets no session into a database any more, and ends those that are in. Resolves with the server's time when none
   * was left. Rejects with `fence-denied`, or `sessions-stay`.
   */
  fence(admin: Credentials): Promise<{ at: string }>;
  unfence(admin: Credentials): Promise<void>;
  /**
   * Logs in as the application does, and gives its role the password of the secret where it cannot. Resolves with
   * what was needed. Rejects with `role-missing` for a role that the copy does not have, and `login-refused`.
   */
  admit(master: Credentials, application: Credentials): Promise<'worked' | 'password-set'>;
  /** What tools for migrations say that they have applied to this database. */
  migrations(reader: Credentials): Promise<MigrationTable[]>;
  /** Logs in and out. Rejects as every connection does. */
  logIn(application: Credentials): Promise<void>;
  /**
   * Reads tables once, the largest where none are named. Counts those that were not read in this many seconds, and names
   * ten.
   */
  warm(
    master: Credentials,
    tables: readonly string[],
    seconds: number,
  ): Promise<{ read: number; cold: number; first: string[] }>;
};
